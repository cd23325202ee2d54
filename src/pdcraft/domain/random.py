"""Named random streams from one seed.

Every draw is addressed by (seed, name, individual), never by order: the same patient comes out
whatever the shard, the thread, or what else was drawn.
"""

from __future__ import annotations

import zlib

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from pdcraft.domain.errors import InputError


def stream(seed: int, name: str) -> Array:
    """Key of the stream called ``name``.

    Raises
    ------
    InputError
        If the seed is negative or above 2^63 - 1.
    """
    if not 0 <= seed < 2**63:
        raise InputError(f"seed = {seed} must be a whole number from 0 to 2^63 - 1.")
    return jax.random.fold_in(jax.random.key(seed), zlib.crc32(name.encode()))


def normals(seed: int, name: str, individuals: Int[Array, "n"]) -> Float[Array, "n"]:
    """One standard normal draw for every individual number. ``[n]``."""
    key = stream(seed, name)
    return jax.vmap(lambda i: jax.random.normal(jax.random.fold_in(key, i), dtype=jnp.float64))(
        jnp.asarray(individuals)
    )


def uniforms(seed: int, name: str, individuals: Int[Array, "n"]) -> Float[Array, "n"]:
    """One draw from (0, 1) for every individual number. ``[n]``."""
    key = stream(seed, name)
    return jax.vmap(lambda i: jax.random.uniform(jax.random.fold_in(key, i), dtype=jnp.float64))(
        jnp.asarray(individuals)
    )
