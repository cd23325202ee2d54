"""Equivalent doses of uneven fields, and what they mean for control."""

import jax.numpy as jnp
import numpy as np

from pdcraft.biology import alpha_from_sf2_per_Gy, eubed_Gy, eud_Gy, tcp

HALVES, ONES = jnp.array([10.0, 30.0]), jnp.ones(2)


def compute() -> dict[str, float]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    normal = eubed_Gy(jnp.asarray(30.0 + 6.0 * nodes), jnp.asarray(weights), alpha_per_Gy=0.3)
    found = {
        "EUBED normal mean 30 SD 6": normal,
        "EUBED halves 10 and 30": eubed_Gy(HALVES, ONES, alpha_per_Gy=0.3),
        "EUBED uniform 17.3": eubed_Gy(17.3 * ONES, ONES, alpha_per_Gy=0.3),
        "alpha from SF2 0.20 at alpha/beta 10 Gy": alpha_from_sf2_per_Gy(0.20, 10.0),
        "alpha from SF2 0.20 without beta": alpha_from_sf2_per_Gy(0.20, jnp.inf),
        "EUD exponent 1 of halves 10 and 30": eud_Gy(HALVES, ONES, exponent=1.0),
        "EUD exponent 2 of halves 10 and 30": eud_Gy(HALVES, ONES, exponent=2.0),
    }
    for bed in ("60", "60.2565"):
        found[f"TCP 1e9 cells {bed} Gy"] = tcp(float(bed), clonogens=1e9, alpha_per_Gy=0.35)
    return {name: float(value) for name, value in found.items()}
