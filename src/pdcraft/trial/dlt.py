"""Dose-limiting toxicity as rules on the course of counts: depth, duration, recovery, delay."""

from __future__ import annotations

import abc
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pdcraft.domain import InputError
from pdcraft.trial.trajectory import Trajectories, below_since

CTCAE = ("5.0", "6.0")
"""Versions whose grades of counts differ: grade 4 neutropenia is below 0.5 in one, 0.1 in the other
(10^9/L). A definition by grade means nothing without its version."""


class AbstractToxicityRule(abc.ABC):
    """One way to have a dose-limiting toxicity."""

    @abc.abstractmethod
    def day(self, seen: Trajectories) -> Float[np.ndarray, "patient"]:
        """Days after the first dose on which the rule is broken; ``inf`` if it never is."""

    @property
    @abc.abstractmethod
    def words(self) -> str:
        """The rule in words, for protocol and report."""


@dataclass(frozen=True)
class Below(AbstractToxicityRule):
    """A count below a limit for so many days on end (0: at any instant).

    It is broken when the count has been below for as long as it says, so a long one is late.

    Attributes
    ----------
    marker
        As ``"platelets"``.
    limit
        In the unit of the marker.
    for_d
        Days on end.
    grade, ctcae
        Grade that the limit stands for, and the version that says so; None for a plain limit.

    Raises
    ------
    InputError
        If limit or days cannot be, or a grade comes without its version.

    Examples
    --------
    >>> course = Trajectories(np.arange(5.0), {"platelets": np.array([[80, 40, 20, 20, 60.0]])},
    ...                       np.zeros(1), np.zeros((1, 1)))
    >>> [Below("platelets", 50.0, for_d=d).day(course).round(2).tolist() for d in (0, 2, 4)]
    [[0.75], [2.75], [inf]]
    """

    marker: str
    limit: float
    for_d: float = 0.0
    grade: int | None = None
    ctcae: str | None = None

    def __post_init__(self) -> None:
        if not self.limit > 0 or not self.for_d >= 0:
            raise InputError(
                f"{self.marker} below {self.limit:g} for {self.for_d:g} d: the limit must be above "
                "0 and the days 0 or more."
            )
        if self.grade is not None and self.ctcae not in CTCAE:
            raise InputError(
                f"Grade {self.grade} of {self.marker} needs the version of CTCAE, one of "
                f"{', '.join(CTCAE)}: the two set different limits."
            )

    def day(self, seen: Trajectories) -> Float[np.ndarray, "patient"]:
        """First instant at which the count has been below for long enough."""
        began, until = below_since(seen.day, seen.of(self.marker), self.limit)
        with np.errstate(invalid="ignore"):
            long_enough = until - began >= self.for_d
        return np.where(long_enough, began + self.for_d, np.inf).min(axis=1)

    @property
    def words(self) -> str:
        """As ``platelets below 25 (grade 4, CTCAE 5.0) for 7 d``."""
        graded = f" (grade {self.grade}, CTCAE {self.ctcae})" if self.grade is not None else ""
        long = f" for {self.for_d:g} d or more" if self.for_d else ""
        return f"{self.marker} below {self.limit:g}{graded}{long}"


@dataclass(frozen=True)
class NotRecovered(AbstractToxicityRule):
    """A count that is still below a limit so many days after the last dose that was given.

    Attributes
    ----------
    marker, limit
        As of `Below`.
    by_d
        Days after the last dose.

    Raises
    ------
    InputError
        If limit or days are not positive.
    """

    marker: str
    limit: float
    by_d: float

    def __post_init__(self) -> None:
        if not self.limit > 0 or not self.by_d > 0:
            raise InputError(
                f"{self.marker} not back to {self.limit:g} by day {self.by_d:g}: both must be "
                "above 0."
            )

    def day(self, seen: Trajectories) -> Float[np.ndarray, "patient"]:
        """The day by which it should have recovered."""
        given = np.where(np.isfinite(seen.given_d), seen.given_d, -np.inf)
        due = given.max(axis=1) + self.by_d
        with np.errstate(invalid="ignore"):
            late = seen.at(self.marker, due) < self.limit
        return np.where(late, due, np.inf)

    @property
    def words(self) -> str:
        """As ``platelets not back to 75 by 42 d after the last dose``."""
        return f"{self.marker} not back to {self.limit:g} by {self.by_d:g} d after the last dose"


@dataclass(frozen=True)
class Delayed(AbstractToxicityRule):
    """A planned dose that could not be given in time because counts had not recovered.

    Attributes
    ----------
    by_more_than_d
        Days after the planned one.

    Raises
    ------
    InputError
        If the delay is negative.
    """

    by_more_than_d: float

    def __post_init__(self) -> None:
        if not self.by_more_than_d >= 0:
            raise InputError(f"by_more_than_d = {self.by_more_than_d:g} d must be 0 d or more.")

    def day(self, seen: Trajectories) -> Float[np.ndarray, "patient"]:
        """The day on which the delay is longer than allowed."""
        limit = seen.planned_d + self.by_more_than_d
        late = seen.given_d > limit
        late[:, 0] = False
        if seen.until_d is not None:
            late &= limit < seen.until_d[:, None]
        return np.where(late, limit, np.inf).min(axis=1)

    @property
    def words(self) -> str:
        """As ``next dose delayed by more than 14 d``."""
        return f"next dose delayed by more than {self.by_more_than_d:g} d"


@dataclass(frozen=True)
class DLT:
    """When a patient has a dose-limiting toxicity: the first of some rules, within a window.

    Attributes
    ----------
    rules
        `Below`, `NotRecovered`, `Delayed`, or your own.
    window_d
        Days from the first dose within which a toxicity is dose-limiting.

    Raises
    ------
    InputError
        If there is no rule or no window.

    Examples
    --------
    >>> course = Trajectories(np.arange(5.0), {"platelets": np.array([[80, 40, 20, 20, 60.0]])},
    ...                       np.zeros(1), np.zeros((1, 1)))
    >>> DLT((Below("platelets", 50.0, for_d=2), Below("platelets", 30.0)), window_d=28).day(course)
    array([1.5])
    """

    rules: tuple[AbstractToxicityRule, ...]
    window_d: float

    def __post_init__(self) -> None:
        if not self.rules or not self.window_d > 0:
            raise InputError(
                f"A dose-limiting toxicity needs at least one rule and a window_d above 0 d; got "
                f"{len(self.rules)} rules and {self.window_d:g} d."
            )

    def day(self, seen: Trajectories) -> Float[np.ndarray, "patient"]:
        """Day of the first rule broken, also after the window; ``inf`` if none is broken.

        Late ones are kept so that a design can be told what it does not see.
        """
        return self._days(seen).min(axis=0)

    def rule(self, seen: Trajectories) -> Int[np.ndarray, "patient"]:
        """Position of the rule broken first, from 1; 0 if none is broken."""
        days = self._days(seen)
        return np.where(np.isfinite(days.min(axis=0)), days.argmin(axis=0) + 1, 0)

    def _days(self, seen: Trajectories) -> Float[np.ndarray, "rule patient"]:
        return np.stack([rule.day(seen) for rule in self.rules])
