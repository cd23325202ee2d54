"""Exact probability that BOIN selects the MTD, with the error of the published simulation."""

import numpy as np

from pdcraft.trial import BOIN, Design, StopAt, StopAtLevel

PUBLISHED = 2000
DLT = (
    (0.25, 0.41, 0.45, 0.49, 0.53),
    (0.12, 0.25, 0.42, 0.49, 0.55),
    (0.04, 0.12, 0.25, 0.43, 0.63),
    (0.02, 0.06, 0.10, 0.25, 0.40),
    (0.02, 0.05, 0.08, 0.11, 0.25),
)


def compute() -> dict[str, tuple[float, float]]:
    design = Design((BOIN(0.25, stay_on_1_of_3=True), StopAtLevel(9), StopAt(30)), 5)
    mtd = np.diag(design.operating_characteristics(DLT).selected)
    return {
        f"scenario {i + 1}": (100 * p, 100 * np.sqrt(p * (1 - p) / PUBLISHED))
        for i, p in enumerate(mtd)
    }
