"""Who is in a trial in calendar time, and what is known of them on a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from pdcraft.domain import InputError
from pdcraft.trial.design import check_ends
from pdcraft.trial.followed import Followed
from pdcraft.trial.history import Cohort
from pdcraft.trial.outcomes import Outcomes


@dataclass(frozen=True)
class Decision:
    """One cohort (or, with a time-to-event design, one patient) and what was then decided.

    Attributes
    ----------
    opened_d, decided_d
        First patient in; decision. d from the start of the trial.
    level
        Level given, from 1.
    outcomes
        As in `History` for each patient as known on the day of the decision, ``.`` for one under
        observation, ``-`` for one who left and was replaced.
    decision, next_level, reason
        What follows, where, and why.
    """

    opened_d: float
    decided_d: float
    level: int
    outcomes: str
    decision: str
    next_level: int | None
    reason: str


@dataclass(frozen=True)
class TimedTrial:
    """One trial from the first patient to the last observation.

    Attributes
    ----------
    patient
        Rows of the `Outcomes`, in order of enrolment. ``[treated]``
    level, enrolled_d
        Level given, from 1, and when. ``[treated]``
    seen, happened
        Dose-limiting toxicity as the design saw it, and as it was within the window. ``[treated]``
    evaluable
        Observed to the end or to a toxicity. ``[treated]``
    mtd
        Level chosen; 0 for none.
    duration_d
        From the start of recruitment to the last observation.
    turned_away
        Patients who came while recruitment was held.
    decisions
        In order.
    """

    patient: Int[np.ndarray, "treated"]
    level: Int[np.ndarray, "treated"]
    enrolled_d: Float[np.ndarray, "treated"]
    seen: Bool[np.ndarray, "treated"]
    happened: Bool[np.ndarray, "treated"]
    evaluable: Bool[np.ndarray, "treated"]
    mtd: int
    duration_d: float
    turned_away: int
    decisions: tuple[Decision, ...]


class Ward:
    """Patients treated so far in one trial; the only thing in a trial that changes.

    ``draw`` gives the first n arrivals; ``watch_d`` and ``efficacy_by_d`` as in `Conduct`.
    """

    def __init__(
        self,
        outcomes: Outcomes,
        order: np.ndarray,
        draw: Callable[[int], list[float]],
        *,
        watch_d: float,
        efficacy_by_d: float | None,
    ) -> None:
        self.outcomes, self.order, self.watch_d = outcomes, order, watch_d
        self.efficacy_by_d, self._draw = efficacy_by_d, draw
        self._arrivals: list[float] = self._draw(64)
        self._next = 0
        self.turned_away = 0
        self.level: list[int] = []
        self.enrolled: list[float] = []
        self.dlt: list[float] = []  # as watched: inf beyond
        self.leaves: list[float] = []
        self.response: list[float] = []  # as watched: inf beyond

    def arrival(self, not_before: float) -> float:
        """When the next patient comes who is not turned away."""
        while (day := self.coming()) < not_before:
            self.turn_away()
        self._next += 1
        return day

    def turn_away(self) -> None:
        """Let the next patient go."""
        self.turned_away += 1
        self._next += 1

    def coming(self) -> float:
        """When the next patient comes, who is not admitted yet."""
        if self._next == len(self._arrivals):
            self._arrivals = self._draw(2 * len(self._arrivals))
        return self._arrivals[self._next]

    def admit(self, level: int, day: float) -> int:
        """Treat the next patient; returns the place."""
        i = len(self.level)
        check_ends(i)
        if i >= len(self.order):
            raise InputError(
                f"The {len(self.order)} patients of this trial are used up. Give more patients "
                "(study.patients), or end the trial with StopAt."
            )
        row = self.order[i]
        dlt = float(self.outcomes.dlt_d[row, level - 1])
        leaves = float(self.outcomes.leaves_d[row, level - 1])
        self.level.append(level)
        self.enrolled.append(day)
        self.dlt.append(dlt if dlt <= min(self.watch_d, leaves) else np.inf)
        self.leaves.append(leaves)
        response = float(self.outcomes.response_d[row, level - 1])
        by_d = min(self.efficacy_by_d or 0.0, leaves)
        self.response.append(response if response <= by_d else np.inf)
        return i

    def admit_next(
        self, level: int, many: int, day: float, stagger_d: float
    ) -> tuple[list[int], float]:
        """Treat the next so many as they come, at least ``stagger_d`` apart.

        Returns their places, and the day from which on the next one may come.
        """
        places: list[int] = []
        for _ in range(many):
            day = self.arrival(day)
            places.append(self.admit(level, day))
            day += stagger_d
        return places, day

    def known_on(self, i: int) -> float:
        """Day on which the outcome of a patient is known, or it is known that it never will be."""
        safety = min(self.dlt[i], self.leaves[i], self.watch_d)
        efficacy = min(self.response[i], self.leaves[i], self.efficacy_by_d or 0.0)
        return self.enrolled[i] + max(safety, efficacy)

    def cohort(self, members: list[int]) -> Cohort:
        """Evaluable patients of a cohort by their outcomes."""
        if self.efficacy_by_d is None:
            dlt = sum(self.dlt[i] < np.inf for i in members)
            n = sum(map(self.evaluable, members))
            return Cohort.of_counts(self.level[members[0]], n, dlt)
        whole = [i for i in members if self.evaluable(i)]
        return Cohort.of_outcomes(
            self.level[members[0]], [self.dlt[i] < np.inf for i in whole],
            [self.response[i] < np.inf for i in whole],
        )  # fmt: skip

    def evaluable(self, i: int) -> bool:
        """Whether a patient has a toxicity or is watched to the end."""
        return self.dlt[i] < np.inf or self.leaves[i] >= self.watch_d

    def letter(self, i: int, day: float) -> str:
        """What is known of a patient on a day."""
        answered = self.enrolled[i] + self.response[i] <= day
        if self.enrolled[i] + self.dlt[i] <= day:
            return "B" if answered else "T"
        if answered and self.enrolled[i] + self.watch_d <= day:
            return "E"
        if not self.evaluable(i) and self.enrolled[i] + self.leaves[i] <= day:
            return "-"
        return "N" if self.enrolled[i] + self.watch_d <= day else "."

    def now(self, day: float) -> Followed:
        """All patients as they stand on a day."""
        since = [day - e for e in self.enrolled]
        toxic = tuple(d <= s for d, s in zip(self.dlt, since, strict=True))
        follow = tuple(
            min(d, s, gone, self.watch_d)
            for d, s, gone in zip(self.dlt, since, self.leaves, strict=True)
        )
        left = tuple(
            gone <= s and gone < self.watch_d for gone, s in zip(self.leaves, since, strict=True)
        )
        return Followed(tuple(self.level), toxic, follow, self.watch_d, left)

    def complete(self, day: float) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Patients and toxicities at every level of complete outcomes on a day."""
        n, dlt = [0] * len(self.outcomes.levels), [0] * len(self.outcomes.levels)
        for i, level in enumerate(self.level):
            if self.evaluable(i) and self.known_on(i) <= day:
                n[level - 1] += 1
                dlt[level - 1] += self.dlt[i] < np.inf
        return tuple(n), tuple(dlt)

    def responds(self, day: float) -> int | None:
        """Lowest level at which a response has been seen by a day."""
        rows = self.order[: len(self.level)], np.asarray(self.level, int) - 1
        after_d = self.outcomes.response_d[rows]
        seen = after_d <= np.minimum(self.outcomes.leaves_d[rows], day - np.asarray(self.enrolled))
        return min((level for level, s in zip(self.level, seen, strict=True) if s), default=None)

    def next_event(self, day: float) -> float:
        """First day after this one on which an outcome becomes known."""
        return min(t for t in map(self.known_on, range(len(self.level))) if t > day)

    def close(self, mtd: int | None, decisions: list[Decision]) -> TimedTrial:
        """The trial as it was."""
        places = np.arange(len(self.level))
        rows, level = self.order[places], np.asarray(self.level, int)
        return TimedTrial(
            rows, level, np.asarray(self.enrolled), np.isfinite(self.dlt),
            self.outcomes.toxic[rows, level - 1],
            np.asarray([self.evaluable(int(i)) for i in places], bool), mtd or 0,
            max(map(self.known_on, range(len(self.level))), default=0.0),
            self.turned_away, tuple(decisions),
        )  # fmt: skip
