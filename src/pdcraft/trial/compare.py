"""Designs on the same simulated patients, where an exact answer is not at hand."""

from __future__ import annotations

import zlib
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
_EFFICACY = zlib.crc32(b"efficacy of a patient")


def compare(
    designs: Mapping[str, AbstractDesign],
    dlt_probability: Sequence[float],
    *,
    efficacy_probability: Sequence[float] | None = None,
    trials: int,
    seed: int,
) -> dict[str, SimulatedTrials]:
    r"""Simulated trials of every design on the same patients, with their Monte Carlo errors.

    Patient i of trial t has a tolerance :math:`u_{ti}`, uniform on 0 to 1, and a toxicity at the
    levels with :math:`p_j > u_{ti}`. So the same patient meets every design, and the error of a
    difference is smaller than that of two separate simulations. In the same way an own draw, not
    related to the tolerance, decides on efficacy, whose rate may fall from level to level.

    Parameters
    ----------
    designs
        By name, all with the same number of levels.
    dlt_probability
        Rate of toxicity at every level; it must not fall. ``[level]``
    efficacy_probability
        Rate of efficacy at every level, which designs like `BOIN12` need. ``[level]``
    trials, seed
        How many, and from where.

    Raises
    ------
    InputError
        If designs differ in levels, rates fall or are none, a design has no end, or one hears of
        efficacy and there is no rate of it.

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
    efficacy = None
    if efficacy_probability is not None:
        apart = np.random.default_rng([seed, _EFFICACY]).random((trials, LONGEST))
        efficacy = np.asarray(efficacy_probability, float), apart
    return {
        name: simulate(design, dlt_probability, tolerance, efficacy=efficacy)
        for name, design in designs.items()
    }


def simulate(
    design: AbstractDesign,
    dlt_probability: Sequence[float],
    tolerance: Float[np.ndarray, "trial patient"],
    *,
    efficacy: tuple[np.ndarray, np.ndarray] | None = None,
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
    efficacy
        Rate of efficacy ``[level]``, and the same as ``tolerance`` for efficacy.

    Raises
    ------
    InputError
        If rates fall or are none, a tolerance is none, a trial needs more patients, or the design
        hears of efficacy and there is none.
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
    q, resists = _checked(design, efficacy, tolerance)
    if design.advises_counts and len(tolerance):
        level, mtd = _all_at_once(design, p, tolerance)
    else:
        level, mtd = _one_by_one(design, (p, q), (tolerance, resists))
    treated = max(int(np.max(np.nonzero(level.any(axis=0))[0], initial=0)) + 1, 1)
    level = level[:, :treated].astype(int)
    toxic = (level > 0) & (tolerance[:, :treated] < np.append(0.0, p)[level])
    effective = None
    if efficacy is not None:
        effective = (level > 0) & (resists[:, :treated] < np.append(0.0, q)[level])
    return SimulatedTrials(level, toxic, mtd, design.levels, effective=effective)


def _checked(
    design: AbstractDesign, efficacy: tuple[np.ndarray, np.ndarray] | None, tolerance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rates of efficacy and draws; without them nobody responds, if the design does not ask."""
    if efficacy is None:
        if design.hears_efficacy:
            raise InputError(
                "The design decides by efficacy too. Give efficacy_probability, one rate of it for "
                f"each of the {design.levels} levels."
            )
        return np.zeros(design.levels), np.broadcast_to(1.0, tolerance.shape)
    q, resists = np.asarray(efficacy[0], float), np.asarray(efficacy[1], float)
    if q.shape != (design.levels,) or not np.all((q >= 0) & (q <= 1)):
        raise InputError(
            f"efficacy_probability = {q.tolist()} must be one probability for each of the "
            f"{design.levels} levels."
        )
    if resists.shape != tolerance.shape:
        raise InputError("efficacy must be drawn for the same trials and patients as tolerance.")
    return q, resists


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
    design: AbstractDesign,
    rates: tuple[np.ndarray, np.ndarray],
    drawn: tuple[np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Levels of patients and MTDs; a trial at a time. Pairs are of toxicity and efficacy."""
    known: dict[tuple, tuple[History, Advice]] = {}
    level, mtd = np.zeros(drawn[0].shape, int), np.zeros(len(drawn[0]), int)
    for t, patients in enumerate(zip(*drawn, strict=True)):
        mtd[t] = _one(design, rates, patients, level[t], known)
    return level, mtd


def _one(
    design: AbstractDesign,
    rates: tuple[np.ndarray, np.ndarray],
    patients: tuple[np.ndarray, np.ndarray],
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
        check_ends(first + advice.size, len(level))
        these = slice(first, first + advice.size)
        level[these] = here
        toxic, effective = (u[these] < p[here - 1] for p, u in zip(rates, patients, strict=True))
        if design.hears_efficacy:
            cohort = Cohort.of_outcomes(here, toxic, effective)
        else:
            cohort = Cohort.of_counts(here, advice.size, int(toxic.sum()))
        key = state_after(design, key, cohort)


def state_after(design: AbstractDesign, key: tuple, cohort: Cohort) -> tuple:
    """What a trial is known by: counts and last cohort, or all cohorts if their order matters."""
    if design.hears_efficacy and design.forgets_order:
        return (*_by_level(key), cohort)
    if not design.reads_counts_only:
        return (*key, cohort)
    n, dlt = (key[0], key[1]) if key else ((0,) * design.levels,) * 2
    i = cohort.level - 1
    n = (*n[:i], n[i] + cohort.n, *n[i + 1 :])
    dlt = (*dlt[:i], dlt[i] + cohort.dlt, *dlt[i + 1 :])
    return n, dlt, cohort


def _by_level(cohorts: tuple[Cohort, ...]) -> tuple[Cohort, ...]:
    """The cohorts of each level as one, by level."""
    seen: dict[int, str] = {}
    for cohort in cohorts:
        seen[cohort.level] = seen.get(cohort.level, "") + cohort.outcomes
    return tuple(Cohort(level, "".join(sorted(seen[level]))) for level in sorted(seen))


def history_of(design: AbstractDesign, key: tuple) -> History:
    """A history that the key stands for."""
    if not key or not design.reads_counts_only:
        return History(key)
    n, dlt, last = key
    return History.of_counts(n, dlt, level=last.level, last=last)
