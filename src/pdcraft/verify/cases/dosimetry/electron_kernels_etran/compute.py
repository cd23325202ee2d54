"""Kernels at the radii of ETRAN, from shells half as wide as our straight interpolation."""

import numpy as np

from pdcraft.library.electron_data import point_kernels

NAMES = {"10 keV": 0.01, "100 keV": 0.1, "500 keV": 0.5, "1 MeV": 1.0}


def compute() -> dict[str, float]:
    found = {}
    for name, E in NAMES.items():
        _, x, J, _ = point_kernels()[E]
        for at in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1):
            found[f"{name}, r/r0 {at:.1f}"] = float(np.interp(at, x, J))
        inside = np.concatenate([[0.0], np.cumsum(J) / J.sum()])
        found[f"{name}, R90/r0"] = float(np.interp(0.9, inside, np.append(x - 0.0125, 1.2)))
    return found
