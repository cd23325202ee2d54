"""Grading tables, from the CSV files in ``endpoints/``."""

from __future__ import annotations

import csv
import functools

from pdcraft.domain import unknown
from pdcraft.library.read import shelf


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
    rows = list(csv.DictReader(shelf("endpoints/ctcae.csv").read_text("utf-8").splitlines()))
    versions = sorted({row["version"] for row in rows})
    if version not in versions:
        raise unknown("CTCAE version", version, versions)
    return tuple(row for row in rows if row["version"] == version)
