"""Kernels over shells of 0.05 r0 beyond the first, and R90/r0 of what lies there."""

import numpy as np

from pdcraft.library.electron_data import point_kernels

NAMES = {"100 keV": 0.1, "500 keV": 0.5, "1 MeV": 1.0}


def compute() -> dict[str, float]:
    found = {}
    for name, E in NAMES.items():
        J = point_kernels()[E][2].reshape(-1, 2).mean(1)
        share = J / (0.05 * J[1:].sum())
        for i in range(1, 22):
            found[f"{name}, r/r0 {0.05 * i + 0.025:.3f}"] = float(share[i])
        inside = np.concatenate([[0.0], np.cumsum(share[1:]) * 0.05])
        found[f"{name}, R90/r0"] = float(np.interp(0.9, inside, 0.05 * np.arange(1, 25)))
    return found
