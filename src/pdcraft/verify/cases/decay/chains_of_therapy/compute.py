"""Activities of every chain member after a time, from 1 MBq of the parent."""

import jax.numpy as jnp

from pdcraft import chain
from pdcraft.decay import evolve
from pdcraft.domain.units import read_quantity

TIMES = {
    "I-131": ["8 d"],
    "Pb-212": ["1 h", "24 h"],
    "Ra-223": ["2 h"],
    "At-211": ["7.2 h"],
    "Th-227": ["18.68 d"],
    "Zr-89": ["3 d"],
    "Tb-149": ["4 h"],
    "In-111": ["1 d"],
    "Lu-177m": ["30 d"],
    "Ra-224": ["2 d"],
}


def compute() -> dict[str, float]:
    found = {}
    for parent, times in TIMES.items():
        members = chain(parent)
        atoms = jnp.zeros(len(members.nuclides)).at[0].set(1.0 / members.rate_per_h[0])
        for time in times:
            MBq = evolve(members, atoms, read_quantity(time, "time")) * members.rate_per_h
            for name, value in zip(members.nuclides, MBq.tolist(), strict=True):
                found[f"{name} from {parent} after {time}"] = value
    return found
