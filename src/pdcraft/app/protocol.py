"""What ``pdcraft design`` says and writes: tables, advice, characteristics of a design."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pdcraft
from pdcraft.domain import InputError
from pdcraft.report import protocol as tables
from pdcraft.report import protocol_files as files
from pdcraft.study.designs import design_named
from pdcraft.trial import DecisionTable, Design, Poisson, StopAt


@dataclass(frozen=True)
class Asked:
    """What the command line asks of a design.

    Attributes
    ----------
    name
        One of the named designs, a design file (``.toml``) or a decision table (``.csv``).
    levels, target, patients, variant, window_d
        As `design_named`; a design file has its own.
    outcomes, rates
        As text: ``1NNN 2NNT``; ``0.1,0.2;0.2,0.4`` for two scenarios.
    method, trials, seed
        As `Design.operating_characteristics`.
    per_month
        Patients that come, for the schedule; None for none.
    out
        Folder for the protocol's files.
    """

    name: str
    levels: int = 5
    target: float = 0.25
    patients: int = 30
    variant: str = "A"
    window_d: float = 28.0
    outcomes: str | None = None
    rates: str | None = None
    method: str = "exact"
    trials: int = 10_000
    seed: int = 1
    per_month: float | None = None
    out: Path | None = None


def lines(asked: Asked) -> Iterator[str]:
    """Lines of text for a design; with ``out``, also files."""
    design, again = _design(asked)
    rates = _rates(asked.rates) if asked.rates is not None else again.get("rates", [])
    how = {
        "method": again.get("method", asked.method), "trials": again.get("trials", asked.trials),
        "seed": again.get("seed", asked.seed),
    }  # fmt: skip
    yield f"{asked.name}, {design.levels} levels, cohorts of {design.cohort_size}"
    for rule in design.rules:
        yield f"  {rule}"
    if asked.outcomes is not None:
        yield from _advice(design, asked.outcomes)
    calendar = _calendar(asked, again)
    found = tables.sections(design, rates=rates, calendar=calendar, **how)
    shown = [s for s in found if s.key != "pathways"]
    for section in shown if asked.outcomes is None else shown[1:]:
        yield from _told(section)
    if asked.out is not None:
        name = again.get("name", Path(asked.name).stem)
        text = design.to_toml() + _again(name, rates, how, calendar)
        title = f"Design: {name}, {design.levels} levels"
        written = files.write(asked.out, found, title=title, design=text)
        yield f"\nWritten to {asked.out}: {', '.join(path.name for path in written)}"
        if not (asked.out / "protocol.docx").exists():
            yield "No Word document: pip install 'pdcraft[protocol]'"


def _design(asked: Asked) -> tuple[Design, dict[str, Any]]:
    """The design, and what its file says of the protocol."""
    file = Path(asked.name)
    if file.suffix not in (".toml", ".csv"):
        made = design_named(
            asked.name, levels=asked.levels, target=asked.target, patients=asked.patients,
            variant=asked.variant, window_h=24 * asked.window_d,
        )  # fmt: skip
        return made, {}
    if not file.is_file():
        raise InputError(f"There is no file {file}. Give a design's name, or the path of its file.")
    text = file.read_text("utf-8-sig")
    if file.suffix == ".toml":
        return Design.from_toml(text), tomllib.loads(text).get("protocol", {})
    table = DecisionTable.read(text, target=asked.target)
    return Design((table, StopAt(asked.patients)), asked.levels), {}


def _calendar(asked: Asked, again: dict[str, Any]) -> tables.Calendar | None:
    per_month = again.get("per_month", asked.per_month)
    if per_month is None:
        return None
    return tables.Calendar(Poisson.at(per_month), again.get("window_d", asked.window_d))


def _again(
    name: str,
    rates: Sequence[Sequence[float]],
    how: dict[str, Any],
    calendar: tables.Calendar | None,
) -> str:
    """What a design file must hold beside the rules to give the same tables."""
    rows = [
        "", "[protocol]", f'name = "{name}"', f'pdcraft = "{pdcraft.__version__}"',
        f"rates = {[list(p) for p in rates]}", f'method = "{how["method"]}"',
        f"trials = {how['trials']}", f"seed = {how['seed']}",
    ]  # fmt: skip
    if calendar is not None:
        rows.append(f"per_month = {sum(site.per_month for site in calendar.accrual.sites)!r}")
        rows.append(f"window_d = {calendar.window_d!r}")
    return "\n".join(rows) + "\n"


def _told(section: tables.Section) -> Iterator[str]:
    """A table as lines of text."""
    cells = [section.header, *section.rows]
    wide = [max(len(row[i]) for row in cells) for i in range(len(section.header))]
    yield f"\n{section.title}"
    yield from ("  ".join(c.rjust(w) for c, w in zip(row, wide, strict=True)) for row in cells)


def _advice(design: Design, outcomes: str) -> Iterator[str]:
    advice = design.advise(outcomes)
    if advice.next_level is None:
        mtd = "no level" if advice.mtd is None else f"level {advice.mtd}"
        yield f"\nAfter {outcomes}: the trial ends, MTD {mtd}"
    else:
        yield f"\nAfter {outcomes}: next cohort at level {advice.next_level}"
    yield from (f"  {reason}" for reason in advice.reasons)


def _rates(text: str) -> list[list[float]]:
    try:
        return [[float(part) for part in scenario.split(",")] for scenario in text.split(";")]
    except ValueError as error:
        raise InputError(
            f"--rates '{text}' is not readable. Write one rate for each level, as 0.05,0.1,0.2, "
            "and a semicolon between scenarios."
        ) from error
