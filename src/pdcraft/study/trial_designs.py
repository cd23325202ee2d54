"""Designs of a trial file as `Conduct`: rules, accrual, and how long patients are watched."""

from __future__ import annotations

import math

from pdcraft.domain.units import HOURS_PER_DAY
from pdcraft.study.designs import middle_skeleton, rule_named
from pdcraft.study.trial_spec import AccrualTable, DesignTable, OptimisationTable
from pdcraft.trial import (
    BLRM,
    BOIN,
    BOIN12,
    CRM,
    TITEBOIN,
    TITECRM,
    AbstractRule,
    BivariateNormal,
    Coherent,
    Conduct,
    Design,
    NoSkipping,
    OneLevelUp,
    Poisson,
    StopAt,
    StopWhenTooToxic,
    ThreePlusThree,
    Utilities,
)
from pdcraft.trial.accrual import AbstractAccrual, Regular

UNSAFE = 0.90
"""Probability that level 1 is too toxic above which a model-based design ends."""


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

    Raises
    ------
    InputError
        If the design cannot be, as with a skeleton of the wrong length.
    """
    watch_d = window_d if table.watch is None else table.watch / HOURS_PER_DAY
    rules = _rules(table, target, totals, watch_d)
    alone = {"tite-crm": 1}
    size = table.cohort or alone.get(table.design, 3)
    return Conduct(
        Design(rules, len(totals), size), accrual, watch_d=watch_d,
        min_followup_d=table.min_follow_up / HOURS_PER_DAY,
    )  # fmt: skip


def _rules(
    table: DesignTable, target: float, totals: tuple[float, ...], watch_d: float
) -> tuple[AbstractRule, ...]:
    end = StopAt(table.patients)
    safe = StopWhenTooToxic(target, probability=UNSAFE)
    if table.design == "3+3":
        return (ThreePlusThree(table.variant),)
    if table.design in ("crm", "tite-crm"):
        guess = table.skeleton
        if guess is None:
            guess = middle_skeleton(target, len(totals))
        crm = CRM(target, guess, estimator="plug-in")
        if table.design == "crm":
            return (safe, crm, OneLevelUp(), Coherent(target), end)
        return (TITECRM(crm, window_h=watch_d * HOURS_PER_DAY), OneLevelUp(), end)
    if table.design == "tite-boin":
        return (TITEBOIN(BOIN(target), window_h=watch_d * HOURS_PER_DAY), end)
    if table.design == "blrm":
        return (_blrm(table, target, totals), NoSkipping(), end)
    return (rule_named(table.design, target), end)


def _blrm(table: DesignTable, target: float, totals: tuple[float, ...]) -> BLRM:
    """Weakly informative prior around the file's guess at the top level (neuenschwander2008)."""
    p = table.prior_rate_at_top
    prior = BivariateNormal(math.log(p / (1 - p)), 0.0, sd_log_alpha=2.0, sd_log_beta=1.0)
    low, high = max(target - 0.09, target / 2), min(target + 0.08, (1 + target) / 2)
    return BLRM(totals, totals[-1], prior, low, high, table.most_overdose)


def boin12_of(table: OptimisationTable, *, levels: int, accrual: AbstractAccrual) -> Conduct:
    """BOIN12 on the regimens of an optimisation."""
    rule = BOIN12(table.toxicity_limit, table.efficacy_limit, utilities_of(table))
    design = Design((rule, StopAt(table.boin12_patients or 3)), levels)
    return Conduct(design, accrual, efficacy_by_d=table.efficacy_by / HOURS_PER_DAY)


def utilities_of(table: OptimisationTable) -> Utilities:
    """What the outcomes are worth."""
    return Utilities(neither=table.utility_neither, both=table.utility_both)
