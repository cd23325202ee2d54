"""Designs that a table holds: decisions by the counts at the last level, closed levels, the MTD."""

from __future__ import annotations

import abc
from dataclasses import replace
from functools import lru_cache
from typing import ClassVar, NamedTuple

import numpy as np

from pdcraft.trial.counts import Counts, Moves
from pdcraft.trial.history import History
from pdcraft.trial.isotonic import TIE_BREAKER, estimated_rates, estimated_rates_of_many
from pdcraft.trial.rule import AbstractRule, Advice


class Row(NamedTuple):
    """One column of a protocol's decision table: what so many toxicities in ``n`` patients mean.

    None where no number of toxicities means that.
    """

    n: int
    escalate_if_at_most: int | None
    deescalate_if_at_least: int | None
    eliminate_if_at_least: int | None


class Verdict(NamedTuple):
    """What the counts at one level ask for, and why."""

    decision: str
    why: str


class AbstractTabulated(AbstractRule):
    """Up, stay or down by the counts at the last level alone, so that a table holds the design.

    A level may be closed by its counts, with all above it; if level 1 is closed the trial ends.
    The rule never ends a trial by size: add `StopAt`.

    Attributes
    ----------
    target
        The rate of toxicity that is sought; the MTD is nearest to it.
    mtd_bound
        Highest estimated rate of the MTD; None for no bound.
    """

    target: float
    mtd_bound: float | None = None
    reads_counts_only: ClassVar[bool] = True

    @abc.abstractmethod
    def verdict(self, n: int, dlt: int) -> Verdict:
        """``escalate``, ``stay`` or ``de-escalate`` after ``dlt`` of ``n`` patients, and why."""

    @abc.abstractmethod
    def eliminate_at(self, n: int) -> int | None:
        """Fewest toxicities in ``n`` patients that close a level; None if none do."""

    @abc.abstractmethod
    def why_closed(self, n: int, dlt: int) -> str:
        """What closes a level after these counts, in words."""

    def decision_table(self, most: int) -> tuple[Row, ...]:
        """The table for a protocol: toxicities that change the level, for 1 to ``most`` patients.

        Examples
        --------
        >>> from pdcraft.trial import BOIN
        >>> BOIN(0.30).decision_table(6)[5]
        Row(n=6, escalate_if_at_most=1, deescalate_if_at_least=3, eliminate_if_at_least=4)
        """
        rows = []
        for n in range(1, most + 1):
            words = [self.verdict(n, dlt).decision for dlt in range(n + 1)]
            up = [dlt for dlt, word in enumerate(words) if word == "escalate"]
            closed = self.eliminate_at(n)
            down = [dlt for dlt, word in enumerate(words) if word == "de-escalate"]
            down += [] if closed is None else [closed]
            rows.append(Row(n, max(up, default=None), min(down, default=None), closed))
        return tuple(rows)

    def advise(self, history: History, advice: Advice) -> Advice:
        """Decision by the counts at the last level; ``mtd`` is the choice if it ended here."""
        level, seen = history.level, history.describe(history.level)
        closed = self._lowest_closed(history)
        if closed == 1:
            return advice.stop(f"{self._why_closed(history, 1)}; no level is left", mtd=None)
        top = history.highest if closed is None else closed - 1
        ceiling = advice.ceiling if closed is None else min(advice.ceiling, top)
        advice = replace(advice, ceiling=ceiling, mtd=self._choose(history, top))
        if level > ceiling:
            seen = seen if closed is None else self._why_closed(history, closed)
            return advice.go(ceiling, "de-escalate", f"{seen}: down to level {ceiling}")
        decision, why = self.verdict(history.n(level), history.dlt(level))
        if decision == "escalate" and level == ceiling:
            return advice.go(level, "stay", f"{seen}: stay, no higher level is open")
        if decision == "de-escalate" and level == 1:
            return advice.go(level, "stay", f"{seen}: stay, there is no lower level")
        if decision == "escalate":
            return advice.go(level + 1, decision, f"{seen}, {why}: up to level {level + 1}")
        if decision == "de-escalate":
            return advice.go(level - 1, decision, f"{seen}, {why}: down to level {level - 1}")
        return advice.go(level, "stay", f"{seen}, {why}: stay")

    def advise_counts(self, counts: Counts, moves: Moves) -> Moves:
        """`advise` for many histories at once, from the table."""
        step, closes = self._table(int(counts.n.max(initial=0)))
        level, (n, dlt) = counts.level, counts.at(counts.level)
        top = self._open(counts, closes)
        ceiling = np.minimum(moves.ceiling, top)
        to = np.minimum(np.where(level > ceiling, ceiling, level + step[n, dlt]), ceiling)
        moves = replace(moves, ceiling=ceiling).stop(top == 0, barred=True)
        return moves.go(np.maximum(to, 1))

    def choose_counts(self, counts: Counts, moves: Moves) -> np.ndarray:
        """`select_mtd` for many histories at once."""
        _, closes = self._table(int(counts.n.max(initial=0)))
        top = np.minimum(self._open(counts, closes), counts.highest)
        treated = (counts.n > 0) & (np.arange(1, counts.n.shape[1] + 1) <= top[:, None])
        rates = estimated_rates_of_many(counts.n, counts.dlt, treated)
        if self.mtd_bound is not None:
            treated = treated & (rates <= self.mtd_bound)
        distance = np.where(treated, np.abs(rates - self.target), np.inf)
        return np.where(treated.any(axis=1), np.argmin(distance, axis=1) + 1, 0)

    def _open(self, counts: Counts, closes: np.ndarray) -> np.ndarray:
        """Highest level that is not closed; the number of levels if none is."""
        closed = counts.dlt >= closes[counts.n]
        return np.where(closed.any(axis=1), np.argmax(closed, axis=1), counts.n.shape[1])

    def _table(self, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Steps up or down by patients and toxicities; fewest toxicities that close a level."""
        return _tables(self, most)

    def select_mtd(self, history: History | str) -> int | None:
        r"""Level whose isotonic estimate is closest to the target; None if level 1 is closed.

        Of equal estimates below the target the highest level is taken, above it the lowest.

        References
        ----------
        boin_r, select.mtd; docs/theory/trial.md, Eq. 5

        Examples
        --------
        >>> from pdcraft.trial import BOIN
        >>> seen = History.of_counts((3, 3, 15, 9), (0, 0, 4, 4), level=3)
        >>> BOIN(0.30).select_mtd(seen)
        3
        """
        if isinstance(history, str):
            history = History.read(history)
        closed = self._lowest_closed(history)
        return self._choose(history, history.highest if closed is None else closed - 1)

    def _choose(self, history: History, top: int) -> int | None:
        """The MTD among levels up to ``top``."""
        levels = [j for j in range(1, top + 1) if history.n(j)]
        n, dlt = [history.n(j) for j in levels], [history.dlt(j) for j in levels]
        rates = [p + TIE_BREAKER * k for k, p in enumerate(estimated_rates(n, dlt), start=1)]
        if self.mtd_bound is not None:
            rates = [p for p in rates if p <= self.mtd_bound]
        if not rates:
            return None
        distance = [abs(p - self.target) for p in rates]
        return levels[distance.index(min(distance))]

    def _lowest_closed(self, history: History) -> int | None:
        for level in range(1, history.highest + 1):
            fewest = self.eliminate_at(history.n(level))
            if fewest is not None and history.dlt(level) >= fewest:
                return level
        return None

    def _why_closed(self, history: History, level: int) -> str:
        why = self.why_closed(history.n(level), history.dlt(level))
        return f"{history.describe(level)}: {why}, so level {level} and higher are closed"


_STEP = {"escalate": 1, "stay": 0, "de-escalate": -1}


@lru_cache(maxsize=64)
def _tables(rule: AbstractTabulated, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Steps ``[patients, toxicities]`` and fewest toxicities that close a level ``[patients]``."""
    step, closes = np.zeros((most + 1, most + 1), int), np.full(most + 1, most + 1)
    for n in range(1, most + 1):
        step[n, : n + 1] = [_STEP[rule.verdict(n, dlt).decision] for dlt in range(n + 1)]
    for n in range(most + 1):
        fewest = rule.eliminate_at(n)
        closes[n] = most + 1 if fewest is None else fewest
    return step, closes
