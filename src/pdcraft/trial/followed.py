"""Patients as they stand on one day: some observed to the end, some still under observation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pdcraft.domain import InputError
from pdcraft.trial.history import Cohort, History


@dataclass(frozen=True)
class Followed:
    """What is known of every treated patient on the day of a decision.

    Attributes
    ----------
    level
        Dose level of each, from 1.
    toxic
        Whether a dose-limiting toxicity has been seen.
    followup_d
        Time to the toxicity, or observed without one, at most the window. d.
    window_d
        Within which a toxicity is dose-limiting. d.
    left
        Who left before the window ended without a toxicity; empty for nobody.

    Raises
    ------
    InputError
        If there is not one entry for each patient.

    Examples
    --------
    >>> now = Followed((1, 1, 2), (False, True, False), (56.0, 20.0, 14.0), window_d=56.0)
    >>> str(now.history), now.pending_d(2), now.pending_d(1)
    ('1N 1T 2N', (14.0,), ())
    """

    level: tuple[int, ...]
    toxic: tuple[bool, ...]
    followup_d: tuple[float, ...]
    window_d: float
    left: tuple[bool, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.level) == len(self.toxic) == len(self.followup_d):
            raise InputError("level, toxic and followup_d need one entry for each patient.")
        if self.left and len(self.left) != len(self.level):
            raise InputError("left needs one entry for each patient, or none.")

    @cached_property
    def history(self) -> History:
        """One cohort for each patient; who is under observation counts as free of toxicity."""
        return History(
            tuple(Cohort(j, "T" if t else "N") for j, t in zip(self.level, self.toxic, strict=True))
        )

    def pending_d(self, level: int) -> tuple[float, ...]:
        """Follow-up of the patients at a level who are under observation. d."""
        left = self.left or (False,) * len(self.level)
        each = zip(self.level, self.toxic, self.followup_d, left, strict=True)
        return tuple(
            u for j, t, u, gone in each if j == level and not (t or gone) and u < self.window_d
        )

    def incomplete_d(self, level: int) -> tuple[float, ...]:
        """Follow-up of all without toxicity who were not observed to the end, gone or not. d."""
        each = zip(self.level, self.toxic, self.followup_d, strict=True)
        return tuple(u for j, t, u in each if j == level and not t and u < self.window_d)

    @property
    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Level, toxic and follow-up in h, as the time-to-event designs take them."""
        return (
            np.asarray(self.level, int), np.asarray(self.toxic, bool),
            24.0 * np.asarray(self.followup_d, float),
        )  # fmt: skip
