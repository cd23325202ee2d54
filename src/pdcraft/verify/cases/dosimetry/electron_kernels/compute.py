"""Kernels over shells as wide as those of EGSnrc, and R90/r0."""

import numpy as np

from pdcraft.library.electron_data import point_kernels


def compute() -> dict[str, float]:
    found = {}
    for name, E in (("100 keV", 0.1), ("1 MeV", 1.0)):
        _, x, J, _ = point_kernels()[E]
        wide = J.reshape(-1, 2).mean(1)
        for i in range(1, 22, 2):
            found[f"{name}, r/r0 {0.05 * i + 0.025:.3f}"] = float(wide[i])
        inside = np.concatenate([[0.0], np.cumsum(J) / J.sum()])
        found[f"{name}, R90/r0"] = float(np.interp(0.9, inside, np.append(x - 0.0125, 1.2)))
    return found
