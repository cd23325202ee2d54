"""A cap on the absorbed dose of an organ: levels above it are never given."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from pdcraft.domain import InputError
from pdcraft.trial.counts import Counts, Moves
from pdcraft.trial.followed import Followed
from pdcraft.trial.history import History
from pdcraft.trial.rule import AbstractRule, Advice


@dataclass(frozen=True)
class DoseCap(AbstractRule):
    """Opens only levels whose cumulative absorbed dose to an organ stays within a limit.

    Put it first: rules after it see the lower ceiling. The dose of a level is that of all its
    planned doses together, for the patient who decides: a mean, or the 95th percentile of the
    population if few may exceed the limit.

    Attributes
    ----------
    organ
        As it stands in the reasons, as ``"red marrow"``.
    dose_Gy
        Cumulative absorbed dose at every level, rising. Gy.
    limit_Gy
        Highest dose that may be given. Gy.

    Raises
    ------
    InputError
        If doses do not rise, or the limit closes level 1.

    Examples
    --------
    >>> from pdcraft.trial import BOIN, Design
    >>> cap = DoseCap("red marrow", (0.8, 1.3, 1.9, 2.4), limit_Gy=2.0)
    >>> design = Design((cap, BOIN(0.30)), levels=4)
    >>> design.advise("1NNN 2NNN 3NNN").reasons[0]
    'red marrow would get 2.4 Gy at level 4, above 2 Gy: levels above 3 are closed'
    """

    organ: str
    dose_Gy: tuple[float, ...]
    limit_Gy: float
    reads_counts_only: ClassVar[bool] = True
    needs_complete_outcomes: ClassVar[bool] = False

    def __post_init__(self) -> None:
        rises = all(a < b for a, b in itertools.pairwise((0.0, *self.dose_Gy)))
        if not self.dose_Gy or not rises:
            raise InputError(
                f"dose_Gy = {self.dose_Gy} must rise from above 0 Gy, one dose for each level. "
                "Order the levels by dose."
            )
        if not self.limit_Gy > 0:
            raise InputError(f"limit_Gy = {self.limit_Gy:g} Gy must be greater than 0 Gy.")
        if self.top == 0:
            raise InputError(
                f"limit_Gy = {self.limit_Gy:g} Gy for the {self.organ} closes even level 1 with "
                f"{self.dose_Gy[0]:g} Gy. Begin with a lower level, or raise the limit."
            )

    @property
    def levels(self) -> int:
        """Levels that have a dose."""
        return len(self.dose_Gy)

    @property
    def top(self) -> int:
        """Highest level within the limit."""
        return sum(dose <= self.limit_Gy for dose in self.dose_Gy)

    def start(self, advice: Advice) -> Advice:
        """The ceiling holds from the first cohort on."""
        return replace(advice, ceiling=min(advice.ceiling, self.top))

    def advise_counts(self, counts: Counts, moves: Moves) -> Moves:
        """`advise` for many histories at once."""
        ceiling = np.minimum(moves.ceiling, self.top)
        return replace(moves, ceiling=ceiling).go(np.minimum(moves.level, ceiling))

    def advise(self, history: History, advice: Advice) -> Advice:
        """The advice with a lower ceiling."""
        if advice.ceiling <= self.top:
            return advice
        reason = (
            f"{self.organ} would get {self.dose_Gy[self.top]:.4g} Gy at level {self.top + 1}, "
            f"above {self.limit_Gy:g} Gy: levels above {self.top} are closed"
        )
        lowered = replace(advice, ceiling=self.top, reasons=(*advice.reasons, reason))
        if advice.next_level is not None and advice.next_level > self.top:
            lowered = replace(lowered, next_level=self.top)
        return lowered

    def hear(self, now: Followed, advice: Advice) -> Advice:
        """As `advise`: the cap does not depend on outcomes."""
        return self.advise(now.history, advice)
