"""Tables of a design for a protocol: decisions, pathways, characteristics, schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pdcraft.domain import InputError
from pdcraft.trial import Design, OperatingCharacteristics, Poisson, SimulatedTrials, StopAt

COHORTS = 2
"""Cohorts after which dose-transition pathways are cut: more do not fit on a page."""
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
    """

    accrual: Poisson
    window_d: float

    def __post_init__(self) -> None:
        if not self.window_d > 0:
            raise InputError(
                f"window_d = {self.window_d:g} d must be greater than 0 d: for how long a patient "
                "is watched for dose-limiting toxicity."
            )


def sections(
    design: Design,
    *,
    rates: Sequence[Sequence[float]] = (),
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
    method, trials, seed
        As `Design.operating_characteristics`.
    calendar
        For the schedule of cohorts; None for none.

    Raises
    ------
    InputError
        If a rate is no probability or the design has no end.
    """
    found = list(_decisions(design))
    found.append(_pathways(design))
    for number, scenario in enumerate(rates, start=1):
        drawn = design.operating_characteristics(scenario, method=method, n=trials, seed=seed)
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


def _pathways(design: Design) -> Section:
    rows = []
    for path in design.paths(cohorts=COHORTS):
        advice = path.advice
        after = "stop" if advice.next_level is None else f"level {advice.next_level}"
        mtd = "" if advice.mtd is None or not advice.stops else f", MTD level {advice.mtd}"
        rows.append((str(path.history), f"{after}{mtd}", advice.decision, advice.reason))
    return Section(
        "pathways", "Dose-transition pathways",
        f"Every course of the first {COHORTS} cohorts: level, then one letter for each patient, T "
        "with and N without dose-limiting toxicity; which patient of a cohort had it does not "
        "matter.",
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
    zero = np.zeros(len(rates))
    simulated = isinstance(oc, SimulatedTrials)
    errors = (oc.selected_se, oc.patients_se, oc.dlt_se) if simulated else (zero, zero, zero)
    rows = []
    for j, rate in enumerate(rates):
        cells = (100 * oc.selected[j], oc.patients[j], oc.dlt[j])
        spread = (100 * errors[0][j], errors[1][j], errors[2][j])
        told = [_told(c, s, simulated) for c, s in zip(cells, spread, strict=True)]
        rows.append((str(j + 1), f"{rate:g}", *told))
    none = 100 * float(oc.none)
    se = (none * (100 - none) / oc.trials) ** 0.5 if simulated else 0.0
    rows.append(("none", "", _told(none, se, simulated), "", ""))
    total = _told(float(np.sum(oc.patients)), 0.0, False)
    rows.append(("all", "", "", total, _told(float(np.sum(oc.dlt)), 0.0, False)))
    how = (
        f"{oc.trials} simulated trials; ± is one Monte Carlo standard error." if simulated
        else "Exact: no Monte Carlo error."
    )  # fmt: skip
    how += "" if waits else " Every patient is observed before the next one comes."
    return Section(
        f"characteristics_{number}", f"Operating characteristics, scenario {number}", how,
        ("level", "true rate", "selected as MTD, %", "patients", "with toxicity"), tuple(rows),
    )  # fmt: skip


def _told(value: float, error: float, simulated: bool) -> str:
    return f"{value:.2f} ± {error:.2f}" if simulated else f"{value:.2f}"


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
        day = last + (calendar.window_d if waits or treated == patients else 0)
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
