"""Thirty compartments, three patients at once."""

import csv
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from pdcraft.kinetics import Elimination, time_integrated_many

DECAY_PER_H = np.log(2.0) / (8.0252 * 24.0)


def compute() -> dict[str, float]:
    text = Path(__file__).with_name("graph.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    pairs = [(row["from"], row["to"]) for row in rows]
    rates = np.array([[float(row[f"patient_{i}_per_h"]) for i in (1, 2, 3)] for row in rows])
    places = tuple(dict.fromkeys(name for pair in pairs for name in pair))
    plan = Elimination(places, pairs, entry=["ven"], sinks=["excreta"])
    tia_h = time_integrated_many(plan, rates, jnp.ones(1), DECAY_PER_H)
    return {
        f"patient {i + 1} {name}": float(tia_h[plan.places.index(name), i])
        for i in range(3)
        for name in NAMES
    }


ORGANS = "bra adi hea kid mus bon mar ski gut spl liv pan tum".split()
NAMES = ["art", "ven", "lung_v", "lung_m", *(f"{o}_{part}" for o in ORGANS for part in "vm")]
