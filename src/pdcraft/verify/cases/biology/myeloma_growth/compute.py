"""Slope of the logarithm of burden over the first hundredth of a day, without dose."""

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
def rate_per_d(growth: float, baseline: float, half_growth: float, capacity: float) -> jax.Array:
    values = Values(
        NAMES,
        jnp.array([1.0, 1e9, 1.5, 1.0, growth, baseline, 0.0021, half_growth, capacity, *OFF]),
    )
    clock = Samples(jnp.array([0.0, 0.24]))
    burden = myeloma_course(values, TissueDose.exponential(0.0, 156.0), clock, steps=4)[0]
    return jnp.log(burden[1]) / 0.01


def compute() -> dict[str, float]:
    collins = rate_per_d(0.0174, 20.0, 1.16, 150.0)
    ln2 = float(jnp.log(2.0))
    found = {
        "Collins growth rate at 20 g/L": collins,
        "Collins doubling time at 20 g/L": ln2 / collins,
        "Poels doubling time": ln2 / rate_per_d(3.32e-4 * 24, 13.0, 0.0, 1e12),
        "Li doubling time": ln2 / rate_per_d(0.0303 / 7, 17.4, 0.0, 1e12),
    }
    return {name: float(value) for name, value in found.items()}
