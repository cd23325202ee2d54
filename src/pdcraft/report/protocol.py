"""Tables of a design for a protocol: decisions, pathways, characteristics, schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pdcraft.domain import InputError
from pdcraft.trial import BOIN12, Design, OperatingCharacteristics, Poisson, SimulatedTrials, StopAt

COHORTS = 2
"""Cohorts after which dose-transition pathways are cut: more do not fit on a page. One where
efficacy is watched too."""
SIZES = (0, 3, 6, 9)
"""Patients at a level for which desirability is tabulated."""
TABLED = 3
"""Patients in a row of the schedule where the design does not wait for cohorts."""


@dataclass(frozen=True)
class Section:
    """One table of a protocol.

    Attributes
    ----------
    key, title
        Name of its file, and heading.
    note
        What must be known to read it.
    header, rows
        Cells as text; every row as long as the header.
    """

    key: str
    title: str
    note: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Calendar:
    """When patients come and how long they are watched, for the schedule.

    Attributes
    ----------
    accrual
        Sites.
    window_d
        Days for which a patient is watched for toxicity.
    min_followup_d
        Days of the last patient before the next cohort, of designs that do not wait anyway.
    """

    accrual: Poisson
    window_d: float
    min_followup_d: float = 0.0

    def __post_init__(self) -> None:
        if not self.window_d > 0:
            raise InputError(
                f"window_d = {self.window_d:g} d must be greater than 0 d: for how long a patient "
                "is watched for dose-limiting toxicity."
            )
        if not self.min_followup_d >= 0:
            raise InputError(f"min_followup_d = {self.min_followup_d:g} d must be 0 d or more.")


def sections(
    design: Design,
    *,
    rates: Sequence[Sequence[float]] = (),
    efficacy: Sequence[Sequence[float]] = (),
    method: str = "exact",
    trials: int = 10_000,
    seed: int = 1,
    calendar: Calendar | None = None,
) -> tuple[Section, ...]:
    """Tables of a design, those that it has.

    Parameters
    ----------
    design
        Any.
    rates
        Scenarios: true rates of toxicity at every level.
    efficacy
        True rates of efficacy in the same scenarios, for designs that hear of it.
    method, trials, seed
        As `Design.operating_characteristics`.
    calendar
        For the schedule of cohorts; None for none.

    Raises
    ------
    InputError
        If a rate is no probability, the design has no end, or rates of efficacy are missing.
    """
    found = [*_decisions(design), *_desirability(design), _pathways(design)]
    if efficacy and len(efficacy) != len(rates):
        raise InputError(
            f"efficacy holds {len(efficacy)} scenarios, rates {len(rates)}. Give the same number."
        )
    for number, scenario in enumerate(rates, start=1):
        drawn = design.operating_characteristics(
            scenario, efficacy=efficacy[number - 1] if efficacy else None, method=method, n=trials,
            seed=seed,
        )  # fmt: skip
        found.append(_characteristics(number, scenario, drawn, design.needs_complete_outcomes))
    if calendar is not None:
        found.append(_schedule(design, calendar))
    return tuple(found)


def _decisions(design: Design) -> Iterator[Section]:
    ended = any(isinstance(rule, StopAt) for rule in design.rules)
    if not any(hasattr(rule, "decision_table") for rule in design.rules):
        return
    table = design.decision_table(None if ended else 4 * design.cohort_size)
    rows = tuple(
        tuple("-" if cell is None else str(cell) for cell in row)
        for row in table if row.n % design.cohort_size == 0
    )  # fmt: skip
    yield Section(
        "decision_table", "Decision table",
        "Patients with dose-limiting toxicity among those treated at the current level. Eliminate: "
        "the level and all above are not given again.",
        ("patients at the level", "escalate if at most", "de-escalate from", "eliminate from"),
        rows,
    )  # fmt: skip


def _desirability(design: Design) -> Iterator[Section]:
    """Ranks of BOIN12 for every count at a level."""
    for rule in design.rules:
        if isinstance(rule, BOIN12):
            rows = tuple(
                (str(r.n), str(r.dlt), str(r.efficacy), f"{r.probability:.4f}",
                 "not given" if r.rank is None else f"{r.rank:g}")
                for r in rule.table(SIZES)
            )  # fmt: skip
            yield Section(
                "desirability", "Rank-based desirability",
                "Probability that the utility of a level is above the benchmark, and its rank; the "
                "neighbouring level of highest rank is given. A level that is too toxic or futile "
                "is not given.",
                ("patients", "with toxicity", "with efficacy", "probability", "rank"), rows,
            )  # fmt: skip


def _pathways(design: Design) -> Section:
    rows, cohorts = [], 1 if design.hears_efficacy else COHORTS
    for path in design.paths(cohorts=cohorts):
        advice = path.advice
        after = "stop" if advice.next_level is None else f"level {advice.next_level}"
        mtd = "" if advice.mtd is None or not advice.stops else f", MTD level {advice.mtd}"
        rows.append((str(path.history), f"{after}{mtd}", advice.decision, advice.reason))
    return Section(
        "pathways", "Dose-transition pathways",
        f"Every course of the first {cohorts} cohorts: level, then one letter for each patient, T "
        "with and N without dose-limiting toxicity"
        + (", E with efficacy alone and B with both" if design.hears_efficacy else "")
        + "; which patient of a cohort had it does not matter.",
        ("seen", "next", "decision", "why"), tuple(rows),
    )  # fmt: skip


def _characteristics(
    number: int,
    rates: Sequence[float],
    oc: OperatingCharacteristics | SimulatedTrials | tuple,
    waits: bool,
) -> Section:
    if isinstance(oc, tuple):
        raise InputError("One scenario at a time.")
    simulated = isinstance(oc, SimulatedTrials)
    columns = [(100 * oc.selected, 100 * oc.selected_se if simulated else None),
               (oc.patients, oc.patients_se if simulated else None),
               (oc.dlt, oc.dlt_se if simulated else None)]  # fmt: skip
    header = ("level", "true rate", "selected as MTD, %", "patients", "with toxicity")
    if simulated and oc.effective is not None:
        columns.append((oc.efficacy, oc.efficacy_se))
        header = (*header[:2], "selected, %", *header[3:], "with efficacy")
    rows = [
        (str(j + 1), f"{rate:g}", *(_told(v[j], None if e is None else e[j]) for v, e in columns))
        for j, rate in enumerate(rates)
    ]
    none = _told(100 * float(oc.none), 100 * float(oc.none_se) if simulated else None)
    blank = ("",) * (len(columns) - 1)
    rows.append(("none", "", none, *blank))
    rows.append(("all", "", "", *(_told(float(np.sum(v)), None) for v, _ in columns[1:])))
    how = (
        f"{oc.trials} simulated trials; ± is one Monte Carlo standard error, of shares by Wilson's "
        "interval, so that it is not 0 for what happened in none of them."
        if simulated else "Exact: no Monte Carlo error."
    )  # fmt: skip
    how += "" if waits else " Every patient is observed before the next one comes."
    return Section(
        f"characteristics_{number}", f"Operating characteristics, scenario {number}", how,
        header, tuple(rows),
    )  # fmt: skip


def _told(value: float, error: float | None) -> str:
    return f"{value:.2f}" if error is None else f"{value:.2f} ± {_digits(error)}"


def _digits(error: float) -> str:
    """An error with two decimals, or more if it would read as 0."""
    return f"{error:.2f}" if error >= 0.005 or error == 0 else f"{error:.1g}"


def _schedule(design: Design, calendar: Calendar) -> Section:
    """Expected days; designs that need complete outcomes wait for every cohort."""
    ends = [rule.patients for rule in design.rules if isinstance(rule, StopAt)]
    patients = min(ends) if ends else 6 * design.levels
    per_day = sum(site.per_day for site in calendar.accrual.sites)
    waits = design.needs_complete_outcomes
    rows, day, treated = [], 0.0, 0
    while treated < patients:
        size = min(design.cohort_size if waits else TABLED, patients - treated)
        treated += size
        first, last = day + 1 / per_day, day + size / per_day
        ends_at = waits or treated == patients
        day = last + (calendar.window_d if ends_at else calendar.min_followup_d)
        rows.append((str(len(rows) + 1), str(treated), f"{first:.0f}", f"{last:.0f}", f"{day:.0f}"))
    return Section(
        "schedule", "Schedule",
        f"Expected days from the start with {30.4375 * per_day:.2g} patients a month, each watched "
        f"for {calendar.window_d:g} d. "
        + ("Every cohort is observed to its end; who comes meanwhile is turned away."
           if waits else "Patients are treated as they come; the trial ends when all are observed.")
        + " The longest trial.",
        ("cohort", "patients so far", "first in", "last in", "decision"), tuple(rows),
    )  # fmt: skip
