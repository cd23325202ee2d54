"""Rows for a reader: a table in the terminal, a JSON file, one HTML page."""

from __future__ import annotations

import importlib.resources
import json as json_format
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pdcraft
from pdcraft.verify.harness import APART, VERIFICATION, Row, run

_IN_JSON = (
    "case", "room", "quantity", "unit", "reference", "computed", "deviation", "allowed", "rule",
    "status", "source", "where", "kind", "reason",
)  # fmt: skip


def main(
    room: str | None,
    json: Path | None,
    html: Path | None,
    echo: Callable[[str], object],
) -> int:
    """The command ``pdcraft verify``: run, print a table, write what is asked for.

    Parameters
    ----------
    room
        Cases of this room only; None for all.
    json, html
        Files to write; None for none.
    echo
        Takes every line for the terminal, as `print`.

    Returns
    -------
    int
        Exit code: 1 if a number fails, else 0.
    """
    rows = run(room)
    for line in table(rows):
        echo(line)
    if json is not None:
        write_json(rows, json)
        echo(f"Rows: {json}")
    if html is not None:
        write_html(rows, html)
        echo(f"Report: {html}")
    return int(any(row.status == "fail" for row in rows))


def table(rows: Sequence[Row]) -> list[str]:
    """One line for each case, the numbers that miss, and the verdict, as text."""
    width = max([len(f"{row.room}/{row.case}") for row in rows], default=4)
    lines = [f"{'case':{width}}  numbers  worst/allowed  verdict  kind"]
    missed: list[str] = []
    for case in by_case(rows):
        worst = f"{case.worst:.2g}" if case.worst is not None else "-"
        lines.append(
            f"{case.title:{width}}  {len(case.rows):7d}  {worst:>13}  {case.status:7}  {case.kind}"
        )
        missed += dict.fromkeys(_missed(row) for row in case.rows if row.status != "pass")
    return [*lines, *missed, "", verdict(rows)]


def verdict(rows: Sequence[Row]) -> str:
    """The outcome in a sentence; what is no independent verification is counted apart.

    Examples
    --------
    >>> verdict([])
    'Verification: 0 numbers in 0 cases, 0 agree, 0 miss, 0 not run.'
    """
    said = _count("Verification", [row for row in rows if row.kind in VERIFICATION])
    apart = [row for row in rows if row.kind in APART]
    return (
        f"{said} {_count('Apart (measurements, calibration targets, recollected tables)', apart)}"
        if apart
        else said
    )


def _count(what: str, rows: Sequence[Row]) -> str:
    count = Counter(row.status for row in rows)
    return (
        f"{what}: {_plural(len(rows), 'number')} in {_plural(len(by_case(rows)), 'case')}, "
        f"{count['pass']} agree, "
        f"{count['fail']} miss, {count['not run']} not run."
    )


def _plural(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def write_json(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as a JSON list; a number that does not exist is null."""
    listed = [{name: _or_null(getattr(row, name)) for name in _IN_JSON} for row in rows]
    text = json_format.dumps(listed, indent=1, ensure_ascii=False, allow_nan=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


def write_html(rows: Sequence[Row], path: Path) -> None:
    """Write the verification report: one page, complete in itself, same bytes for same rows."""
    import jinja2  # here, not above: only the report needs it

    template = importlib.resources.files("pdcraft.verify") / "page.html.j2"
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["number"] = _number
    environment.filters["size"] = lambda value: "–" if value is None else f"{value:.2g}"
    cases = by_case(rows)
    page = environment.from_string(template.read_text(encoding="utf-8")).render(
        version=pdcraft.__version__,
        verdict=verdict(rows),
        failed=any(row.status == "fail" for row in rows),
        tally=_tally(cases),
        coverage=_coverage(cases),
        chapters=(
            ("Verification", [case for case in cases if case.kind in VERIFICATION]),
            ("Not independent verification", [case for case in cases if case.kind in APART]),
        ),
    )
    Path(path).write_text(page, encoding="utf-8")


@dataclass(frozen=True)
class Shown:
    """One case with its rows, for the reader."""

    rows: tuple[Row, ...]

    @property
    def title(self) -> str:
        """Room and case, as ``"decay/half_lives"``."""
        return f"{self.rows[0].room}/{self.rows[0].case}"

    @property
    def kind(self) -> str:
        """Kind of evidence."""
        return self.rows[0].kind

    @property
    def status(self) -> str:
        """The worst status of the rows."""
        said = {row.status for row in self.rows}
        return next(word for word in ("fail", "not run", "pass") if word in said)

    @property
    def worst(self) -> float | None:
        """Largest part of the allowance that a row uses; None if no row has a number."""
        return max([share for row in self.rows if (share := used(row)) is not None], default=None)


def by_case(rows: Sequence[Row]) -> list[Shown]:
    """Rows gathered by case, in their order."""
    return [Shown(tuple(some)) for _, some in groupby(rows, lambda row: (row.room, row.case))]


def used(row: Row) -> float | None:
    """Part of the allowance that the deviation uses; above 1 the row fails."""
    if row.deviation is None:
        return None
    if row.allowed == 0:
        return 0.0 if row.deviation == 0 else math.inf
    return row.deviation / row.allowed


def _tally(cases: Sequence[Shown]) -> list[dict[str, object]]:
    """Cases and numbers by room and kind."""
    rooms = sorted({(case.rows[0].room, case.kind) for case in cases})
    lines = []
    for room, kind in rooms:
        of_it = [c for c in cases if (c.rows[0].room, c.kind) == (room, kind)]
        count = Counter(row.status for case in of_it for row in case.rows)
        lines.append({"room": room, "kind": kind, "cases": len(of_it), "count": count})
    return lines


def _coverage(cases: Sequence[Shown]) -> list[tuple[str, dict[str, int], bool]]:
    """Numbers that agree, by what they cover and by kind, and whether one of them verifies."""
    covered: dict[str, Counter[str]] = {}
    for case in cases:
        for model in case.rows[0].covers:
            agree = sum(row.status == "pass" for row in case.rows)
            covered.setdefault(model, Counter())[case.kind] += agree
    return [
        (model, dict(sorted(kinds.items())), any(kinds[kind] for kind in VERIFICATION))
        for model, kinds in sorted(covered.items())
    ]


def _missed(row: Row) -> str:
    """What went wrong, in one line: the same line for rows of one case with one reason."""
    where = f"  {row.status}: {row.room}/{row.case}"
    if row.computed is None:
        return f"{where}: {row.reason}"
    unit = "" if row.unit == "1" else f" {row.unit}"
    return (
        f"{where}, {row.quantity}: {_number(row.computed)} instead of {_number(row.reference)}"
        f"{unit}; {row.rule} deviation {row.deviation:.2g}, allowed {row.allowed:.2g}"
    )


def _number(value: float | None) -> str:
    """Seven digits, so that a number as printed stays as printed.

    Examples
    --------
    >>> _number(0.19184), _number(None)
    ('0.19184', '–')
    """
    return "–" if value is None or math.isnan(value) else f"{value:.7g}"


def _or_null(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
