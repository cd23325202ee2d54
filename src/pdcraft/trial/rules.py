"""Rules that accompany a design: no skipping, an end, a safety stop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from scipy.special import bdtr, betainc

from pdcraft.domain import InputError
from pdcraft.trial.beta_binomial import toxic_probability
from pdcraft.trial.counts import Counts, Moves
from pdcraft.trial.history import History
from pdcraft.trial.rule import AbstractRule, Advice


@dataclass(frozen=True)
class NoSkipping(AbstractRule):
    """Goes up to the level above the highest one treated, never further.

    Examples
    --------
    >>> far = Advice("escalate", 4, size=3, ceiling=5, reasons=("the model says so",))
    >>> NoSkipping().advise(History.read("1NNN"), far).reason
    'the model says so; level 2 has not been treated yet: level 2 before level 4'
    """

    needs_complete_outcomes: ClassVar[bool] = False
    reads_counts_only: ClassVar[bool] = True

    def advise_counts(self, counts: Counts, moves: Moves) -> Moves:
        """`advise` for many histories at once."""
        return moves.go(np.minimum(moves.level, counts.highest + 1))

    def advise(self, history: History, advice: Advice) -> Advice:
        """The advice, its level lowered where it skips one."""
        first_new, wanted = history.highest + 1, advice.next_level
        if wanted is None or wanted <= first_new:
            return advice
        reason = f"level {first_new} has not been treated yet: level {first_new} before level "
        decision = "escalate" if first_new > history.level else "stay"
        return advice.go(first_new, decision, f"{reason}{wanted}")


@dataclass(frozen=True)
class StopAt(AbstractRule):
    """Ends the trial after so many patients; the last cohort is smaller if need be.

    The MTD is what the rules before it would choose then.

    Raises
    ------
    InputError
        If ``patients`` is less than 1.

    Examples
    --------
    >>> from pdcraft.trial import BOIN, Design
    >>> design = Design(rules=(BOIN(0.30), StopAt(6)), levels=5)
    >>> advice = design.advise("1NNN 2NTN")
    >>> advice.mtd, advice.reasons[-1]
    (2, 'all 6 patients of the trial are treated')
    """

    patients: int
    reads_counts_only: ClassVar[bool] = True
    needs_complete_outcomes: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.patients < 1:
            raise InputError(f"patients = {self.patients} must be at least 1.")

    def advise_counts(self, counts: Counts, moves: Moves) -> Moves:
        """`advise` for many histories at once."""
        left = self.patients - counts.total
        return replace(moves, size=np.minimum(moves.size, left)).stop(left <= 0)

    def advise(self, history: History, advice: Advice) -> Advice:
        """Stop, or the advice with no more patients than are left."""
        left = self.patients - history.total
        if left <= 0:
            return advice.stop(
                f"all {self.patients} patients of the trial are treated", mtd=advice.mtd
            )
        if left >= advice.size:
            return advice
        reason = f"{left} of {self.patients} patients are left for the last cohort"
        return replace(advice, size=left, reasons=(*advice.reasons, reason))


@dataclass(frozen=True)
class StopWhenTooToxic(AbstractRule):
    r"""Ends the trial without MTD when a level's rate probably exceeds the target.

    .. math:: \Pr(p_{level} > \phi \mid y, n) > c

    under a uniform prior, with at least ``least_n`` patients at the level. With ``level = 1`` and
    a smaller :math:`c` than the elimination of BOIN, this is its option ``extrasafe``. Put it
    before the rule that decides.

    Attributes
    ----------
    target, probability
        :math:`\phi, c`.
    level
        The level that is watched.
    least_n
        Patients without whom nothing is decided.

    Raises
    ------
    InputError
        Unless target and probability lie between 0 and 1 and level is at least 1.

    References
    ----------
    boin_r, get.oc, extrasafe; docs/theory/trial.md, Eq. 4

    Examples
    --------
    >>> from pdcraft.trial import BOIN, Design
    >>> rules = (StopWhenTooToxic(0.30, probability=0.90), BOIN(0.30))
    >>> Design(rules=rules, levels=5).advise("1NTT").decision
    'stop'
    """

    target: float
    probability: float
    level: int = 1
    least_n: int = 3
    reads_counts_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for name, value in (("target", self.target), ("probability", self.probability)):
            if not 0 < value < 1:
                raise InputError(f"{name} = {value:g} must lie between 0 and 1.")
        if self.level < 1:
            raise InputError(f"level = {self.level} must be at least 1; levels count from 1.")

    def advise_counts(self, counts: Counts, moves: Moves) -> Moves:
        """`advise` for many histories at once."""
        n, dlt = counts.n[:, self.level - 1], counts.dlt[:, self.level - 1]
        above = bdtr(dlt, n + 1, self.target)
        return moves.stop((n >= self.least_n) & (above > self.probability), barred=True)

    def advise(self, history: History, advice: Advice) -> Advice:
        """Stop, or the advice unchanged."""
        n, dlt = history.n(self.level), history.dlt(self.level)
        if n < self.least_n:
            return advice
        above = toxic_probability(self.target, n, dlt)
        if above <= self.probability:
            return advice
        return advice.stop(
            f"{history.describe(self.level)}: its rate is above {self.target:g} with probability "
            f"{above:.3f} > {self.probability:g}",
            mtd=None,
        )


@dataclass(frozen=True)
class StopAtLevel(AbstractRule):
    """Ends the trial when the design stays at a level that has had so many patients.

    A level to which the trial returns is treated once more, as in the R package BOIN.

    Raises
    ------
    InputError
        If ``patients`` is less than 1.

    References
    ----------
    boin_r, get.oc, n.earlystop

    Examples
    --------
    >>> from pdcraft.trial import BOIN, Design
    >>> design = Design((BOIN(0.30), StopAtLevel(6)), levels=5)
    >>> design.advise("1NNN 2NNT 2NNT").reasons[-1]
    'level 2 has had 6 patients, 6 are enough'
    """

    patients: int
    reads_counts_only: ClassVar[bool] = True
    needs_complete_outcomes: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.patients < 1:
            raise InputError(f"patients = {self.patients} must be at least 1.")

    def advise_counts(self, counts: Counts, moves: Moves) -> Moves:
        """`advise` for many histories at once."""
        n, _ = counts.at(counts.level)
        return moves.stop((n >= self.patients) & (moves.level == counts.level))

    def advise(self, history: History, advice: Advice) -> Advice:
        """Stop, or the advice unchanged."""
        level = history.level
        if level != advice.next_level or history.n(level) < self.patients:
            return advice
        n = history.n(level)
        return advice.stop(
            f"level {level} has had {n} patients, {self.patients} are enough", mtd=advice.mtd
        )


@dataclass(frozen=True)
class StopWhenPrecise(AbstractRule):
    r"""Ends the trial when the rate at the level of the next cohort is known well enough.

    .. math:: \Pr(a \le p_{next} \le b \mid y, n) \ge c

    under a uniform prior, from the patients of that level alone.

    Attributes
    ----------
    low, high
        :math:`a, b`, rates that are near enough to the target.
    probability
        :math:`c`.
    least_n
        Patients at the level without whom the trial goes on.

    Raises
    ------
    InputError
        Unless 0 <= low < high <= 1 and the probability lies between 0 and 1.

    References
    ----------
    docs/theory/trial.md, Eq. 34

    Examples
    --------
    >>> from pdcraft.trial import BOIN, Design
    >>> design = Design((BOIN(0.30), StopWhenPrecise(0.15, 0.45, 0.70)), levels=5)
    >>> design.advise("1NNN 2NNT 2NNT 2NNT 2NNT").reasons[-1]
    'its rate at level 2 lies within 0.15 to 0.45 with probability 0.738, 0.7 is enough'
    """

    low: float
    high: float
    probability: float
    least_n: int = 6
    reads_counts_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 <= self.low < self.high <= 1:
            raise InputError(
                f"low = {self.low:g} and high = {self.high:g} must rise within 0 to 1: rates near "
                "enough to the target, as 0.2 and 0.35."
            )
        if not 0 < self.probability < 1:
            raise InputError(f"probability = {self.probability:g} must lie between 0 and 1.")

    def within(self, n: np.ndarray | int, dlt: np.ndarray | int) -> np.ndarray:
        """Probability that the rate lies within ``low`` to ``high``."""
        a, b = 1 + np.asarray(dlt, float), 1 + np.asarray(n, float) - np.asarray(dlt, float)
        return betainc(a, b, self.high) - betainc(a, b, self.low)

    def advise_counts(self, counts: Counts, moves: Moves) -> Moves:
        """`advise` for many histories at once."""
        n, dlt = counts.at(np.maximum(moves.level, 1))
        return moves.stop((n >= self.least_n) & (self.within(n, dlt) >= self.probability))

    def advise(self, history: History, advice: Advice) -> Advice:
        """Stop, or the advice unchanged."""
        level = advice.next_level
        if level is None or history.n(level) < self.least_n:
            return advice
        within = float(self.within(history.n(level), history.dlt(level)))
        if within < self.probability:
            return advice
        return advice.stop(
            f"its rate at level {level} lies within {self.low:g} to {self.high:g} with probability "
            f"{within:.3f}, {self.probability:g} is enough",
            mtd=advice.mtd,
        )
