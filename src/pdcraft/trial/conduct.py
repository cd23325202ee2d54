"""One trial on virtual patients: treat a cohort, hear the design, go on until it says stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pdcraft.domain import InputError, Patient, Regimen, Treat
from pdcraft.trial.design import Design, check_ends
from pdcraft.trial.history import History

Population = Callable[[int, int], Patient]
"""Patients ``start`` to ``start + n - 1`` of a population, with a leading axis: ``(start, n)``."""
RegimenOf = Callable[[Patient], Regimen]
"""What every patient of a batch is given at one dose level; both with a leading axis."""


@dataclass(frozen=True)
class TrialCohort:
    """One cohort, and what the design made of it.

    Attributes
    ----------
    cohort
        Its number, from 1.
    level
        Dose level, from 1.
    patients
        Numbers of the patients.
    outcomes
        ``N`` or ``T`` for each of them.
    decision, reason
        What follows (one of `DECISIONS`), and why.
    """

    cohort: int
    level: int
    patients: tuple[int, ...]
    outcomes: str
    decision: str
    reason: str

    @property
    def n(self) -> int:
        """Patients."""
        return len(self.outcomes)

    @property
    def dlt(self) -> int:
        """Patients with a dose-limiting toxicity."""
        return self.outcomes.count("T")


@dataclass(frozen=True)
class TrialResult:
    """One trial, from the first cohort to the last.

    Attributes
    ----------
    cohorts
        In order of treatment.
    mtd
        Maximum tolerated level; None if there is none.
    reason
        Why the trial ended there.
    history
        Notation, as ``"1NNN 2NTT"``.
    seed
        Of the population, kept so that the trial can be repeated.
    """

    cohorts: tuple[TrialCohort, ...]
    mtd: int | None
    reason: str
    history: str
    seed: int


def conduct(
    design: Design,
    population: Population,
    treat: Treat,
    seed: int,
    *,
    regimens: Sequence[RegimenOf],
    is_dlt: str,
) -> TrialResult:
    """One trial on virtual patients, with the reason of every decision.

    Patients 0, 1, 2, ... of the population arrive in this order whatever the design, so designs
    are compared on the same patients. Every cohort is observed to its end before the next begins.

    Parameters
    ----------
    design
        The rules.
    population
        ``(start, n)`` to patients with a leading axis.
    treat
        The river, for a batch: patients and regimens with a leading axis to courses with one.
    seed
        Of the population. Nothing is drawn here; the seed goes into the result.
    regimens
        For each level, what its patients are given.
    is_dlt
        Event of the outcome whose ``happened`` says that there was a dose-limiting toxicity.

    Raises
    ------
    InputError
        If there is not one regimen for each level, the population is exhausted, or the design has
        no end.
    MissingError
        If the outcome holds no such event.
    """
    if len(regimens) != design.levels:
        raise InputError(
            f"{len(regimens)} regimens are given for {design.levels} levels. Give one for each."
        )
    history, cohorts = History(), []
    advice = design.advise(history)
    while (level := advice.next_level) is not None:
        check_ends(history.total)
        patients = population(history.total, advice.size)
        numbers = _numbers(patients, history.total, advice.size)
        course = treat(patients, regimens[level - 1](patients))
        toxic = np.asarray(course.outcome.happened)[..., course.outcome.index(is_dlt)]
        outcomes = _letters(toxic, advice.size)
        history = history.then(level, outcomes)
        advice = design.advise(history)
        cohorts.append(
            TrialCohort(len(cohorts) + 1, level, numbers, outcomes, advice.decision, advice.reason)
        )
    return TrialResult(tuple(cohorts), advice.mtd, advice.reason, str(history), seed)


def _numbers(patients: Patient, start: int, n: int) -> tuple[int, ...]:
    """Numbers of the patients, if there are enough."""
    numbers = tuple(int(i) for i in np.atleast_1d(np.asarray(patients.number)))
    if len(numbers) < n:
        raise InputError(
            f"The population is exhausted: {n} patients are needed after the first {start}, "
            f"{len(numbers)} are left. Give a larger population, or end the trial with StopAt("
            f"{start + len(numbers)})."
        )
    return numbers


def _letters(toxic: np.ndarray, n: int) -> str:
    """Outcomes in the notation of `History`."""
    if toxic.shape != (n,):
        raise InputError(
            f"treat answered with outcomes of shape {toxic.shape} for {n} patients. It must take "
            "and return a batch: wrap it in jax.vmap."
        )
    return "".join("T" if t else "N" for t in toxic)
