"""Diseases by name: their parameters, the criteria that judge them, who has them."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from pdcraft.domain import InputError, ParameterSet
from pdcraft.library.read import names_on, parameters, read_toml

CRITERIA = ("imwg", "iwwm", "lugano")
"""Myeloma; Waldenström macroglobulinaemia; lymphoma by the size of lesions."""


@dataclass(frozen=True)
class Disease:
    """One file of ``diseases/``.

    Attributes
    ----------
    name, title
        Of the file, and in words.
    criteria
        One of `CRITERIA`: chooses how the tumour is followed and judged.
    population
        File of ``species/`` with those who have it.
    calibration
        Disease whose calibration its sensitivity is taken from.
    parameters
        Growth, kill, markers, survival.
    """

    name: str
    title: str
    criteria: str
    population: str
    calibration: str
    parameters: ParameterSet


@functools.cache
def disease(name: str) -> Disease:
    """A disease of the library, as ``disease("multiple_myeloma")``.

    Raises
    ------
    MissingError
        If there is no such disease.
    InputError
        If the file lacks ``title``, ``criteria`` or ``population``, or names one that is not known.

    Examples
    --------
    >>> disease("waldenstrom").criteria
    'iwwm'
    """
    meta = read_toml("diseases", name).get("meta", {})
    people = names_on("species")
    for key, known in (("title", None), ("criteria", CRITERIA), ("population", people)):
        if key not in meta or (known is not None and meta[key] not in known):
            raise InputError(
                f"library/diseases/{name}.toml [meta]: {key} = {meta.get(key)!r} must be "
                + ("a text." if known is None else f"one of {', '.join(known)}.")
            )
    return Disease(
        name, meta["title"], meta["criteria"], meta["population"],
        meta.get("calibration", "multiple_myeloma"), parameters(f"diseases/{name}"),
    )  # fmt: skip
