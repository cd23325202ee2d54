"""How many persons have a disease: a small sourced table, and the reader of a SEER*Stat export."""

from __future__ import annotations

import csv
import functools
import re
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from pdcraft.domain import InputError, Source, unknown
from pdcraft.library.read import bibliography, parameters, read_rows

MEASURES = {
    "new_cases": "diagnosed in the year",
    "deaths": "deaths in the year",
    "living": "diagnosed before and alive",
}
MISSING = {"", ".", "~", "^", "-", "NA", "N/A"}
"""What SEER*Stat writes where a statistic is not calculated or suppressed."""


@dataclass(frozen=True)
class Figure:
    """Persons in the United States with a disease, in one year.

    Attributes
    ----------
    disease, measure, year
        ``measure`` is one of `MEASURES`.
    persons
        How many.
    source, note
        Where the number stands, and what must be known to use it.
    """

    disease: str
    measure: str
    year: int
    persons: int
    source: Source
    note: str = ""


@dataclass(frozen=True)
class OrphanCheck:
    """Whether a disease is below the limit of prevalence for an orphan drug in the United States.

    Attributes
    ----------
    figure
        The number that was compared.
    limit
        Persons; the disease must affect fewer.
    """

    figure: Figure
    limit: int

    @property
    def below(self) -> bool:
        """Whether fewer persons are affected."""
        return self.figure.persons < self.limit


@functools.cache
def figures(disease: str | None = None, measure: str | None = None) -> tuple[Figure, ...]:
    """Figures by year, of one disease or measure or of all.

    Raises
    ------
    MissingError
        If there is no such disease or measure.

    Examples
    --------
    >>> [(f.year, f.persons) for f in figures("multiple_myeloma", "living")][:2]
    [(2010, 88490), (2012, 89658)]
    """
    rows = [_figure(row) for row in read_rows("epidemiology/figures.csv")]
    diseases = dict.fromkeys(row.disease for row in rows)
    if disease is not None and disease not in diseases:
        raise unknown("Disease", disease, diseases)
    if measure is not None and measure not in MEASURES:
        raise unknown("Measure", measure, MEASURES)
    found = (r for r in rows if disease in (None, r.disease) and measure in (None, r.measure))
    return tuple(sorted(found, key=lambda r: (r.disease, r.measure, r.year)))


def figure(disease: str, measure: str, year: int | None = None) -> Figure:
    """One figure: of the year, or the newest.

    Raises
    ------
    MissingError
        If there is none of the year; the years are listed.

    Examples
    --------
    >>> figure("multiple_myeloma", "new_cases", 2016).persons
    30330
    """
    found = {str(f.year): f for f in figures(disease, measure)}
    if not found:
        raise unknown("Measure", f"{measure} of {disease}", sorted(
            {f.measure for f in figures(disease)}))  # fmt: skip
    key = max(found) if year is None else str(year)
    if key not in found:
        raise unknown("Year", key, found)
    return found[key]


def orphan_check(disease: str, year: int | None = None) -> OrphanCheck:
    """Persons living with a disease against the limit for an orphan drug.

    The law asks for those diagnosed on the day of the request for the *indication*; a part of a
    disease counts alone only if the drug could not be used in the rest of it.

    References
    ----------
    usc360bb, (a)(2)(A); 21 CFR 316.20(b)(6), 316.21(b)

    Examples
    --------
    >>> check = orphan_check("multiple_myeloma", 2012)
    >>> check.below, check.figure.persons, check.limit
    (True, 89658, 200000)
    """
    limit = parameters("epidemiology/limits")["us_orphan_persons"].value
    return OrphanCheck(figure(disease, "living", year), int(limit))


def _figure(row: dict[str, str]) -> Figure:
    place = f"library/epidemiology/figures.csv, {row['disease']} {row['year']} {row['measure']}"
    if row["source"] not in bibliography():
        raise InputError(f"{place}: source '{row['source']}' is not in SOURCES.bib. Add it there.")
    source = Source(row["source"], row["where"])
    return Figure(
        row["disease"], row["measure"], int(row["year"]), int(row["persons"]), source, row["note"]
    )


class YearCount(NamedTuple):
    """Cases of one year of diagnosis; ``population`` is None where the export has none."""

    year: int
    cases: int
    population: int | None = None

    @property
    def per_100_000(self) -> float | None:
        """Crude rate."""
        return None if not self.population else 1e5 * self.cases / self.population


def read_seerstat(text: str) -> tuple[YearCount, ...]:
    r"""Cases by year from the text of a SEER*Stat export of your own; no such data are shipped.

    Rate and frequency sessions (a column of counts) and case listings (one row for each case) are
    read; with tabs, commas, semicolons or fixed blanks between columns, with or without quotes and
    thousands separators. Rows of several years (``2000-2019``) and totals are left out.

    Parameters
    ----------
    text
        As SEER*Stat writes with "Output variable names before data" and labels for values.

    Raises
    ------
    InputError
        If there is no year of diagnosis, a number cannot be read, or counts were suppressed.

    Examples
    --------
    >>> text = '"Year of diagnosis"\t"Count"\t"Population"\n"2015"\t"6,132"\t"84,234,567"'
    >>> read_seerstat(text)[0].cases, round(read_seerstat(text)[0].per_100_000, 2)
    (6132, 7.28)
    """
    rows = _rows(text)
    names = [name.lower() for name in rows[0]] if rows else []
    year = _column(names, r"year")
    if year is None:
        raise InputError(
            f"The first row of the export, {rows[0] if rows else 'empty'}, names no year of "
            "diagnosis. Export again with 'Output variable names before data', and with the year "
            "as a row variable or in the case listing."
        )
    count, population = _column(names, r"^(count|cases|n)$|count"), _column(names, r"^pop")
    found: Counter[int] = Counter()
    people: Counter[int] = Counter()
    for number, row in enumerate(rows[1:], start=2):
        if len(row) <= year or not re.fullmatch(r"\d{4}", row[year]):
            continue
        key = int(row[year])
        found[key] += 1 if count is None else _whole(row, count, number)
        if population is not None:
            people[key] += _whole(row, population, number)
    if not found:
        raise InputError("No row of the export is of a single year, as 2015. Export by year.")
    return tuple(YearCount(y, found[y], people.get(y)) for y in sorted(found))


def _rows(text: str) -> list[list[str]]:
    lines = [line for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    if not lines:
        return []
    by = next((d for d in "\t;," if d in re.sub(r'"[^"]*"', "", lines[0])), None)
    if by is None:
        return [[c.strip().strip('"') for c in re.split(r"\s{2,}", line.strip())] for line in lines]
    return [[c.strip() for c in row] for row in csv.reader(lines, delimiter=by)]


def _column(names: list[str], pattern: str) -> int | None:
    return next((i for i, name in enumerate(names) if re.search(pattern, name)), None)


def _whole(row: list[str], column: int, number: int) -> int:
    word = row[column] if column < len(row) else ""
    if word in MISSING:
        raise InputError(
            f"Row {number} of the export holds no count ('{word}'): SEER*Stat left it out or "
            "suppressed it. Export wider groups, or take the row out and say so."
        )
    try:
        return int(float(word.replace(",", "").replace(" ", "")))
    except ValueError as error:
        raise InputError(
            f"Row {number} of the export holds '{word}' where a count is expected. Export counts "
            "as numbers."
        ) from error
