"""Eigenvalues of clearance and volumes, per day."""

import jax.numpy as jnp

from pdcraft import kinetics

_PLACES = ("central", "shallow", "gone")
_PAIRS = [("central", "shallow"), ("shallow", "central"), ("central", "gone")]


def half_lives_d(CL: float, V1: float, Q: float, V2: float) -> list[float]:
    K = kinetics.rate_matrix(_PLACES, _PAIRS, jnp.array([Q / V1, Q / V2, CL / V1]))
    rate, _ = kinetics.eigenmodes(K, jnp.array([1.0, 0.0, 0.0]))
    return sorted(float(jnp.log(2.0) / r) for r in rate if r > 1e-9)


def compute() -> dict[str, float]:
    first, terminal = half_lives_d(3.87, 39.6, 0.0375, 1.65)
    return {
        "Dorlo 2008 first half-life": first,
        "Dorlo 2008 terminal half-life": terminal,
        "Dorlo 2012 terminal half-life": half_lives_d(3.99, 40.1, 0.0347, 1.75)[1],
    }
