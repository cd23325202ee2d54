"""One exponential, one point, two estimates."""

import numpy as np

from pdcraft.kinetics import haenscheid, madsen

HALF_LIFE_H = 60.0


def compute() -> dict[str, float]:
    true, found = HALF_LIFE_H / np.log(2.0), {}
    for x in (0.5, 0.75, 1.0, 1.5, 2.0, 2.5):
        t, seen = x * HALF_LIFE_H, 0.5**x
        found[f"Haenscheid at {x:g} half-lives"] = 100 * (haenscheid(seen, t) / true - 1)
        guess = madsen(seen, t, typical_half_life_h=48.0)
        found[f"Madsen at {x:g} half-lives"] = 100 * (guess / true - 1)
    return found
