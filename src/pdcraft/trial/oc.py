"""Exact operating characteristics of a design: all trials, merged where they agree."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from pdcraft.domain import InputError
from pdcraft.trial.counts import Counts, Moves
from pdcraft.trial.history import Cohort, History
from pdcraft.trial.rule import AbstractDesign, Advice, check_ends

State = tuple[tuple[int, ...], tuple[int, ...], int, Hashable]
"""Patients and toxicities at every level, the last level, what rules recall of the last cohort."""


@dataclass(frozen=True)
class OperatingCharacteristics:
    """What a design does under given rates of toxicity; no Monte Carlo error.

    Attributes
    ----------
    selected
        Probability that the level is the MTD. ``[*scenario, level]``
    none
        Probability that no level is. ``[*scenario]``
    patients, dlt
        Expected patients and toxicities at the level. ``[*scenario, level]``
    stopped_early
        Probability of fewer patients than the longest trial of the design. ``[*scenario]``
    states
        Number of merged states.
    """

    selected: Float[np.ndarray, "*scenario level"]
    none: Float[np.ndarray, "*scenario"]
    patients: Float[np.ndarray, "*scenario level"]
    dlt: Float[np.ndarray, "*scenario level"]
    stopped_early: Float[np.ndarray, "*scenario"]
    states: int


def operating_characteristics(
    design: AbstractDesign, dlt_probability: Sequence[float] | Float[np.ndarray, "*scenario level"]
) -> OperatingCharacteristics:
    r"""Selection, patients and toxicities per level, exactly.

    Trials with equal counts and equal last level have the same future (with a rule such as
    `Coherent`: if also their last cohorts agree in what it recalls), so with :math:`s = (n, y, d)`
    probability flows from cohort to cohort,

    .. math:: P(s') = \sum_{s \to s'} P(s) \binom{m}{k} p_{d'}^k (1-p_{d'})^{m-k},

    where :math:`d'` and :math:`m` are the level and size that the design advises in :math:`s`.

    Parameters
    ----------
    design
        Its rules must read counts only.
    dlt_probability
        Rate of toxicity at every level. ``[*scenario, level]``

    Raises
    ------
    InputError
        If a rule reads more than counts, a rate is outside 0 to 1, there is not one for each
        level, or the design has no end.

    References
    ----------
    docs/theory/trial.md, Eq. 6

    Examples
    --------
    >>> from pdcraft.trial import Design, ThreePlusThree
    >>> design = Design(rules=(ThreePlusThree("A"),), levels=2)
    >>> oc = operating_characteristics(design, [0.1, 0.3])
    >>> float(oc.none.round(4)), oc.selected.round(4).tolist()
    (0.0939, [0.4583, 0.4479])
    """
    p = np.asarray(dlt_probability, dtype=float)
    _check(design, p)
    many = p.reshape(-1, design.levels)
    merge = _merge_many if design.advises_counts else _merge_one_by_one
    n, dlt, mtd, weight, states = merge(design, many)
    total = n.sum(axis=1)
    chosen = mtd[:, None] == np.arange(design.levels + 1)
    selected = weight.T @ chosen
    shape = p.shape[:-1]
    return OperatingCharacteristics(
        selected[:, 1:].reshape(p.shape),
        selected[:, 0].reshape(shape),
        (weight.T @ n).reshape(p.shape),
        (weight.T @ dlt).reshape(p.shape),
        (weight.T @ (total < total.max())).reshape(shape),
        states,
    )


def check_rates(levels: int, p: np.ndarray) -> None:
    """Refuse what is not one probability for each level.

    Raises
    ------
    InputError
        If the last axis is not that of the levels or a rate is no probability.
    """
    if p.ndim == 0 or p.shape[-1] != levels:
        raise InputError(
            f"dlt_probability has shape {p.shape}; its last axis needs one rate for each of the "
            f"{levels} levels."
        )
    if not np.all((p >= 0) & (p <= 1)):
        raise InputError(f"dlt_probability = {p.tolist()} must lie between 0 and 1.")


def _check(design: AbstractDesign, p: np.ndarray) -> None:
    if not design.reads_counts_only:
        names = [type(r).__name__ for r in design.rules if not r.reads_counts_only]
        raise InputError(
            f"{', '.join(names)} may read more than counts per level, so trials cannot be merged. "
            "Simulate trials with compare() or conduct()."
        )
    check_rates(design.levels, p)


class _Ends(NamedTuple):
    """States in which the trial ends, and how many states were met on the way."""

    n: np.ndarray
    dlt: np.ndarray
    mtd: np.ndarray
    weight: np.ndarray
    states: int


def _merge_many(design: AbstractDesign, p: np.ndarray) -> _Ends:
    """All trials, a cohort at a time: the states after it are judged and merged together."""
    start = design.advise(History())
    zero = np.zeros((1, design.levels), np.int16)
    one = np.ones(1, int)
    counts = Counts(zero, zero, one, one, one)
    moves = replace(Moves.none_yet(1, start.size, design.levels), level=one * start.next_level)
    flow, ended, states = np.ones((1, len(p))), [], 0
    while True:
        states += len(flow)
        stops = moves.level == 0
        if stops.any():
            last = counts.part(stops)
            mtd = design.choose_counts(last, moves.part(stops))
            ended.append((last.n, last.dlt, mtd, flow[stops]))
        if stops.all():
            n, dlt, mtd, weight = (np.concatenate(part) for part in zip(*ended, strict=True))
            return _Ends(n.astype(float), dlt.astype(float), mtd, weight, states)
        go = ~stops
        check_ends(int(counts.total.max()))
        counts, flow = _treat(counts.part(go), moves.level[go], moves.size[go], flow[go], p)
        counts, flow = _merge(design, counts, flow)
        moves = design.advise_counts(counts)


def _treat(
    counts: Counts, level: np.ndarray, size: np.ndarray, flow: np.ndarray, p: np.ndarray
) -> tuple[Counts, np.ndarray]:
    """What follows when every state treats its next cohort, with the flow of probability."""
    parts = []
    for m in np.unique(size):
        at = size == m
        chance = np.array(_binomial(int(m), p.T))  # [toxicities, level, scenario]
        rows, i = np.arange(at.sum()), level[at] - 1
        for k in range(m + 1):
            n, dlt = counts.n[at].copy(), counts.dlt[at].copy()
            n[rows, i] += m
            dlt[rows, i] += k
            same = np.ones(len(rows), int)
            after = Counts(n, dlt, level[at], m * same, k * same)
            parts.append((after, flow[at] * chance[k, i]))
    counts = Counts(*(np.concatenate(a) for a in zip(*(c for c, _ in parts), strict=True)))
    return counts, np.concatenate([f for _, f in parts])


def _merge(design: AbstractDesign, counts: Counts, flow: np.ndarray) -> tuple[Counts, np.ndarray]:
    """One of each set of states that no rule tells apart, with their probabilities added."""
    recalled = [r.recalls_counts(counts) for r in design.rules]
    apart = [np.asarray(r)[:, None] for r in recalled if r is not None]
    keys = np.hstack([counts.n, counts.dlt, counts.level[:, None], *apart]).astype(np.int16)
    rows = np.ascontiguousarray(keys).view(np.dtype((np.void, keys.shape[1] * keys.itemsize)))
    _, first, which = np.unique(rows[:, 0], return_index=True, return_inverse=True)
    order = np.argsort(which, kind="stable")
    begins = np.searchsorted(which[order], np.arange(len(first)))
    return counts.part(first), np.add.reduceat(flow[order], begins, axis=0)


def _merge_one_by_one(design: AbstractDesign, p: np.ndarray) -> _Ends:
    """All trials, a state at a time: for rules that judge one history only."""
    ends, states = _ends(design, p)
    mtd = np.array([advice.mtd or 0 for _, advice, _ in ends])
    n, dlt = (np.array([state[i] for state, _, _ in ends], float) for i in (0, 1))
    return _Ends(n, dlt, mtd, np.array([flow for _, _, flow in ends]), states)


def _ends(
    design: AbstractDesign, p: np.ndarray
) -> tuple[list[tuple[State, Advice, np.ndarray]], int]:
    """States in which the trial ends, with the probability of each in every scenario."""
    zero = (0,) * design.levels
    flows: dict[State, tuple[History, np.ndarray]] = {
        (zero, zero, 0, None): (History(), np.ones(len(p)))
    }
    cohorts: dict[tuple[int, int], list[tuple[Cohort, Hashable, np.ndarray]]] = {}
    ends, states, apart = [], 0, design.recalls_cohorts
    while flows:
        after: dict[State, tuple[History, np.ndarray]] = {}
        for state, (history, flow) in flows.items():
            states += 1
            advice = design.advise(history)
            level, m = advice.next_level, advice.size
            if level is None:
                ends.append((state, advice, flow))
                continue
            check_ends(history.total)
            if (level, m) not in cohorts:
                cohorts[level, m] = _outcomes(design, level, m, p[:, level - 1])
            n, dlt, i = state[0], state[1], level - 1
            treated = (*n[:i], n[i] + m, *n[level:])
            for cohort, recalled, chance in cohorts[level, m]:
                toxic = (*dlt[:i], dlt[i] + cohort.dlt, *dlt[level:])
                reached = (treated, toxic, level, recalled)
                share = flow * chance
                if reached in after:
                    after[reached] = (after[reached][0], after[reached][1] + share)
                    continue
                last = cohort if apart else None
                merged = History.of_counts(treated, toxic, level=level, last=last)
                after[reached] = (merged, share)
        flows = after
    return ends, states


def _outcomes(
    design: AbstractDesign, level: int, m: int, p: np.ndarray
) -> list[tuple[Cohort, Hashable, np.ndarray]]:
    """Cohorts of ``m`` patients, what rules recall of each, its probability in every scenario."""
    cohorts = [Cohort.of_counts(level, m, k) for k in range(m + 1)]
    chances = _binomial(m, p)
    return [(c, design.recalls(c), chance) for c, chance in zip(cohorts, chances, strict=True)]


def _binomial(m: int, p: np.ndarray) -> list[np.ndarray]:
    """Probability of 0 to ``m`` toxicities in ``m`` patients, in every scenario."""
    return [math.comb(m, k) * p**k * (1 - p) ** (m - k) for k in range(m + 1)]
