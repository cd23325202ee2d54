"""A decision table of your own, from the text of a CSV file."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from pdcraft.domain import InputError
from pdcraft.trial.tabulated import AbstractTabulated, Verdict

CELLS = {
    "E": "escalate",
    "S": "stay",
    "D": "de-escalate",
    "DU": "de-escalate, and never again",
}


@dataclass(frozen=True)
class DecisionTable(AbstractTabulated):
    """Decisions as a protocol prints them: a column for each number of patients, a row for DLTs.

    Attributes
    ----------
    target
        Rate of toxicity that is sought; only the choice of the MTD uses it.
    cells
        For 1, 2, ... patients, the decision after 0, 1, ... toxicities: words of `CELLS`.

    Raises
    ------
    InputError
        If the target is no probability or a cell is missing, unknown, or calmer than the one
        above it.

    Examples
    --------
    >>> text = '''DLT,1,2,3
    ... 0,E,E,E
    ... 1,D,S,S
    ... 2,,D,D
    ... 3,,,DU'''
    >>> table = DecisionTable.read(text, target=0.30)
    >>> table.verdict(3, 2).decision, table.eliminate_at(3)
    ('de-escalate', 3)
    """

    target: float
    cells: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if not 0 < self.target < 1:
            raise InputError(f"target = {self.target:g} must lie between 0 and 1, as 0.25.")
        if not self.cells:
            raise InputError("The table has no column. Write one for each number of patients.")
        order = list(CELLS)
        for n, column in enumerate(self.cells, start=1):
            if len(column) != n + 1:
                raise InputError(
                    f"The column of {n} patients holds {len(column)} decisions; {n + 1} are "
                    f"needed, for 0 to {n} toxicities."
                )
            for dlt, word in enumerate(column):
                _check(n, dlt, word)
                if dlt and order.index(word) < order.index(column[dlt - 1]):
                    raise InputError(
                        f"Cell {dlt} of {n} is {word}, but {dlt - 1} of {n} is {column[dlt - 1]}: "
                        "one more toxicity must not make the design bolder."
                    )

    @classmethod
    def read(cls, text: str, *, target: float) -> DecisionTable:
        """Table of the text of a CSV file.

        Parameters
        ----------
        text
            First row: a name, then 1, 2, ... patients. Each further row: toxicities from 0, then
            E, S, D or DU; empty where there are more toxicities than patients.
        target
            Rate of toxicity that is sought.

        Raises
        ------
        InputError
            If a heading is not the next number or a cell is missing; it is named.
        """
        rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text)) if row]
        if len(rows) < 2 or len(rows[0]) < 2:
            raise InputError(
                "The table needs a first row with numbers of patients and a row for each number of "
                "toxicities, as 'DLT,1,2,3'."
            )
        sizes, body = rows[0][1:], rows[1:]
        _count_up("column", sizes, 1)
        _count_up("row", [row[0] for row in body], 0)
        columns = []
        for n in range(1, len(sizes) + 1):
            column = [row[n] if n < len(row) else "" for row in body]
            column += [""] * (n + 1 - len(column))
            over = [dlt for dlt, word in enumerate(column) if dlt > n and word]
            if over:
                raise InputError(
                    f"Cell {over[0]} of {n} holds '{column[over[0]]}', but {n} patients cannot "
                    f"have {over[0]} toxicities. Leave it empty."
                )
            columns.append(tuple(column[: n + 1]))
        return cls(target, tuple(columns))

    def verdict(self, n: int, dlt: int) -> Verdict:
        """Decision of the cell; a level in a cell DU is closed as well."""
        word = self._column(n)[dlt]
        decision = "de-escalate" if word == "DU" else CELLS[word]
        return Verdict(decision, f"{word} in the decision table")

    def eliminate_at(self, n: int) -> int | None:
        """Fewest toxicities in ``n`` patients whose cell is DU; None if none is."""
        if n == 0:
            return None
        column = self._column(n)
        return column.index("DU") if "DU" in column else None

    def why_closed(self, n: int, dlt: int) -> str:
        """The cell."""
        return f"{self._column(n)[dlt]} in the decision table"

    def _column(self, n: int) -> tuple[str, ...]:
        if n > len(self.cells):
            raise InputError(
                f"The decision table ends at {len(self.cells)} patients; a level has {n}. Add "
                f"columns up to {n}, or end the trial sooner with StopAt."
            )
        return self.cells[n - 1]


def _check(n: int, dlt: int, word: str) -> None:
    """Refuse an empty or unknown cell by its place."""
    if word in CELLS:
        return
    what = f"holds '{word}'" if word else "is empty"
    known = ", ".join(f"{name} ({meaning})" for name, meaning in CELLS.items())
    raise InputError(f"Cell {dlt} of {n} (row {dlt}, column {n}) {what}. Write one of {known}.")


def _count_up(what: str, headings: list[str], first: int) -> None:
    """Refuse headings that are not consecutive numbers."""
    for number, heading in enumerate(headings, start=first):
        if heading != str(number):
            raise InputError(
                f"The {what} headed '{heading}' must be headed {number}: {what}s count up from "
                f"{first} without a gap."
            )
