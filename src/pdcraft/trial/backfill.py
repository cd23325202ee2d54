"""Backfill: patients at lower levels while a cohort is watched, and what their outcomes change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pdcraft.domain import InputError
from pdcraft.trial.history import History
from pdcraft.trial.rule import AbstractDesign, AbstractRule, Advice
from pdcraft.trial.tabulated import AbstractTabulated, Row

_CAUTION = {"escalate": 0, "stay": 1, "de-escalate": 2}


@dataclass(frozen=True)
class PoolBackfilled(AbstractRule):
    """A tabulated rule whose decision a lower level that looks worse may overrule.

    If a lower level calls for more caution than the current level d does (down, or stay where d
    says up), the highest such level b is pooled with all up to d, and the pooled rate decides. If
    it says down, the next cohort goes to the highest level k below d whose pool of b to k does not
    say down, else below b. Closing of levels and choice of the MTD are those of the rule.

    Attributes
    ----------
    rule
        As ``BOIN(0.25)``.

    Raises
    ------
    InputError
        If the rule does not decide by a table of counts.

    Notes
    -----
    Any lower level is looked at, backfilled or not. One that has not been backfilled was left by
    going up, and its counts still say so.

    References
    ----------
    zhao2024, Table 2; docs/theory/trial.md, Eq. 42

    Examples
    --------
    >>> from pdcraft.trial import BOIN, Design
    >>> seen = History.of_counts((3, 9, 3), (0, 4, 0), level=3)
    >>> Design((BOIN(0.25),), 5).advise(seen).next_level
    4
    >>> Design((PoolBackfilled(BOIN(0.25)),), 5).advise(seen).next_level  # 4 of 12, then 4 of 9
    1
    """

    rule: AbstractTabulated
    reads_counts_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not isinstance(self.rule, AbstractTabulated):
            raise InputError(
                f"{type(self.rule).__name__} does not decide by a table of counts. Pool the levels "
                "of BOIN, Keyboard, mTPI, mTPI-2, i3+3 or a DecisionTable."
            )

    def decision_table(self, most: int) -> tuple[Row, ...]:
        """The table of the rule, for levels that no lower one overrules."""
        return self.rule.decision_table(most)

    def word(self, n: Sequence[int], dlt: Sequence[int]) -> str:
        """Decision by the counts of some levels together; ``stay`` without patients."""
        return self.rule.verdict(sum(n), sum(dlt)).decision if sum(n) else "stay"

    def advise(self, history: History, advice: Advice) -> Advice:
        """The advice of the rule, or that of the pooled levels."""
        after, level = self.rule.advise(history, advice), history.level
        if after.stops or level > after.ceiling:
            return after
        n, dlt = history.counts(level)
        own = self.word(n[-1:], dlt[-1:])
        doubts = [b for b in range(1, level) if self._doubts(n[b - 1], dlt[b - 1], own)]
        if not doubts:
            return after
        b = doubts[-1]
        pooled = self.word(n[b - 1 :], dlt[b - 1 :])
        seen = f"levels {b} to {level} together: {sum(dlt[b - 1 :])} of {sum(n[b - 1 :])} patients"
        if pooled == "escalate" and level < after.ceiling:
            return after.go(level + 1, pooled, f"{seen}: up to level {level + 1}")
        if pooled != "de-escalate":
            return after.go(level, "stay", f"{seen}: stay")
        milder = [k for k in range(b, level)
                  if self.word(n[b - 1 : k], dlt[b - 1 : k]) != pooled]  # fmt: skip
        to = milder[-1] if milder else max(b - 1, 1)
        return after.go(to, pooled, f"{seen}: down to level {to}")

    def _doubts(self, n: int, dlt: int, own: str) -> bool:
        """Whether a lower level calls for more caution than ``own``."""
        word = self.rule.verdict(n, dlt).decision if n else "escalate"
        return word == "de-escalate" or _CAUTION[word] > _CAUTION[own]


@dataclass(frozen=True)
class Backfill:
    """Who comes while a cohort is watched is treated at a lower level that is open.

    Open is a level below the current one with fewer than ``cap`` patients, a response seen at it
    or below, and not closed: neither by the rule, nor because both its own rate and that pooled
    with the next level say down (then levels above it are closed too). The highest open one is
    given; without one the patient is turned away. Outcomes of backfilled patients count for every
    decision once they are complete.

    Attributes
    ----------
    cap
        Patients at a level, those of cohorts among them, at which it takes no backfill.
    cohort_patients
        Patients in cohorts after which the trial ends, backfilled ones not counted.

    Raises
    ------
    InputError
        If a number is below 1.

    References
    ----------
    zhao2024; docs/theory/trial.md, section Backfill

    Examples
    --------
    >>> from pdcraft.trial import BOIN, Design
    >>> design = Design((PoolBackfilled(BOIN(0.25)),), 3)
    >>> Backfill(cap=12).level(design, 3, treated=(3, 12, 3), seen=((3, 12), (0, 2)), responds=1)
    1
    """

    cap: int = 12
    cohort_patients: int = 30

    def __post_init__(self) -> None:
        if self.cap < 1 or self.cohort_patients < 1:
            raise InputError(
                f"cap = {self.cap} and cohort_patients = {self.cohort_patients} must be at least 1."
            )

    def level(
        self,
        design: AbstractDesign,
        current: int,
        *,
        treated: Sequence[int],
        seen: tuple[Sequence[int], Sequence[int]],
        responds: int | None,
    ) -> int | None:
        """Level for a backfilled patient; None if none is open.

        Parameters
        ----------
        design
            Its `PoolBackfilled` rule closes levels.
        current
            Level of the cohort that is watched.
        treated
            Patients given each level so far. ``[level]``
        seen
            Patients and toxicities of complete outcomes, at least of the levels below.
        responds
            Lowest level at which a response has been seen; None for none.
        """
        if responds is None:
            return None
        pool, (n, dlt) = pool_of(design), seen
        top = current - 1
        for b in range(1, current):
            fewest = pool.rule.eliminate_at(n[b - 1])
            shut = fewest is not None and dlt[b - 1] >= fewest
            toxic = all(
                pool.word(n[b - 1 : to], dlt[b - 1 : to]) == "de-escalate" for to in (b, b + 1)
            )
            if shut or toxic:
                top = b - 1
                break
        open_ = [b for b in range(responds, top + 1) if treated[b - 1] < self.cap]
        return open_[-1] if open_ else None


def pool_of(design: AbstractDesign) -> PoolBackfilled:
    """The rule of a design that pools levels.

    Raises
    ------
    InputError
        If there is none, or the design reads more than counts.
    """
    found = [rule for rule in design.rules if isinstance(rule, PoolBackfilled)]
    if not found or not design.reads_counts_only:
        raise InputError(
            "Backfill needs a design that reads counts only, with PoolBackfilled(BOIN(0.25)) or "
            "another tabulated rule in it: without it the backfilled patients are not judged."
        )
    return found[0]
