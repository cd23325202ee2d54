"""Rules that keep a model-based design from going up too fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pdcraft.domain import InputError
from pdcraft.trial.counts import Counts, Moves
from pdcraft.trial.history import Cohort, History
from pdcraft.trial.rule import AbstractRule, Advice


@dataclass(frozen=True)
class OneLevelUp(AbstractRule):
    """Goes up by one level from the last one, never further, even where levels were treated before.

    References
    ----------
    dfcrm, crmsim(restrict = TRUE), first restriction

    Examples
    --------
    >>> far = Advice("escalate", 3, size=3, ceiling=5, reasons=("the model says so",))
    >>> OneLevelUp().advise(History.read("1NNN 2NNN 3NTT 1NNN"), far).reason
    'the model says so; one level up at a time: level 2 before level 3'
    """

    needs_complete_outcomes: ClassVar[bool] = False
    reads_counts_only: ClassVar[bool] = True

    def advise_counts(self, counts: Counts, moves: Moves) -> Moves:
        """`advise` for many histories at once."""
        return moves.go(np.minimum(moves.level, counts.level + 1))

    def advise(self, history: History, advice: Advice) -> Advice:
        """The advice, its level lowered where it is more than one above the last."""
        next_one, wanted = history.level + 1, advice.next_level
        if wanted is None or wanted <= next_one:
            return advice
        reason = f"one level up at a time: level {next_one} before level {wanted}"
        return advice.go(next_one, "escalate", reason)


@dataclass(frozen=True)
class Coherent(AbstractRule):
    """Does not go up after a cohort in which the target was reached.

    Attributes
    ----------
    target
        Share of toxicities in the last cohort from which on the next one goes no higher.

    Raises
    ------
    InputError
        If the target is no probability.

    References
    ----------
    cheung2005, coherence; dfcrm, crmsim(restrict = TRUE), second restriction

    Examples
    --------
    >>> up = Advice("escalate", 2, size=3, ceiling=5, reasons=("the model says so",))
    >>> Coherent(0.30).advise(History.read("1NNN 1NNT"), up).decision
    'stay'
    """

    target: float
    reads_counts_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 < self.target < 1:
            raise InputError(f"target = {self.target:g} must lie between 0 and 1, as 0.25.")

    def recalls(self, last: Cohort) -> bool:
        """Whether the last cohort reached the target."""
        return last.dlt / last.n >= self.target

    def recalls_counts(self, counts: Counts) -> np.ndarray:
        """`recalls` for many histories at once."""
        return counts.last_dlt / counts.last_n >= self.target

    def advise_counts(self, counts: Counts, moves: Moves) -> Moves:
        """`advise` for many histories at once."""
        held = np.minimum(moves.level, counts.level)
        return moves.go(np.where(self.recalls_counts(counts), held, moves.level))

    def advise(self, history: History, advice: Advice) -> Advice:
        """The advice, or the last level again."""
        last = history.cohorts[-1]
        if advice.next_level is None or advice.next_level <= last.level or not self.recalls(last):
            return advice
        reason = f"{last.dlt} of the last {last.n} patients had one: no higher level after that"
        return advice.go(last.level, "stay", reason)
