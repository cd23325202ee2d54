"""Named random streams from one seed.

Every draw is addressed by (seed, name, individual), never by order: the same patient comes out
whatever the shard, the thread, or what else was drawn.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt32

from pdcraft.domain.errors import InputError


def root(seed: int) -> Array:
    """Key from which all streams of a seed branch off.

    Raises
    ------
    InputError
        If the seed is negative or above 2^63 - 1.
    """
    if not 0 <= seed < 2**63:
        raise InputError(f"seed = {seed} must be a whole number from 0 to 2^63 - 1.")
    return jax.random.key(seed)


def stream(seed: int, name: str) -> Array:
    """Key of the stream called ``name``."""
    return jax.random.fold_in(root(seed), zlib.crc32(name.encode()))


def normals(
    seed: int, names: Sequence[str], individuals: Int[Array, "n"]
) -> Float[Array, "name n"]:
    """One standard normal draw for every stream and individual number. ``[name, n]``.

    Examples
    --------
    >>> both = normals(7, ["a", "b"], jnp.arange(5))
    >>> bool((normals(7, ["b"], jnp.arange(2, 5))[0] == both[1, 2:]).all())
    True
    """
    codes = np.zeros(-(-len(names) // _AT_ONCE) * _AT_ONCE, np.uint32)
    codes[: len(names)] = [zlib.crc32(name.encode()) for name in names]
    key, individuals = root(seed), jnp.asarray(individuals)
    drawn = [_normals(key, part, individuals) for part in codes.reshape(-1, _AT_ONCE)]
    return jnp.concatenate(drawn)[: len(names)]


_AT_ONCE = 32
"""Streams drawn by one program, the same for any names and seeds: compiling it takes long."""


@jax.jit
def _normals(
    key: Array, codes: UInt32[Array, "name"], individuals: Int[Array, "n"]
) -> Float[Array, "name n"]:
    def draw(key: Array, number: Int[Array, ""]) -> Float[Array, ""]:
        return jax.random.normal(jax.random.fold_in(key, number), dtype=jnp.float64)

    keys = jax.vmap(lambda code: jax.random.fold_in(key, code))(codes)
    each = jax.vmap(draw, in_axes=(None, 0))
    return jax.vmap(each, in_axes=(0, None))(keys, individuals)
