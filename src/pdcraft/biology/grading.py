"""CTCAE grades of low blood counts. The thresholds are data of the library, not of this file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from pdcraft.domain import MissingError

Limits = tuple[float | None, float | None, float | None, float | None]
"""A count below the first is grade 1, ..., below the fourth grade 4. None: the laboratory's LLN."""

LOWER_LIMIT_OF_NORMAL = "LLN"


def ctcae_limits(rows: Iterable[Mapping[str, str]], lineage: str, version: str) -> Limits:
    """Upper limits of the grades 1 to 4 of one lineage, from rows of ``endpoints/ctcae.csv``.

    Raises
    ------
    MissingError
        If the rows do not hold this lineage in this version.

    Examples
    --------
    >>> high = {1: "LLN", 2: "75", 3: "50", 4: "25"}
    >>> rows = [
    ...     {"lineage": "platelets", "version": "5.0", "grade": str(g), "high": h}
    ...     for g, h in high.items()
    ... ]
    >>> ctcae_limits(rows, "platelets", "5.0")
    (None, 75.0, 50.0, 25.0)
    """
    rows = list(rows)
    found = {
        int(r["grade"]): None if r["high"] == LOWER_LIMIT_OF_NORMAL else float(r["high"])
        for r in rows
        if r["lineage"] == lineage and r["version"] == version
    }
    if sorted(found) != [1, 2, 3, 4]:
        known = sorted({f"{r['lineage']} in version {r['version']}" for r in rows})
        raise MissingError(
            f"CTCAE {version} grades 1 to 4 of '{lineage}' are not all in the table. "
            f"It holds: {', '.join(known)}."
        )
    return (found[1], found[2], found[3], found[4])


def ctcae_grade(
    count: ArrayLike, limits: Limits, *, lower_limit_of_normal: ArrayLike = jnp.inf
) -> Array:
    """CTCAE grade 0 to 4 of a count: the number of limits that it lies below.

    Parameters
    ----------
    count
        In the unit of the limits.
    limits
        Upper limits of the grades 1 to 4; ``None`` stands for the lower limit of normal.
    lower_limit_of_normal
        Of the laboratory; used where ``limits`` hold ``None``.

    Examples
    --------
    >>> limits = (None, 75.0, 50.0, 25.0)
    >>> [int(ctcae_grade(c, limits, lower_limit_of_normal=150.0)) for c in (200, 75, 30, 24.9)]
    [0, 1, 3, 4]
    """
    count = jnp.asarray(count)
    below = [count < (lower_limit_of_normal if x is None else x) for x in limits]
    return jnp.stack(below).sum(axis=0).astype(int)
