"""A table of a results folder: named columns, read and checked once, picked from by equality."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pdcraft.domain.errors import InputError

TEXT = frozenset({
    "cohort", "region", "lineage", "unit", "marker", "endpoint", "response", "event_end", "patient",
    "decision", "reason", "parameter", "value", "spread", "status", "source", "where",
    "rests_on_it", "version", "message", "outcome", "what",
})  # fmt: skip
"""Columns that hold words; all others hold numbers, NaN where a cell is empty."""


@dataclass(frozen=True)
class Table:
    """Columns of one length, by name."""

    columns: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.columns.values()), ()))

    def __contains__(self, column: str) -> bool:
        """Whether there is a column of this name."""
        return column in self.columns

    def __getitem__(self, column: str) -> NDArray[Any]:
        """Return one column."""
        return self.columns[column]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Iterate over the rows."""
        names = list(self.columns)
        for cells in zip(*(self.columns[n] for n in names), strict=True):
            yield dict(zip(names, cells, strict=True))

    def take(self, rows: NDArray[Any]) -> Table:
        """Rows by mask or by index, in that order."""
        return Table({name: column[rows] for name, column in self.columns.items()})

    def where(self, column: str, value: str) -> Table:
        """Rows in which a column equals a value."""
        return self.take(self.columns[column] == value)

    def sorted_by(self, column: str, *, falling: bool = False) -> Table:
        """Rows in the order of a column of numbers; equal ones keep their order."""
        values = self.columns[column]
        return self.take(np.argsort(-values if falling else values, kind="stable"))

    def distinct(self, column: str) -> list[str]:
        """Different words of a column, in order of first appearance, without empty ones."""
        return [word for word in dict.fromkeys(map(str, self.columns[column])) if word]


def read(path: Path, needed: Sequence[str], as_text: Collection[str] = ()) -> Table:
    """Table of a CSV file with one header row.

    Parameters
    ----------
    path
        UTF-8 CSV.
    needed
        Columns that must be there.
    as_text
        Columns that hold words in this table, besides `TEXT`.

    Raises
    ------
    InputError
        If a needed column is missing, a row has more or fewer cells than the header, or a cell of
        a column of numbers is not a number; with file, column and row.
    """
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file)) or [[]]
    lacking = [column for column in needed if column not in header]
    if lacking:
        raise InputError(
            f"{path} lacks the column {', '.join(lacking)}; it has {', '.join(header) or 'none'}. "
            "Run the study again with this version of pdcraft."
        )
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise InputError(
                f"{path}, row {number}: {len(row)} cells where the header has {len(header)}. "
                "The file is damaged; run the study again."
            )
    cells = zip(*rows, strict=True) if rows else ([] for _ in header)
    words = {*TEXT, *as_text}
    return Table({
        name: np.array(column, dtype=object) if name in words else _numbers(path, name, column)
        for name, column in zip(header, cells, strict=True)
    })  # fmt: skip


def _numbers(path: Path, column: str, cells: Sequence[str]) -> NDArray[np.float64]:
    try:
        return np.array([cell or "nan" for cell in cells], dtype=float)
    except ValueError:
        row, cell = next((i, c) for i, c in enumerate(cells, 2) if not _is_number(c))
        raise InputError(
            f"{path}, column {column}, row {row}: '{cell}' is not a number. "
            "Write a number, or leave the cell empty where there is none."
        ) from None


def _is_number(cell: str) -> bool:
    try:
        float(cell or "nan")
    except ValueError:
        return False
    return True
