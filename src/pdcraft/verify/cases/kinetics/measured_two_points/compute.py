"""Two points of one region, 24 and 96 h after injection."""

import numpy as np

from pdcraft import kinetics
from pdcraft.domain import TimeActivity

I131, I124 = np.log(2.0) / 192.5, np.log(2.0) / 100.224


def compute() -> dict[str, float]:
    data = TimeActivity(
        "liver", "I-131", I131, "MBq",
        np.array([24.0, 96.0]), np.array([52.0, 31.0]), np.array([2.6, 2.0]),
    )  # fmt: skip
    decay, one = (kinetics.fit_shape(data, shape) for shape in kinetics.SHAPES[:2])
    shared = kinetics.fit_curves(data, shapes=kinetics.SHAPES[1:2], common_cv=0.05)
    return {
        "one exponential": one.time_integrated(),
        "one exponential uncertainty": one.time_integrated_sigma(),
        "one exponential effective half-life": float(one.half_life_h[0]),
        "one exponential uncertainty with 5 % shared": shared.time_integrated()[1],
        "molecule with I-124": one.time_integrated(I124),
        "molecule with I-124 uncertainty": one.time_integrated_sigma(I124),
        "decay only": decay.time_integrated(),
        "decay only uncertainty": decay.time_integrated_sigma(),
    }
