"""A very large dose at once, then only turnover."""

import jax
import jax.numpy as jnp

from pdcraft.biology import TissueDose, myeloma_course
from pdcraft.domain import Samples, Values

NAMES = (
    "tumour.alpha", "tumour.alpha_beta", "tumour.repair_half_time", "tumour.dose_gsd",
    "tumour.growth_rate", "m_protein.baseline", "m_protein.loss_rate", "m_protein.half_growth",
    "m_protein.capacity",
    "tumour.dose_factor", "tumour.resistant_share", "tumour.resistant_alpha",
    "dexamethasone.kill_rate",
    "dexamethasone.until", "plasmacytoma.share", "plasmacytoma.dose_ratio",
    "m_protein.catabolism_half", "m_protein.catabolism_reference", "m_protein.polyclonal",
    "light_chains.baseline", "light_chains.loss_rate",
)  # fmt: skip
OFF = [1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 13.0, 6.0, 100.0, 0.1733]


@jax.jit
def hours_to(share: float, loss_per_h: float, follow_up_h: float) -> jax.Array:
    """Time from 80 % of the baseline to that share of it."""
    values = Values(
        NAMES, jnp.array([1.0, 1e9, 1.5, 1.0, 0.0, 13.0, loss_per_h, 1.16, 150.0, *OFF])
    )
    clock = Samples(jnp.linspace(0.0, 1.0, 501) * follow_up_h)
    dose = TissueDose.exponential(1e4, 1e-6)
    m_protein = myeloma_course(values, dose, clock, steps=720)[1] / 13.0
    to = jnp.interp(-jnp.log(jnp.array([0.8, 0.8 * share])), -jnp.log(m_protein), clock.time_h)
    return to[1] - to[0]


def compute() -> dict[str, float]:
    return {
        "IgG to one half": float(hours_to(0.5, 0.0021, 1200.0)) / 24.0,
        "IgG to one tenth": float(hours_to(0.1, 0.0021, 1300.0)) / 24.0,
        "light chains to one half": float(hours_to(0.5, 0.1733, 24.0)),
        "faster IgG to one half": float(hours_to(0.5, 0.117 / 24.0, 1200.0)) / 24.0,
    }
