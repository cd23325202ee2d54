"""Grading tables, from the CSV files in ``endpoints/``."""

from __future__ import annotations

import functools

from pdcraft.domain import unknown
from pdcraft.library.read import read_rows


@functools.cache
def ctcae(version: str) -> tuple[dict[str, str], ...]:
    """Grade limits of blood counts in one version of CTCAE, as rows of text.

    Raises
    ------
    MissingError
        If the library does not hold the version.

    Examples
    --------
    >>> {row["lineage"] for row in ctcae("5.0")} >= {"platelets", "neutrophils"}
    True
    """
    rows = read_rows("endpoints/ctcae.csv")
    versions = sorted({row["version"] for row in rows})
    if version not in versions:
        raise unknown("CTCAE version", version, versions)
    return tuple(row for row in rows if row["version"] == version)
