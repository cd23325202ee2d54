"""Ratios of activities after a long time."""

import jax.numpy as jnp

from pdcraft import chain
from pdcraft.decay import evolve

LONG = {"Ac-225": 240.0, "Pb-212": 120.0}  # h


def compute() -> dict[str, float]:
    found = {}
    for parent, elapsed_h in LONG.items():
        members = chain(parent)
        pure = jnp.zeros(len(members.nuclides)).at[0].set(1.0)
        MBq = evolve(members, pure, elapsed_h) * members.rate_per_h
        for name, ratio in zip(members.nuclides[1:], (MBq[1:] / MBq[0]).tolist(), strict=True):
            found[f"{name} / {parent}"] = ratio
    found.pop("Pb-209 / Ac-225")  # fed by two branches, so without a product form
    return found
