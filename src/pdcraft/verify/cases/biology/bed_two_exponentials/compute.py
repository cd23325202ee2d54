"""Sums of exponentials, one of them with a negative amplitude."""

import jax.numpy as jnp

from pdcraft.biology import TissueDose
from pdcraft.domain import Exponentials


def tissue(rates_Gy_per_h: list[float], half_lives_h: list[float]) -> TissueDose:
    modes = Exponentials(jnp.log(2) / jnp.array(half_lives_h), jnp.zeros(2), jnp.zeros(2))
    return TissueDose(modes, jnp.array(rates_Gy_per_h), jnp.array(rates_Gy_per_h))


def compute() -> dict[str, float]:
    uptake, uptake_2 = tissue([0.05, -0.05], [156.0, 6.0]).total(1.5)
    kidney, kidney_2 = tissue([0.10, 0.02], [20.0, 150.0]).total(2.8)
    tumour = TissueDose.exponential(20.0, 156.0)
    fast, slow = (tumour.total(t)[1] for t in (0.5, 4.0))
    return {
        "uptake 6 h and clearance 156 h dose": float(uptake),
        "uptake 6 h and clearance 156 h BED": float(uptake + uptake_2 / 10.0),
        "kidney 20 h and 150 h dose": float(kidney),
        "kidney 20 h and 150 h BED": float(kidney + kidney_2 / 2.6),
        "repair half in 0.5 h and half in 4 h BED": float(20.0 + 0.5 * (fast + slow) / 10.0),
    }
