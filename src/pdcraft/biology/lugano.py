"""Response of lymphoma by the size of its lesions: Lugano criteria, CT part."""

from __future__ import annotations

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from pdcraft.biology.imwg import Level

NORMAL_MM = 15.0
"""A node is normal up to this long diameter."""
_ROUND = 1e-9


def lugano_depth(size: Level, *, long_diameter_mm: ArrayLike) -> Array:
    r"""Code (`IMWG`) of the response: 5 CR, 3 PR, 1 SD; progression left aside.

    PR: the sum of products of diameters has fallen by 50 % or more. CR: the largest node, of long
    diameter :math:`L_0\sqrt{P/P_0}` if it keeps its shape, is at most 15 mm.

    Parameters
    ----------
    size
        Sum of products of perpendicular diameters, in any unit.
    long_diameter_mm
        Long diameter of the largest node at baseline. mm.

    References
    ----------
    pmc5298348, Table 2

    Examples
    --------
    >>> [int(lugano_depth(Level(100.0, 100.0, p), long_diameter_mm=40.0)) for p in (60, 50, 14)]
    [1, 3, 5]
    """
    long_now = _long_mm(size.baseline, size.now, long_diameter_mm)
    partial = size.fall >= 0.5 - _ROUND
    return jnp.where(partial & (long_now <= NORMAL_MM + _ROUND), 5, jnp.where(partial, 3, 1))


def lugano_progressed(size: Level, *, long_diameter_mm: ArrayLike = 40.0) -> Array:
    """Whether a lesion has grown as progression asks.

    Longer than 15 mm, product of diameters 50 % above its smallest, and the long diameter grown by
    5 mm where it was at most 20 mm, else by 10 mm.

    References
    ----------
    pmc5298348, Table 2

    Examples
    --------
    >>> bool(lugano_progressed(Level(100.0, 40.0, 61.0), long_diameter_mm=40.0))
    False
    >>> bool(lugano_progressed(Level(100.0, 40.0, 81.0), long_diameter_mm=40.0))
    True
    """
    least = _long_mm(size.baseline, size.lowest, long_diameter_mm)
    now = _long_mm(size.baseline, size.now, long_diameter_mm)
    enough = jnp.where(least <= 20.0 + _ROUND, 5.0, 10.0)
    more = jnp.asarray(size.now) >= 1.5 * jnp.asarray(size.lowest) - _ROUND
    return (now > NORMAL_MM) & more & (now - least >= enough - _ROUND)


def _long_mm(baseline: ArrayLike, size: ArrayLike, long_mm: ArrayLike) -> Array:
    ratio = jnp.asarray(size) / jnp.maximum(jnp.asarray(baseline, float), 1e-300)
    return jnp.asarray(long_mm) * jnp.sqrt(jnp.maximum(ratio, 0.0))
