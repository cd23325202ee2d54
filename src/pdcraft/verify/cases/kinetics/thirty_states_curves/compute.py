"""Thirty compartments, three patients, 99 instants; the reference holds a part of them."""

import csv
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from pdcraft.kinetics import Elimination, rate_matrix, trajectory_contour, trajectory_ladder

DECAY_PER_H = np.log(2.0) / (8.0252 * 24.0)
TIME_H = np.geomspace(0.1, 672.0, 99)
LEFT = np.exp(-DECAY_PER_H * TIME_H)[:, None, None]


def compute() -> dict[str, float]:
    rows = list(csv.DictReader(Path(__file__).with_name("graph.csv").read_text().splitlines()))
    pairs = [(row["from"], row["to"]) for row in rows]
    rates = np.array([[float(row[f"patient_{i}_per_h"]) for i in (1, 2, 3)] for row in rows])
    places = tuple(dict.fromkeys(name for pair in pairs for name in pair))
    plan = Elimination(places, pairs, entry=["ven"], sinks=["excreta"])
    fast = trajectory_contour(plan, rates, jnp.ones(1), TIME_H, DECAY_PER_H)
    start = jnp.zeros(len(places)).at[places.index("ven")].set(1.0)
    slow = [trajectory_ladder(rate_matrix(places, pairs, k), start, TIME_H) for k in rates.T]
    both = {"contour": fast, "ladder": jnp.stack(slow, -1) * LEFT}
    return {
        f"{engine} patient {i + 1} {name} {TIME_H[t]:.4g} h": float(x[t, places.index(name), i])
        for engine, x in both.items() for i in range(3)
        for name in ("ven", "mar_m", "liv_m", "kid_v", "mus_m", "tum_m") for t in range(8, 99, 10)
    }  # fmt: skip
