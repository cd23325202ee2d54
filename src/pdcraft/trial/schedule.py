"""What a dose level gives: amounts in the trial's unit, on planned days."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from pdcraft.domain import InputError
from pdcraft.trial.dose_unit import AbstractDoseUnit, PerSurface


@dataclass(frozen=True)
class Schedule:
    """What a level gives: amounts in the trial's unit on planned days.

    Attributes
    ----------
    name
        As it stands in reports.
    amounts
        In ``unit.unit``, one for each dose.
    planned_d
        Days after the first; the first is 0. d.
    unit
        One of the dose units.
    optional
        Whether doses after the first are extra, so that nobody who does without them is
        under-dosed (a second course), and not fractions of one dose.

    Raises
    ------
    InputError
        If there is not one amount for each day, amounts are not positive, or days do not rise
        from 0.
    """

    name: str
    amounts: tuple[float, ...]
    planned_d: tuple[float, ...] = (0.0,)
    unit: AbstractDoseUnit = field(default_factory=PerSurface)
    optional: bool = False

    def __post_init__(self) -> None:
        if not self.amounts or len(self.amounts) != len(self.planned_d):
            raise InputError(
                f"'{self.name}' has {len(self.amounts)} amounts and {len(self.planned_d)} days; it "
                "needs at least one of both and as many of one as of the other."
            )
        if min(self.amounts) <= 0:
            raise InputError(f"'{self.name}': amounts {self.amounts} must be above 0.")
        rises = all(a < b for a, b in itertools.pairwise(self.planned_d))
        if self.planned_d[0] != 0 or not rises:
            raise InputError(f"'{self.name}': days {self.planned_d} must rise from 0.")

    @property
    def total(self) -> float:
        """All amounts together, in the trial's unit."""
        return sum(self.amounts)
