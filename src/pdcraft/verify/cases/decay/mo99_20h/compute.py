"""Activities after 20 h; atoms are activities over decay constants."""

import jax.numpy as jnp

from pdcraft import chain
from pdcraft.decay import evolve


def compute() -> dict[str, float]:
    mo99 = chain("Mo-99")
    atoms = jnp.array([2.0, 0.0, 0.0]) / mo99.rate_per_h
    after = evolve(mo99, atoms, 20.0) * mo99.rate_per_h
    return dict(zip(mo99.nuclides, after.tolist(), strict=True))
