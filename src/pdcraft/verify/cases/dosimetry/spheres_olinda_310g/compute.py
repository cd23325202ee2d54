"""Doses with the weight of 5 that OLINDA gives to alphas."""

import numpy as np

from pdcraft import library
from pdcraft.dosimetry import ElectronSpheres, PhotonSpheres, build_sphere

LARGE = (
    "Ac-225", "Lu-177", "I-124", "I-131", "Ga-68", "At-211", "F-18", "Zr-89", "Cu-64", "Pb-203",
    "Pb-212", "Ra-223", "Y-90", "Bi-213", "Cu-67", "Tb-149", "Tb-161",
)  # fmt: skip
WEIGHTS = np.array([1.0, 1.0, 5.0])


def compute() -> dict[str, float]:
    engine = build_sphere(
        [library.emissions(n) for n in (*LARGE, "Tb-152")],
        ElectronSpheres(*library.sphere_fractions()),
        PhotonSpheres(*library.photon_sphere_fractions()),
        stopping=library.electrons_in_water(),
        alpha_stopping=library.alphas_in_water(),
    )
    dose_mGy = 1e3 * np.asarray(engine.s_Gy_per_MBq_h(310.0)[0])[0] @ WEIGHTS
    found = {f"{n}, 310 g": float(d) for n, d in zip(LARGE, dose_mGy, strict=False)}
    for m in (0.1, 0.5, 1, 2, 4, 6, 8, 10):
        S = 1e3 * np.asarray(engine.s_Gy_per_MBq_h(float(m))[0])[0, -1] @ WEIGHTS
        found[f"Tb-152, {m:g} g"] = float(S)
    return found
