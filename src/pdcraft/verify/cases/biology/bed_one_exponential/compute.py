"""One exponential, through the sum over modes that the models use."""

import jax.numpy as jnp

from pdcraft.biology import TissueDose, eqd2_Gy

# name: dose (Gy), effective and repair half-lives (h), alpha/beta (Gy)
TISSUES = {
    "CLR 131 tumour 20 Gy": (20, 156, 1.5, 10),
    "CLR 131 tumour 5 Gy": (5, 156, 1.5, 10),
    "marrow 1.2 Gy": (1.2, 156, 1.5, 15),
    "marrow 2 Gy": (2.0, 156, 0.5, 10),
    "Lu-177 kidney 27 Gy": (27, 51, 2.8, 2.6),
    "Y-90 kidney 27 Gy": (27, 30, 2.8, 2.6),
    "acute limit 2 Gy": (2, 0.001, 1.5, 10),
}


def compute() -> dict[str, float]:
    found = {}
    for name, (dose, half_life, repair, alpha_beta) in TISSUES.items():
        linear, quadratic = TissueDose.exponential(dose, half_life).total(repair)
        bed = linear + quadratic / alpha_beta
        found[f"{name} BED"] = float(bed)
        found[f"{name} G"] = float(quadratic / linear**2)
        found[f"{name} EQD2"] = float(eqd2_Gy(bed, jnp.asarray(alpha_beta)))
    return found
