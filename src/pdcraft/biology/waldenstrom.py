"""Response of Waldenström macroglobulinaemia by serum IgM (sixth international workshop)."""

from __future__ import annotations

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from pdcraft.biology.imwg import Level

LEAST_RISE_G_PER_L = 5.0
"""Smallest rise of IgM that counts as progression (assumption: keeps measurement error out)."""
_ROUND = 1e-9


def waldenstrom_depth(igm: Level, *, immunofixation_negative: ArrayLike = False) -> Array:
    """Code (`IMWG`) of the response in IgM: 1 SD, 2 MR (25 %), 3 PR (50 %), 4 VGPR (90 %), 5 CR.

    Nodes, spleen and marrow, which VGPR and CR ask for as well, are left to the caller.

    References
    ----------
    iwmfresponse

    Examples
    --------
    >>> [int(waldenstrom_depth(Level(40.0, 40.0, x))) for x in (31.0, 30.0, 20.0, 4.0)]
    [1, 2, 3, 4]
    """
    met = [igm.fall >= limit - _ROUND for limit in (0.25, 0.50, 0.90)]
    code = 1 + jnp.stack(met).sum(axis=0)
    return jnp.where(jnp.asarray(immunofixation_negative), 5, code)


def waldenstrom_progressed(igm: Level) -> Array:
    """Whether IgM has risen by 25 % (and by 5 g/L) above its lowest; to be confirmed.

    References
    ----------
    iwmfresponse; the 5 g/L are an assumption

    Examples
    --------
    >>> bool(waldenstrom_progressed(Level(40.0, 20.0, 25.0)))
    True
    """
    rise = jnp.asarray(igm.rise)
    enough = rise >= 0.25 * jnp.asarray(igm.lowest) - _ROUND
    return enough & (rise >= LEAST_RISE_G_PER_L - _ROUND)
