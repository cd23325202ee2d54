"""Response and progression of myeloma: criteria of the International Myeloma Working Group."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

IMWG = ("PD", "SD", "MR", "PR", "VGPR", "CR")
"""Categories by code, 0 to 5."""


class Level(NamedTuple):
    """One measure at baseline, at its lowest so far (baseline included), and now."""

    baseline: ArrayLike
    lowest: ArrayLike
    now: ArrayLike

    @property
    def fall(self) -> Array:
        """Reduction from baseline, as a fraction; 0 where there was nothing at baseline."""
        baseline = jnp.asarray(self.baseline, float)
        ratio = jnp.asarray(self.now) / jnp.where(baseline > 0, baseline, 1.0)
        return jnp.where(baseline > 0, 1.0 - ratio, 0.0)

    @property
    def rise(self) -> Array:
        """Increase above the lowest."""
        return jnp.asarray(self.now) - self.lowest


# Differences of decimals such as 1.5 - 1.0 must not miss a threshold by rounding.
_ROUND = 1e-9


def _at_least(x: ArrayLike, limit: ArrayLike) -> Array:
    return jnp.asarray(x) >= jnp.asarray(limit) - _ROUND


def _risen(level: Level, least: float, *, strictly: bool = False) -> Array:
    """A rise of 25 % above the lowest, and of an absolute amount."""
    more = level.rise > least + _ROUND if strictly else _at_least(level.rise, least)
    return _at_least(level.rise, 0.25 * jnp.asarray(level.lowest)) & more


def has_progressed(
    *,
    serum_g_per_L: Level | None = None,
    urine_mg_per_24h: Level | None = None,
    dflc_mg_per_dL: Level | None = None,
) -> Array:
    """Whether a measure has risen as the criteria ask for progressive disease.

    Serum M-protein: 25 % and 5 g/L above the lowest, or 10 g/L where the lowest is 50 g/L or more.
    Urine: 25 % and 200 mg/24 h. Difference of free light chains, only where the other two are
    ``None`` (not measurable): 25 % and more than 10 mg/dL. Confirmation is left to the endpoint.

    References
    ----------
    kumar2016; pmc9954856, Table 1, for the rule above 50 g/L

    Examples
    --------
    >>> bool(has_progressed(serum_g_per_L=Level(40.0, 10.0, 15.0)))
    True
    >>> bool(has_progressed(serum_g_per_L=Level(40.0, 30.0, 36.0)))  # 20 % only
    False
    """
    found = jnp.asarray(False)
    if serum_g_per_L is not None:
        high = _at_least(serum_g_per_L.lowest, 50.0) & _at_least(serum_g_per_L.rise, 10.0)
        found = found | _risen(serum_g_per_L, 5.0) | high
    if urine_mg_per_24h is not None:
        found = found | _risen(urine_mg_per_24h, 200.0)
    if serum_g_per_L is None and urine_mg_per_24h is None and dflc_mg_per_dL is not None:
        found = found | _risen(dflc_mg_per_dL, 10.0, strictly=True)
    return found


def response_depth(
    *,
    serum_g_per_L: Level | None = None,
    urine_mg_per_24h: Level | None = None,
    dflc_mg_per_dL: Level | None = None,
    immunofixation_negative: ArrayLike = False,
) -> Array:
    """Code 1 to 5 of the response (`IMWG`) that one assessment meets, progression left aside.

    A response in serum and urine must be met by both; a measure that is ``None`` is not asked.
    Marrow, plasmacytomas and the confirmation at a second visit are left to the caller.

    Parameters
    ----------
    serum_g_per_L, urine_mg_per_24h, dflc_mg_per_dL
        Serum M-protein, urine M-protein, difference of free light chains; the last is used only
        where the first two are ``None``.
    immunofixation_negative
        Whether no M-protein is found in serum and urine; needed for a complete response.

    References
    ----------
    kumar2016
    """
    met = {2: [], 3: [], 4: []}
    if serum_g_per_L is not None:
        for code, fall in ((2, 0.25), (3, 0.50), (4, 0.90)):
            met[code].append(_at_least(serum_g_per_L.fall, fall))
    if urine_mg_per_24h is not None:
        now = jnp.asarray(urine_mg_per_24h.now)
        met[2].append(_at_least(urine_mg_per_24h.fall, 0.50) | (now < 200.0))
        met[3].append(_at_least(urine_mg_per_24h.fall, 0.90) | (now < 200.0))
        met[4].append(now < 100.0)
    if not met[2] and dflc_mg_per_dL is not None:
        met[3].append(_at_least(dflc_mg_per_dL.fall, 0.50))
        met[4].append(_at_least(dflc_mg_per_dL.fall, 0.90))
    code = jnp.asarray(1)
    for level, asked in met.items():
        if asked:
            code = jnp.where(jnp.stack(asked).all(axis=0), level, code)
    return jnp.where(jnp.asarray(immunofixation_negative), 5, code)


def imwg_category(
    *,
    serum_g_per_L: Level | None = None,
    urine_mg_per_24h: Level | None = None,
    dflc_mg_per_dL: Level | None = None,
    immunofixation_negative: ArrayLike = False,
) -> Array:
    """Code 0 to 5 of the category (`IMWG`) that one assessment meets: PD, or `response_depth`.

    Examples
    --------
    >>> IMWG[int(imwg_category(serum_g_per_L=Level(40.0, 4.0, 4.0)))]
    'VGPR'
    """
    depth = response_depth(
        serum_g_per_L=serum_g_per_L,
        urine_mg_per_24h=urine_mg_per_24h,
        dflc_mg_per_dL=dflc_mg_per_dL,
        immunofixation_negative=immunofixation_negative,
    )
    progressed = has_progressed(
        serum_g_per_L=serum_g_per_L,
        urine_mg_per_24h=urine_mg_per_24h,
        dflc_mg_per_dL=dflc_mg_per_dL,
    )
    return jnp.where(progressed, 0, depth)
