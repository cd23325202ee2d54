"""One trial in calendar time: who comes when, what is known on the day of each decision."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from pdcraft.domain import InputError
from pdcraft.trial.accrual import AbstractAccrual
from pdcraft.trial.compare import history_of, state_after
from pdcraft.trial.design import Advice, Design, check_ends
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


@dataclass(frozen=True)
class Conduct:
    """A design with all that the calendar asks of it.

    Attributes
    ----------
    design
        The rules. One that needs complete outcomes waits for every patient of a cohort; the others
        decide whenever a patient comes.
    accrual
        How patients come.
    watch_d
        Days for which the design watches a patient; None for the whole window of the definition.
        A shorter one makes the trial quick and blind to late toxicity.
    min_followup_d
        Of the last patient before a new cohort begins; for designs that do not wait anyway.
    stagger_d
        Between patients of one cohort.
    efficacy_by_d
        Days within which a response counts, for designs that hear of efficacy; who leaves before
        has not responded.

    Raises
    ------
    InputError
        If a time is negative or nothing is watched.
    """

    design: Design
    accrual: AbstractAccrual
    watch_d: float | None = None
    min_followup_d: float = 0.0
    stagger_d: float = 0.0
    efficacy_by_d: float | None = None
    _known: dict[tuple, Advice] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.watch_d is not None and not self.watch_d > 0:
            raise InputError(f"watch_d = {self.watch_d:g} d must be above 0 d.")
        if not self.min_followup_d >= 0 or not self.stagger_d >= 0:
            raise InputError("min_followup_d and stagger_d must be 0 d or more.")
        if self.efficacy_by_d is not None:
            if not self.efficacy_by_d > 0:
                raise InputError(f"efficacy_by_d = {self.efficacy_by_d:g} d must be above 0 d.")
            if not self.design.needs_complete_outcomes:
                raise InputError(
                    "Efficacy is heard of by designs that wait for complete outcomes, as BOIN12; "
                    "this one does not wait. Leave efficacy_by_d out."
                )

    def watch(self, outcomes: Outcomes) -> float:
        """Days for which patients are watched.

        Raises
        ------
        InputError
            If they are watched for longer than a toxicity is dose-limiting.
        """
        watch_d = outcomes.window_d if self.watch_d is None else self.watch_d
        if watch_d > outcomes.window_d:
            raise InputError(
                f"watch_d = {watch_d:g} d is longer than the window of the dose-limiting toxicity, "
                f"{outcomes.window_d:g} d. Lengthen the window or watch for as long as it is."
            )
        return watch_d

    def run(
        self, outcomes: Outcomes, order: Int[np.ndarray, "patient"], *, seed: int, trial: int = 0
    ) -> TimedTrial:
        """One trial on these patients in this order.

        Parameters
        ----------
        outcomes
            Of every patient at every level.
        order
            Rows of ``outcomes``: the k-th patient to be treated is the same in every design.
        seed, trial
            Of the arrivals.

        Raises
        ------
        InputError
            If the order is used up, the design does not end, or levels do not agree.
        """
        if self.design.levels != len(outcomes.levels):
            raise InputError(
                f"The design has {self.design.levels} levels, the outcomes {len(outcomes.levels)}."
            )
        ward = _Ward(self, outcomes, np.asarray(order), seed, trial)
        waits = self.design.needs_complete_outcomes
        return _with_complete_outcomes(self, ward) if waits else _at_every_arrival(self, ward)

    def advise(self, key: tuple) -> Advice:
        """Advice after complete outcomes, remembered from trial to trial."""
        if key not in self._known:
            self._known[key] = self.design.advise(history_of(self.design, key))
        return self._known[key]


class _Ward:
    """Patients treated so far in one trial; the only thing here that changes."""

    def __init__(
        self, conduct: Conduct, outcomes: Outcomes, order: np.ndarray, seed: int, trial: int
    ) -> None:
        self.outcomes, self.order, self.watch_d = outcomes, order, conduct.watch(outcomes)
        self.efficacy_by_d = conduct.efficacy_by_d
        self._draw = lambda n: conduct.accrual.arrivals_d(n, seed=seed, trial=trial).tolist()
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
        while True:
            if self._next == len(self._arrivals):
                self._arrivals = self._draw(2 * len(self._arrivals))
            day = self._arrivals[self._next]
            self._next += 1
            if day >= not_before:
                return day
            self.turned_away += 1

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
        letters = {(False, False): "N", (True, False): "T", (False, True): "E", (True, True): "B"}
        seen = [(self.dlt[i] < np.inf, self.response[i] < np.inf) for i in members
                if self.evaluable(i)]  # fmt: skip
        return Cohort(self.level[members[0]], "".join(sorted(letters[pair] for pair in seen)))

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


def _with_complete_outcomes(conduct: Conduct, ward: _Ward) -> TimedTrial:
    """Cohort after cohort, each observed to its end; who leaves before is replaced."""
    key, day = (), 0.0
    decisions: list[Decision] = []
    while (advice := conduct.advise(key)).next_level is not None:
        level, members, missing = advice.next_level, [], advice.size
        while missing:
            for _ in range(missing):
                day = ward.arrival(day)
                members.append(ward.admit(level, day))
                day += conduct.stagger_d
            day = max(ward.known_on(i) for i in members)
            missing = advice.size - sum(map(ward.evaluable, members))
        key = state_after(conduct.design, key, ward.cohort(members))
        after = conduct.advise(key)
        decisions.append(_decided(ward, members, day, after))
    return ward.close(advice.mtd, decisions)


def _at_every_arrival(conduct: Conduct, ward: _Ward) -> TimedTrial:
    """Patient after patient, by what is known when the next one comes."""
    advice, day, opens, members = conduct.advise(()), ward.arrival(0.0), 0.0, []
    decisions: list[Decision] = []
    while advice.next_level is not None:
        level, members = advice.next_level, []
        for k in range(advice.size):
            day = day if k == 0 else ward.arrival(day + conduct.stagger_d)
            members.append(ward.admit(level, day))
        opens = day + max(conduct.min_followup_d, conduct.stagger_d)
        while True:
            day = ward.arrival(opens)
            advice = conduct.design.hear(ward.now(day))
            if advice.decision != "wait":
                break
            ward.turned_away += 1
            opens = ward.next_event(day)
        decisions.append(_decided(ward, members, day, advice))
    if advice.mtd is not None:  # all are watched to the end before the level is chosen
        day = max(map(ward.known_on, range(len(ward.level))))
        final = conduct.design.hear(ward.now(day))
        advice = replace(final, decision="stop", next_level=None)
        decisions[-1] = _decided(ward, members, day, advice)
    return ward.close(advice.mtd, decisions)


def _decided(ward: _Ward, members: list[int], day: float, advice: Advice) -> Decision:
    letters = "".join(ward.letter(i, day + 1e-9) for i in members)
    return Decision(
        ward.enrolled[members[0]], day, ward.level[members[0]], letters, advice.decision,
        advice.next_level, advice.reason,
    )  # fmt: skip
