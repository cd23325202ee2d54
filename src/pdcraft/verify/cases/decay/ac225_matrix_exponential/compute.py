"""Activities of the Ac-225 chain from 1 MBq of the parent."""

import jax.numpy as jnp

from pdcraft import chain
from pdcraft.decay import evolve
from pdcraft.domain.units import read_quantity


def compute() -> dict[str, float]:
    ac225 = chain("Ac-225")
    atoms = jnp.zeros(7).at[0].set(1.0 / ac225.rate_per_h[0])
    return {
        f"{name} after {time}": value
        for time in ("10 min", "6 h", "10 d")
        for name, value in zip(
            ac225.nuclides,
            (evolve(ac225, atoms, read_quantity(time, "time")) * ac225.rate_per_h).tolist(),
            strict=True,
        )
    }
