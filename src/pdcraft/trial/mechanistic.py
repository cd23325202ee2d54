"""A trial put together from its parts: design, patients, accrual, toxicity, doses."""

from __future__ import annotations

import abc
from dataclasses import dataclass, field
from functools import cached_property

from pdcraft.domain import InputError
from pdcraft.trial.accrual import AbstractAccrual
from pdcraft.trial.backfill import Backfill
from pdcraft.trial.calendar import Conduct
from pdcraft.trial.design import Design
from pdcraft.trial.dlt import DLT
from pdcraft.trial.many import ManyTrials, simulate_trials
from pdcraft.trial.next_dose import NextDose
from pdcraft.trial.outcomes import Outcomes
from pdcraft.trial.schedule import Schedule


class AbstractPatients(abc.ABC):
    """Patients who can be treated: the river, or anything that answers like it."""

    @abc.abstractmethod
    def outcomes(self, dose: tuple[Schedule, ...], *, dlt: DLT, next_dose: NextDose) -> Outcomes:
        """What becomes of each of them under each schedule."""


@dataclass(frozen=True)
class Trial:
    """A dose escalation on patients that have bodies.

    Attributes
    ----------
    design
        The rules.
    patients
        As `pdcraft.study.virtual_patients` gives them.
    accrual
        How they come.
    dlt
        When a toxicity is dose-limiting.
    dose
        What each level gives, in the trial's own unit.
    next_dose
        When doses after the first are given.
    watch_d, min_followup_d, stagger_d, efficacy_by_d, backfill
        As of `Conduct`.

    Raises
    ------
    InputError
        If there is not one schedule for each level.
    """

    design: Design
    patients: AbstractPatients
    accrual: AbstractAccrual = field(kw_only=True)
    dlt: DLT = field(kw_only=True)
    dose: tuple[Schedule, ...] = field(kw_only=True)
    next_dose: NextDose = field(default_factory=NextDose, kw_only=True)
    watch_d: float | None = field(default=None, kw_only=True)
    min_followup_d: float = field(default=0.0, kw_only=True)
    stagger_d: float = field(default=0.0, kw_only=True)
    efficacy_by_d: float | None = field(default=None, kw_only=True)
    backfill: Backfill | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if len(self.dose) != self.design.levels:
            raise InputError(
                f"{len(self.dose)} schedules are given for {self.design.levels} levels. Give one "
                "for each."
            )

    @cached_property
    def outcomes(self) -> Outcomes:
        """What becomes of every patient at every level; computed once."""
        return self.patients.outcomes(self.dose, dlt=self.dlt, next_dose=self.next_dose)

    def simulate(self, trials: int, *, seed: int, per_trial: int = 60) -> ManyTrials:
        """Trials on these patients, with the standard error of everything counted.

        Parameters
        ----------
        trials, seed
            How many, and from where.
        per_trial
            Most patients that one trial may need, replaced ones included.
        """
        conduct = Conduct(
            self.design, self.accrual, self.watch_d, self.min_followup_d, self.stagger_d,
            self.efficacy_by_d, self.backfill,
        )  # fmt: skip
        name = type(self.design.rules[0]).__name__
        return simulate_trials(
            {name: conduct}, self.outcomes, trials=trials, per_trial=per_trial, seed=seed
        )[name]
