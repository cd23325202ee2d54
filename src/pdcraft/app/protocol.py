"""What ``pdcraft design`` says and writes: tables, advice, characteristics of a design."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pdcraft
from pdcraft.app.design_options import read_options
from pdcraft.domain import InputError, unknown
from pdcraft.report import protocol as tables
from pdcraft.report import protocol_files as files
from pdcraft.report.protocol_phase_two import PHASE_TWO, sections_of
from pdcraft.study.designs import DESIGNS, Choices, choices_of, design_named
from pdcraft.trial import DecisionTable, Design, Poisson, StopAt
from pdcraft.trial.design_file import as_json, as_toml, read_table

FILES = (".toml", ".json", ".csv")
LONG = ("pathways", "desirability")
"""Tables that are written and not shown."""


@dataclass(frozen=True)
class Asked:
    """What the command line asks of a design.

    Attributes
    ----------
    name
        One of `DESIGNS` or `PHASE_TWO`, a design file (``.toml``, ``.json``) or a decision table
        (``.csv``); None for the list of all.
    levels
        Of a named design or a decision table; a design file has its own.
    options
        Of the design, as they stand on the command line.
    outcomes, rates, efficacy
        As text: ``1NNN 2NNT``; ``0.1,0.2;0.2,0.4`` for two scenarios.
    method, trials, seed
        As `Design.operating_characteristics`; None for exact where that is possible.
    per_month, window_d, min_followup_d
        Patients that come, for the schedule, and days; None for no schedule.
    out
        Folder for the protocol's files.
    """

    name: str | None
    levels: int = 5
    options: tuple[str, ...] = ()
    outcomes: str | None = None
    rates: str | None = None
    efficacy: str | None = None
    method: str | None = None
    trials: int = 10_000
    seed: int = 1
    per_month: float | None = None
    window_d: float = 28.0
    min_followup_d: float = 0.0
    out: Path | None = None


def lines(asked: Asked) -> Iterator[str]:
    """Lines of text for a design; with ``out``, also files."""
    if asked.name is None:
        yield from _catalogue()
        return
    table = _file(asked.name)
    if asked.name in PHASE_TWO or "phase_two" in table:
        yield from _phase_two(asked, asked.name, dict(table.get("phase_two", {})))
    else:
        yield from _dose_finding(asked, asked.name, table)


def _catalogue() -> Iterator[str]:
    """Every design with its options."""
    yield "Dose escalation (pdcraft design NAME --levels 5 ...), and what may be chosen:"
    for name in DESIGNS:
        yield f"  {name:22} {_options_of(choices_of(name))}"
    yield "Phase II and III (pdcraft design NAME ...):"
    for name, made in PHASE_TWO.items():
        yield f"  {name:22} {_options_of(inspect.signature(made).parameters)}"
    yield "Or a design file (.toml, .json), or your own decision table (.csv)."


def _options_of(names: typing.Iterable[str]) -> str:
    hidden = ("window_h", "backfill")
    shown = ("cap" if n == "caps" else n.replace("_", "-") for n in names if n not in hidden)
    return " ".join(f"--{n}" for n in shown)


def _file(name: str) -> dict[str, Any]:
    """What a design file holds; nothing for a name or a decision table."""
    file = Path(name)
    if file.suffix not in FILES:
        if name not in (*DESIGNS, *PHASE_TWO):
            raise unknown("Design", name, (*DESIGNS, *PHASE_TWO))
        return {}
    if not file.is_file():
        raise InputError(f"There is no file {file}. Give a design's name, or the path of its file.")
    return {} if file.suffix == ".csv" else read_table(file.read_text("utf-8-sig"))


def _dose_finding(asked: Asked, name: str, table: dict[str, Any]) -> Iterator[str]:
    design, again = _design(asked, name, table), table.get("protocol", {})
    rates = _rates(asked.rates, "rates") or again.get("rates", [])
    efficacy = _rates(asked.efficacy, "efficacy") or again.get("efficacy", [])
    if rates and design.hears_efficacy and not efficacy:
        raise InputError(
            f"{name} decides by efficacy too. Add --efficacy with one true rate for each of the "
            f"{design.levels} levels, in as many scenarios as --rates."
        )
    usual = "exact" if design.reads_counts_only else "mc"
    how = {
        "method": again.get("method", asked.method or usual),
        "trials": again.get("trials", asked.trials), "seed": again.get("seed", asked.seed),
    }  # fmt: skip
    yield f"{name}, {design.levels} levels, cohorts of {design.cohort_size}"
    for rule in design.rules:
        yield f"  {rule}"
    yield f"  {_waits(design)}"
    if asked.outcomes is not None:
        yield from _advice(design, asked.outcomes)
    calendar = _calendar(asked, again)
    found = tables.sections(design, rates=rates, efficacy=efficacy, calendar=calendar, **how)
    shown = [s for s in found if s.key not in LONG]
    for section in shown if asked.outcomes is None else shown[1:]:
        yield from _told(section)
    if asked.out is not None:
        title = again.get("name", Path(name).stem)
        said = {"name": title, "pdcraft": pdcraft.__version__, "rates": rates, **how}
        if efficacy:
            said["efficacy"] = efficacy
        if calendar is not None:
            said["per_month"] = sum(site.per_month for site in calendar.accrual.sites)
            said["window_d"] = calendar.window_d
            said["min_followup_d"] = calendar.min_followup_d
        heading = f"Design: {title}, {design.levels} levels"
        yield from _written(asked.out, found, heading, design.to_table() | {"protocol": said})


def _waits(design: Design) -> str:
    """Whether the design can weigh patients under observation."""
    if design.needs_complete_outcomes:
        return (
            "Waits until every patient of a cohort is observed to the end of the window: it cannot "
            "weigh patients under observation."
        )
    return "Decides whenever a patient comes, with those under observation weighed."


def _phase_two(asked: Asked, name: str, again: dict[str, Any]) -> Iterator[str]:
    kind = again.pop("kind", name)
    if kind not in PHASE_TWO:
        raise unknown("Design", kind, PHASE_TWO)
    hints = typing.get_type_hints(PHASE_TWO[kind])
    hints.pop("return")
    again = {k: tuple(v) if isinstance(v, list) else v for k, v in again.items()}
    options = again | read_options(asked.options, hints, whose=f"Design '{kind}'")
    found = sections_of(kind, options)
    for section in found:
        yield from _told(section)
        yield section.note
    if asked.out is not None:
        defaults = inspect.signature(PHASE_TWO[kind]).parameters
        every = {k: p.default for k, p in defaults.items()} | options
        plain = {k: list(v) if isinstance(v, tuple) else v for k, v in every.items()}
        table = {"phase_two": {"kind": kind, **plain}}
        yield from _written(asked.out, found, f"Design: {kind}", table)


def _written(
    out: Path, found: Sequence[tables.Section], title: str, table: dict[str, Any]
) -> Iterator[str]:
    design = {"design.toml": as_toml(table), "design.json": as_json(table)}
    written = files.write(out, found, title=title, design=design)
    yield f"\nWritten to {out}: {', '.join(path.name for path in written)}"
    if not (out / "protocol.docx").exists():
        yield "No Word document: pip install 'pdcraft[protocol]'"


def _design(asked: Asked, name: str, table: dict[str, Any]) -> Design:
    """The design of a name or file."""
    if table:
        if asked.options:
            raise InputError(
                f"{name} says all of the design. Change {asked.options[0]} in the file."
            )
        return Design.from_table(table)
    hints = typing.get_type_hints(Choices)
    if Path(name).suffix == ".csv":
        few = {key: hints[key] for key in ("target", "patients")}
        said = read_options(asked.options, few, whose=name)
        text = Path(name).read_text("utf-8-sig")
        rule = DecisionTable.read(text, target=said.get("target", Choices.target))
        return Design((rule, StopAt(said.get("patients", Choices.patients))), asked.levels)
    mine = {key: hints[key] for key in choices_of(name) if key not in ("window_h", "backfill")}
    said = read_options(asked.options, mine, whose=f"Design '{name}'")
    choices = Choices(window_h=24 * asked.window_d, **said)
    return design_named(name, levels=asked.levels, choices=choices)


def _calendar(asked: Asked, again: dict[str, Any]) -> tables.Calendar | None:
    per_month = again.get("per_month", asked.per_month)
    if per_month is None:
        return None
    return tables.Calendar(
        Poisson.at(per_month), again.get("window_d", asked.window_d),
        again.get("min_followup_d", asked.min_followup_d),
    )  # fmt: skip


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


def _rates(text: str | None, flag: str) -> list[list[float]]:
    if text is None:
        return []
    try:
        return [[float(part) for part in scenario.split(",")] for scenario in text.split(";")]
    except ValueError as error:
        raise InputError(
            f"--{flag} '{text}' is not readable. Write one rate for each level, as 0.05,0.1,0.2, "
            "and a semicolon between scenarios."
        ) from error
