"""Designs on the same simulated patients, where an exact answer is not at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from pdcraft.domain import InputError
from pdcraft.trial.counts import Counts
from pdcraft.trial.history import Cohort, History
from pdcraft.trial.oc import check_rates
from pdcraft.trial.rule import AbstractDesign, Advice, check_ends
from pdcraft.trial.simulated import SimulatedTrials

LONGEST = 200
"""Patients that are drawn for each trial; a design that needs more is refused."""


def compare(
    designs: Mapping[str, AbstractDesign],
    dlt_probability: Sequence[float],
    *,
    trials: int,
    seed: int,
) -> dict[str, SimulatedTrials]:
    r"""Simulated trials of every design on the same patients, with their Monte Carlo errors.

    Patient i of trial t has a tolerance :math:`u_{ti}`, uniform on 0 to 1, and a toxicity at the
    levels with :math:`p_j > u_{ti}`. So the same patient meets every design, and the error of a
    difference is smaller than that of two separate simulations.

    Parameters
    ----------
    designs
        By name, all with the same number of levels.
    dlt_probability
        Rate of toxicity at every level; it must not fall. ``[level]``
    trials, seed
        How many, and from where.

    Raises
    ------
    InputError
        If designs differ in levels, rates fall or are none, or a design has no end.

    References
    ----------
    sweeting2024, common patients; docs/theory/trial.md, Eq. 29

    Examples
    --------
    >>> from pdcraft.trial import BOIN, Design, StopAt, ThreePlusThree
    >>> designs = {"BOIN": Design((BOIN(0.25), StopAt(18)), 2),
    ...            "3+3": Design((ThreePlusThree("A"),), 2)}
    >>> found = compare(designs, [0.25, 0.5], trials=200, seed=1)
    >>> more, error = found["BOIN"].selected_more_than(found["3+3"])
    >>> bool(more[0] > 2 * error[0])
    True
    """
    levels = {name: design.levels for name, design in designs.items()}
    if len(set(levels.values())) != 1:
        raise InputError(f"The designs must have the same number of levels; they have {levels}.")
    if trials < 1:
        raise InputError(f"trials = {trials} must be at least 1.")
    tolerance = np.random.default_rng(seed).random((trials, LONGEST))
    return {name: simulate(design, dlt_probability, tolerance) for name, design in designs.items()}


def simulate(
    design: AbstractDesign,
    dlt_probability: Sequence[float],
    tolerance: Float[np.ndarray, "trial patient"],
) -> SimulatedTrials:
    """Trials of one design on patients with these tolerances.

    Parameters
    ----------
    design
        Any rules, also those that read the order of cohorts.
    dlt_probability
        Rate of toxicity at every level; it must not fall. ``[level]``
    tolerance
        From 0 to 1; a patient has a toxicity at levels with a higher rate.

    Raises
    ------
    InputError
        If rates fall or are none, a tolerance is none, or a trial needs more patients.
    """
    p = np.asarray(dlt_probability, float)
    check_rates(design.levels, p)
    if p.ndim != 1 or np.any(np.diff(p) < 0):
        raise InputError(
            f"dlt_probability = {p.tolist()} must be one rate for each level and must not fall: a "
            "patient who does not tolerate a level does not tolerate a higher one."
        )
    tolerance = np.asarray(tolerance, float)
    if tolerance.ndim != 2 or not np.all((tolerance >= 0) & (tolerance <= 1)):
        raise InputError("tolerance must be [trial, patient], with values from 0 to 1.")
    run = _all_at_once if design.advises_counts and len(tolerance) else _one_by_one
    level, mtd = run(design, p, tolerance)
    treated = max(int(np.max(np.nonzero(level.any(axis=0))[0], initial=0)) + 1, 1)
    level = level[:, :treated].astype(int)
    toxic = (level > 0) & (tolerance[:, :treated] < np.append(0.0, p)[level])
    return SimulatedTrials(level, toxic, mtd, design.levels)


def _all_at_once(
    design: AbstractDesign, p: np.ndarray, tolerance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Levels of patients and MTDs; a cohort of every trial at a time."""
    start, trials = design.advise(History()), len(tolerance)
    level, mtd = np.zeros(tolerance.shape, np.int8), np.zeros(trials, int)
    n, dlt = np.zeros((2, trials, design.levels), int)
    here, size = np.full(trials, start.next_level), np.full(trials, start.size)
    treated, rows = np.zeros(trials, int), np.arange(trials)
    while len(rows):
        check_ends(int((treated + size).max()), tolerance.shape[1])
        place = treated[:, None] + np.arange(size.max())
        inside = place < (treated + size)[:, None]
        place = np.minimum(place, tolerance.shape[1] - 1)
        drawn = tolerance[rows[:, None], place]
        toxic = ((drawn < p[here - 1][:, None]) & inside).sum(axis=1)
        at = np.nonzero(inside)
        level[rows[at[0]], place[at]] = here[at[0]]
        every = np.arange(len(rows))
        n[every, here - 1] += size
        dlt[every, here - 1] += toxic
        counts = Counts(n, dlt, here, size, toxic)
        moves, treated = design.advise_counts(counts), treated + size
        stops = moves.level == 0
        if stops.any():
            mtd[rows[stops]] = design.choose_counts(counts.part(stops), moves.part(stops))
        rows, treated, n, dlt = rows[~stops], treated[~stops], n[~stops], dlt[~stops]
        here, size = moves.level[~stops], moves.size[~stops]
    return level, mtd


def _one_by_one(
    design: AbstractDesign, p: np.ndarray, tolerance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Levels of patients and MTDs; a trial at a time."""
    known: dict[tuple, tuple[History, Advice]] = {}
    level, mtd = np.zeros(tolerance.shape, int), np.zeros(len(tolerance), int)
    for t, patients in enumerate(tolerance):
        mtd[t] = _one(design, p, patients, level[t], known)
    return level, mtd


def _one(
    design: AbstractDesign,
    p: np.ndarray,
    patients: np.ndarray,
    level: np.ndarray,
    known: dict[tuple, tuple[History, Advice]],
) -> int:
    """MTD of one trial, 0 for none; fills in the levels of its patients.

    Advice is remembered by what it depends on: for most designs the counts.
    """
    key: tuple = ()
    while True:
        if key not in known:
            history = history_of(design, key)
            known[key] = history, design.advise(history)
        history, advice = known[key]
        if advice.next_level is None:
            return advice.mtd or 0
        first, here = history.total, advice.next_level
        check_ends(first + advice.size, len(patients))
        level[first : first + advice.size] = here
        dlt = int((patients[first : first + advice.size] < p[here - 1]).sum())
        key = state_after(design, key, Cohort.of_counts(here, advice.size, dlt))


def state_after(design: AbstractDesign, key: tuple, cohort: Cohort) -> tuple:
    """What a trial is known by: counts and last cohort, or all cohorts if their order matters."""
    if not design.reads_counts_only:
        return (*key, cohort)
    n, dlt = (key[0], key[1]) if key else ((0,) * design.levels,) * 2
    i = cohort.level - 1
    n = (*n[:i], n[i] + cohort.n, *n[i + 1 :])
    dlt = (*dlt[:i], dlt[i] + cohort.dlt, *dlt[i + 1 :])
    return n, dlt, cohort


def history_of(design: AbstractDesign, key: tuple) -> History:
    """A history that the key stands for."""
    if not key or not design.reads_counts_only:
        return History(key)
    n, dlt, last = key
    return History.of_counts(n, dlt, level=last.level, last=last)
