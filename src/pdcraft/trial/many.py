"""Many trials of several designs on the same patients: operating characteristics with errors."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from pdcraft.domain import InputError, ValidityWarning
from pdcraft.trial.calendar import Conduct
from pdcraft.trial.outcomes import Outcomes
from pdcraft.trial.pool import Pool
from pdcraft.trial.ward import TimedTrial

SHOWN = 3
"""Trials whose every decision is kept."""
LATE_SHARE = 0.05
"""Share of the toxicities that a design may miss without a warning."""


@dataclass(frozen=True)
class ManyTrials:
    """Trials of one design; every number comes with its standard error.

    Attributes
    ----------
    pool
        Who was in which trial.
    mtd
        Level chosen; 0 for none. ``[trial]``
    treated, seen, happened
        Patients at each level; toxicities as the design saw them, and as they were within the
        window. ``[trial, level]``
    duration_d, turned_away, replaced
        ``[trial]``
    shown
        The first trials with all their decisions.

    """

    pool: Pool
    mtd: Int[np.ndarray, "trial"]
    treated: Int[np.ndarray, "trial level"]
    seen: Int[np.ndarray, "trial level"]
    happened: Int[np.ndarray, "trial level"]
    duration_d: Float[np.ndarray, "trial"]
    turned_away: Int[np.ndarray, "trial"]
    replaced: Int[np.ndarray, "trial"]
    shown: tuple[TimedTrial, ...]

    @property
    def levels(self) -> int:
        """Number of levels."""
        return self.treated.shape[1]

    @property
    def chosen(self) -> Bool[np.ndarray, "trial choice"]:
        """Whether no level (first column), level 1, 2, ... was chosen."""
        return self.mtd[:, None] == np.arange(self.levels + 1)

    def estimate(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean over trials of something counted in each, and its standard error."""
        return self.pool.mean(values)


def simulate_trials(
    designs: Mapping[str, Conduct],
    outcomes: Outcomes,
    *,
    trials: int,
    per_trial: int,
    seed: int,
) -> dict[str, ManyTrials]:
    """Trials of every design on the same patients, who come at the same times.

    Parameters
    ----------
    designs
        By name.
    outcomes
        Of the whole pool at every level.
    trials
        How many of each design.
    per_trial
        Most patients that a trial may need, replaced ones included.
    seed
        Of the draws from the pool and of the arrivals.

    Raises
    ------
    InputError
        If the pool is too small, or a design does not fit the outcomes.

    Warns
    -----
    ValidityWarning
        If a design decides before toxicities that it should have counted.

    Examples
    --------
    >>> from pdcraft.trial import BOIN, Conduct, Design, Poisson, StopAt, known_rates
    >>> boin = Conduct(Design((BOIN(0.25), StopAt(18)), 2), Poisson.at(2.0))
    >>> patients = known_rates([0.25, 0.5], patients=400, seed=1)
    >>> found = simulate_trials({"BOIN": boin}, patients, trials=40, per_trial=20, seed=1)["BOIN"]
    >>> rate, error = found.estimate(found.chosen)
    >>> bool(rate[1] > 0.6), len(rate)
    (True, 3)
    """
    if trials < 1:
        raise InputError(f"trials = {trials} must be at least 1.")
    for name, conduct in designs.items():
        _warn_of_late_toxicity(name, conduct, outcomes)
    pool = Pool(outcomes.patients, per_trial, seed)
    return {name: _many(conduct, outcomes, pool, trials) for name, conduct in designs.items()}


def _many(conduct: Conduct, outcomes: Outcomes, pool: Pool, trials: int) -> ManyTrials:
    every = [conduct.run(outcomes, pool.order(t), seed=pool.seed, trial=t) for t in range(trials)]
    levels = np.arange(1, len(outcomes.levels) + 1)

    def counted(one: TimedTrial, flag: np.ndarray) -> np.ndarray:
        return ((one.level[:, None] == levels) & flag[:, None]).sum(axis=0)

    return ManyTrials(
        pool, np.array([t.mtd for t in every]),
        np.stack([counted(t, np.ones(len(t.level), bool)) for t in every]),
        np.stack([counted(t, t.seen) for t in every]),
        np.stack([counted(t, t.happened) for t in every]),
        np.array([t.duration_d for t in every]), np.array([t.turned_away for t in every]),
        np.array([int((~t.evaluable).sum()) for t in every]), tuple(every[:SHOWN]),
    )  # fmt: skip


def _warn_of_late_toxicity(name: str, conduct: Conduct, outcomes: Outcomes) -> None:
    watch_d = conduct.watch(outcomes)
    missed, rate = outcomes.missed(watch_d), outcomes.dlt_rate
    if rate.sum() == 0 or missed.sum() <= LATE_SHARE * rate.sum():
        return
    said = ", ".join(
        f"{level}: {100 * m:.0f} of {100 * r:.0f} %"
        for level, m, r in zip(outcomes.levels, missed, rate, strict=True)
    )
    warnings.warn(
        f"Design '{name}' watches patients for {watch_d:g} d and counts later toxicities as none; "
        f"the definition holds for {outcomes.window_d:g} d. It misses, of the patients with a "
        f"dose-limiting toxicity, {said}. Watch for {outcomes.window_d:g} d, or take a "
        "time-to-event design.",
        ValidityWarning,
        stacklevel=3,
    )
