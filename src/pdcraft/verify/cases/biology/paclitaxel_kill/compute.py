"""Survival is exp(-hazard x time)."""

import jax.numpy as jnp

from pdcraft.biology import kill_hazard_per_h
from pdcraft.library import parameters


def compute() -> dict[str, float]:
    held = parameters("tissues/cytotoxic")
    dose = jnp.geomspace(0.1, 1e4, 20001)
    hazard = kill_hazard_per_h(
        dose,
        fastest_per_h=held["paclitaxel.kill_rate"].value,
        half_nM=held["paclitaxel.half_kill"].value,
    )
    return {
        "half-lethal concentration of 24 h": float(jnp.interp(jnp.log(2.0), 24.0 * hazard, dose)),
        "72 h over 24 h at 10000 nM": float(jnp.exp(48.0 * hazard[-1])),
        "hazard at 50 nM in parts of that at 10000 nM": float(
            jnp.interp(50.0, dose, hazard) / hazard[-1]
        ),
    }
