"""A dose rate that decays is such a kill: alpha 1 /Gy, no quadratic term, no spread of dose."""

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
WEEK_h = 168.0


WEEKS = jnp.linspace(0.0, 80.0, 8001)


@jax.jit
def burden(growth: float, kill: float, fading: float) -> jax.Array:
    """Burden at `WEEKS`; rates per week."""
    values = Values(
        NAMES, jnp.array([1.0, 1e12, 1.5, 1.0, growth / 7, 13.0, 0.0021, 0.0, 1e15, *OFF])
    )
    dose = TissueDose.exponential(kill / fading, jnp.log(2.0) / fading * WEEK_h)
    return myeloma_course(values, dose, Samples(WEEKS * WEEK_h), steps=2000)[0]


def compute() -> dict[str, float]:
    found = {}
    for name, rates in (("Li", (0.0303, 0.816, 0.0568)), ("example", (0.02, 0.10, 0.05))):
        course = burden(*rates)
        found[f"{name} burden after 8 weeks"] = float(course[800])
        found[f"{name} time of nadir"] = float(WEEKS[course.argmin()])
        if name == "example":
            found["example burden at nadir"] = float(course.min())
    return found
