"""Designs of a trial file as `Conduct`: rules, accrual, and how long patients are watched."""

from __future__ import annotations

from collections.abc import Callable

from pdcraft.domain.units import HOURS_PER_DAY
from pdcraft.study.designs import Choices, design_named
from pdcraft.study.trial_design_spec import DesignTable, DoseCapTable
from pdcraft.study.trial_spec import AccrualTable, OptimisationTable
from pdcraft.trial import Backfill, Conduct, DoseCap, Poisson, Utilities
from pdcraft.trial.accrual import AbstractAccrual, Regular


def accrual_of(table: AccrualTable) -> AbstractAccrual:
    """How patients come."""
    if table.process == "regular":
        return Regular(table.per_month * table.sites)
    return Poisson.at(table.per_month, sites=table.sites, ramp_up_d=table.ramp_up / HOURS_PER_DAY)


def conduct_of(
    table: DesignTable,
    *,
    target: float,
    totals: tuple[float, ...],
    window_d: float,
    accrual: AbstractAccrual,
    cap: Callable[[DoseCapTable], DoseCap] | None = None,
) -> Conduct:
    """A design of the file with its calendar.

    Parameters
    ----------
    table
        What the file says.
    target
        Rate of toxicity sought.
    totals
        Total dose of every level, in the trial's unit.
    window_d
        Of the dose-limiting toxicity. d.
    accrual
        How patients come.
    cap
        Makes a cap with the doses of the levels; None leaves caps out, before patients are known.

    Raises
    ------
    InputError
        If the design cannot be, as with a skeleton of the wrong length.
    """
    watch_d = window_d if table.watch is None else table.watch / HOURS_PER_DAY
    said = table.model_dump(
        include={"patients", "cohort", "too_toxic", "titration", "skipping", "stop_at_level",
                 "skeleton", "prior_rate_at_top", "most_overdose"},
        exclude_unset=True,
    )  # fmt: skip
    if table.design == "3+3":
        said["variant"] = table.variant
    if table.design == "blrm":
        said["doses"] = totals
    if table.precise is not None:
        said["precise"] = (table.precise.low, table.precise.high, table.precise.probability)
    choices = Choices(
        target=target, window_h=watch_d * HOURS_PER_DAY, backfill=table.backfill is not None,
        caps=tuple(map(cap, table.dose_cap)) if cap is not None else (), **said,
    )  # fmt: skip
    fill = table.backfill and Backfill(table.backfill.cap, table.patients)
    return Conduct(
        design_named(table.design, levels=len(totals), choices=choices), accrual, watch_d=watch_d,
        min_followup_d=table.min_follow_up / HOURS_PER_DAY,
        stagger_d=table.stagger / HOURS_PER_DAY, backfill=fill,
    )  # fmt: skip


def boin12_of(table: OptimisationTable, *, levels: int, accrual: AbstractAccrual) -> Conduct:
    """BOIN12 on the regimens of an optimisation."""
    choices = Choices(
        target=table.toxicity_limit, patients=table.boin12_patients or 3,
        efficacy_limit=table.efficacy_limit, utility_neither=table.utility_neither,
        utility_both=table.utility_both,
    )  # fmt: skip
    design = design_named("boin12", levels=levels, choices=choices)
    return Conduct(design, accrual, efficacy_by_d=table.efficacy_by / HOURS_PER_DAY)


def utilities_of(table: OptimisationTable) -> Utilities:
    """What the outcomes are worth."""
    return Utilities(neither=table.utility_neither, both=table.utility_both)
