"""What a rule is, what it advises and why; what every design of rules can do."""

from __future__ import annotations

import abc
import itertools
import warnings
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from jaxtyping import Int

from pdcraft.domain import InputError, ValidityWarning
from pdcraft.trial.counts import Counts, Moves
from pdcraft.trial.followed import Followed
from pdcraft.trial.history import Cohort, History

DECISIONS = ("start", "escalate", "expand", "stay", "de-escalate", "stop", "wait")
"""Words for what follows a cohort; ``expand`` is what the 3+3 calls more patients at a level, and
``wait`` holds accrual until more is known of the patients under observation."""
MOST_PATIENTS = 1_000
"""A trial that has not ended by then has no rule that ends it."""


@dataclass(frozen=True)
class Advice:
    """What to do next, and why.

    Attributes
    ----------
    decision
        One of `DECISIONS`.
    next_level
        Level of the next cohort; None when the trial stops.
    size
        Patients of the next cohort.
    ceiling
        Highest level that may still be given; rules may lower it, never raise it.
    mtd
        Maximum tolerated level by what is known; None if there is none (yet).
    reasons
        Sentences in the order in which the rules spoke.
    """

    decision: str
    next_level: int | None
    size: int
    ceiling: int
    mtd: int | None = None
    reasons: tuple[str, ...] = ()

    @property
    def stops(self) -> bool:
        """Whether the trial ends here."""
        return self.next_level is None

    def go(self, level: int, decision: str, reason: str) -> Advice:
        """Changed copy: treat the next cohort at ``level``."""
        return replace(self, decision=decision, next_level=level, reasons=(*self.reasons, reason))

    def stop(self, reason: str, *, mtd: int | None) -> Advice:
        """Changed copy: treat nobody more."""
        return replace(
            self, decision="stop", next_level=None, mtd=mtd, reasons=(*self.reasons, reason)
        )

    def wait(self, reason: str) -> Advice:
        """Changed copy: treat nobody until more is known."""
        return replace(self, decision="wait", reasons=(*self.reasons, reason))

    @property
    def reason(self) -> str:
        """All reasons in one line."""
        return "; ".join(self.reasons)


class AbstractRule(abc.ABC):
    """One part of a design: hears the history and the advice so far, returns it or a changed copy.

    A changed copy carries one more reason. Rules are frozen values without memory.

    Attributes
    ----------
    needs_complete_outcomes
        Whether the rule cannot judge patients who are still under observation.
    reads_counts_only
        Whether only counts per level, the last level and what the rule `recalls` matter, not the
        order of cohorts; `operating_characteristics` needs this.
    hears_efficacy
        Whether the rule reads efficacy beside toxicity, so that histories must hold it.
    levels
        Levels that the rule is made for; None for any number.
    """

    needs_complete_outcomes: ClassVar[bool] = True
    reads_counts_only: ClassVar[bool] = False
    hears_efficacy: ClassVar[bool] = False
    levels: int | None = None

    @abc.abstractmethod
    def advise(self, history: History, advice: Advice) -> Advice:
        """The advice, or a changed copy with a reason appended. ``history`` is not empty."""

    def hear(self, now: Followed, advice: Advice) -> Advice:
        """As `advise`, with patients still under observation.

        Rules that can weigh them do so here; for the others they count as free of toxicity.
        """
        return self.advise(now.history, advice)

    def start(self, advice: Advice) -> Advice:
        """The advice for the first cohort, or a changed copy; most rules leave it as it is."""
        return advice

    def recalls(self, last: Cohort) -> Hashable:
        """What matters of the last cohort beside its level and the counts; nothing for most."""
        return None

    def advise_counts(self, counts: Counts, moves: Moves) -> Moves:
        """`advise` for many histories at once; a rule that has it says `advises_counts`."""
        raise NotImplementedError

    def choose_counts(self, counts: Counts, moves: Moves) -> Int[np.ndarray, "state"] | None:
        """MTD if the trial ended here, 0 for none; None if the rule chooses none. ``[state]``."""
        return None

    @property
    def advises_counts(self) -> bool:
        """Whether many histories can be judged at once."""
        return type(self).advise_counts is not AbstractRule.advise_counts

    def recalls_counts(self, counts: Counts) -> np.ndarray | None:
        """`recalls` for many histories at once."""
        return None


@dataclass(frozen=True)
class Pathway:
    """One way a trial can go: the history and what the design then advises."""

    history: History
    advice: Advice


@dataclass(frozen=True)
class AbstractDesign(abc.ABC):
    """What follows from asking rules in the order in which they speak; see `Design`."""

    rules: tuple[AbstractRule, ...]
    levels: int
    cohort_size: int = 3

    def __post_init__(self) -> None:
        if not self.rules or not all(isinstance(rule, AbstractRule) for rule in self.rules):
            raise InputError(
                "rules must be one or more rules in a tuple, as (BOIN(0.25), StopAt(30))."
            )
        for name, value in (("levels", self.levels), ("cohort_size", self.cohort_size)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InputError(f"{name} = {value} must be a whole number of at least 1.")
        for rule in self.rules:
            if rule.levels not in (None, self.levels):
                raise InputError(
                    f"{type(rule).__name__} is made for {rule.levels} levels, the design has "
                    f"{self.levels}. Give both the same number."
                )

    @abc.abstractmethod
    def then(self, *rules: AbstractRule) -> AbstractDesign:
        """The design with more rules, which may overrule the ones before."""

    @property
    def needs_complete_outcomes(self) -> bool:
        """Whether a cohort must be observed to its end before the next is treated."""
        return any(rule.needs_complete_outcomes for rule in self.rules)

    @property
    def reads_counts_only(self) -> bool:
        """Whether the order of cohorts does not matter to any rule."""
        return all(rule.reads_counts_only for rule in self.rules)

    @property
    def hears_efficacy(self) -> bool:
        """Whether a rule reads efficacy beside toxicity."""
        return any(rule.hears_efficacy for rule in self.rules)

    @property
    def forgets_order(self) -> bool:
        """Whether only the numbers of outcomes at each level and the last cohort matter."""
        return all(rule.reads_counts_only or rule.hears_efficacy for rule in self.rules)

    @property
    def recalls_cohorts(self) -> bool:
        """Whether a rule reads the outcomes of the last cohort apart from the counts."""
        return any(type(rule).recalls is not AbstractRule.recalls for rule in self.rules)

    def recalls(self, last: Cohort) -> tuple[Hashable, ...]:
        """What matters to the rules of the last cohort beside its level and the counts."""
        return tuple(rule.recalls(last) for rule in self.rules)

    @property
    def advises_counts(self) -> bool:
        """Whether all rules can judge many histories at once."""
        return all(rule.advises_counts for rule in self.rules)

    def advise_counts(self, counts: Counts) -> Moves:
        """`advise` for many histories at once, without reasons."""
        moves = Moves.none_yet(len(counts.level), self.cohort_size, self.levels)
        for rule in self.rules:
            moves = rule.advise_counts(counts, moves)
        return moves

    def choose_counts(self, counts: Counts, moves: Moves) -> Int[np.ndarray, "state"]:
        """MTD of trials that end in these states, 0 for none or where they are barred."""
        chosen = (rule.choose_counts(counts, moves) for rule in self.rules)
        mtd = [levels for levels in chosen if levels is not None]
        last = mtd[-1] if mtd else np.zeros(len(counts.level), int)
        return np.where(moves.barred, 0, last)

    def advise(self, history: History | str) -> Advice:
        """What the design says after a history.

        Parameters
        ----------
        history
            A `History` or its notation.

        Raises
        ------
        InputError
            If the history cannot be read, holds a level that the design does not have, or a rule
            breaks its contract.
        """
        if isinstance(history, str):
            history = History.read(history)
        if history.highest > self.levels:
            raise InputError(
                f"'{history}' holds level {history.highest}; the design has levels 1 to "
                f"{self.levels}. Correct the level, or give the design more levels."
            )
        advice = Advice("start", 1, self.cohort_size, self.levels)
        if not history.cohorts:
            for rule in self.rules:
                advice = rule.start(advice)
            return replace(advice, reasons=("no patient treated yet: begin at level 1",))
        for rule in self.rules:
            advice = _checked(rule, advice, rule.advise(history, advice))
            if advice.stops:
                break
        return advice

    def hear(self, now: Followed) -> Advice:
        """What the design says on a day on which patients may be under observation.

        The first rule that stops the trial or lets it wait has the last word. Errors as `advise`.

        Warns
        -----
        ValidityWarning
            If the design cannot weigh patients under observation, which then count as free of
            toxicity; the message says how many.

        Examples
        --------
        >>> from pdcraft.trial import CRM, TITECRM, Design, NoSkipping
        >>> crm = CRM(0.25, (0.1, 0.25, 0.4), estimator="plug-in")
        >>> design = Design((TITECRM(crm, window_h=56 * 24.0), NoSkipping()), 3, cohort_size=1)
        >>> design.hear(Followed((1, 1), (False, False), (56.0, 3.0), 56.0)).next_level
        2
        """
        if not now.level:
            return self.advise(History())
        if max(now.level) > self.levels:
            raise InputError(f"A patient is at level {max(now.level)} of {self.levels} levels.")
        if self.needs_complete_outcomes:
            self._warn_of_pending(now)
        advice = Advice("start", 1, self.cohort_size, self.levels)
        for rule in self.rules:
            advice = _checked(rule, advice, rule.hear(now, advice))
            if advice.stops or advice.decision == "wait":
                break
        return advice

    def _warn_of_pending(self, now: Followed) -> None:
        """Say how many patients count as free of toxicity before they are."""
        pending = {j: len(now.pending_d(j)) for j in sorted(set(now.level))}
        said = ", ".join(
            f"{k} of {now.level.count(j)} at level {j}" for j, k in pending.items() if k
        )
        if said:
            names = ", ".join(type(r).__name__ for r in self.rules if r.needs_complete_outcomes)
            warnings.warn(
                f"{names} cannot weigh patients under observation and count them as free of "
                f"toxicity: {said}. Wait until they are observed for {now.window_d:g} d, or take a "
                "time-to-event design.",
                ValidityWarning,
                stacklevel=3,
            )

    def paths(self, *, cohorts: int | None = None) -> tuple[Pathway, ...]:
        """Every way in which the trial can go (dose-transition pathways).

        Paths differ in the number of toxicities (and of efficacy, if a rule hears of it) in a
        cohort, not in which patient had them.

        Parameters
        ----------
        cohorts
            Length at which paths are cut; None follows each to the end of the trial.

        Raises
        ------
        InputError
            If a path does not end (a design without a rule that stops it).

        Examples
        --------
        >>> from pdcraft.trial import Design, ThreePlusThree
        >>> design = Design(rules=(ThreePlusThree("A"),), levels=2)
        >>> [str(path.history) for path in design.paths(cohorts=1)]
        ['1NNN', '1NNT', '1NTT', '1TTT']
        """
        if cohorts is not None and cohorts < 1:
            raise InputError(f"cohorts = {cohorts} must be at least 1, or None for whole trials.")
        ended, open_ = [], [Pathway(History(), self.advise(History()))]
        while open_:
            path = open_.pop()
            level, size = path.advice.next_level, path.advice.size
            if level is None or len(path.history.cohorts) == cohorts:
                ended.append(path)
                continue
            check_ends(path.history.total)
            for seen in _cohorts(size, "BTEN" if self.hears_efficacy else "TN"):
                history = path.history.then(level, seen)
                open_.append(Pathway(history, self.advise(history)))
        return tuple(ended)


def _cohorts(size: int, letters: str) -> tuple[str, ...]:
    """Outcomes of a cohort that differ in their numbers; those of the first letter first."""
    every = itertools.combinations_with_replacement(letters, size)
    return tuple("".join(reversed(seen)) for seen in every)


def check_ends(patients: int, most: int = MOST_PATIENTS) -> None:
    """Refuse to follow a trial that has no end.

    Raises
    ------
    InputError
        If more than ``most`` patients have been treated.
    """
    if patients > most:
        raise InputError(
            f"The trial has not ended after {patients} patients. Add StopAt(n) to the rules of the "
            "design."
        )


def _checked(rule: AbstractRule, before: Advice, after: Advice) -> Advice:
    """The advice of a rule, if it keeps the contract of `AbstractRule`."""
    if after is before or after == before:
        return after
    name = type(rule).__name__
    if len(after.reasons) <= len(before.reasons):
        raise InputError(f"{name} changed the advice without a reason. Append one to its reasons.")
    if after.ceiling > before.ceiling:
        raise InputError(
            f"{name} raised the ceiling from level {before.ceiling} to {after.ceiling}. A rule may "
            "only lower it."
        )
    if after.next_level is not None and not 1 <= after.next_level <= after.ceiling:
        raise InputError(
            f"{name} sends the next cohort to level {after.next_level}; levels 1 to "
            f"{after.ceiling} are open. Advise one of these, or stop."
        )
    return after
