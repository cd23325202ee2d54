"""One trial in calendar time: who comes when, what is known on the day of each decision."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Int

from pdcraft.domain import InputError
from pdcraft.trial.accrual import AbstractAccrual
from pdcraft.trial.backfill import Backfill, pool_of
from pdcraft.trial.compare import history_of, state_after
from pdcraft.trial.design import Advice, Design
from pdcraft.trial.outcomes import Outcomes
from pdcraft.trial.ward import Decision, TimedTrial, Ward


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
    backfill
        Who comes while a cohort is watched is treated at a lower level; None: is turned away.

    Raises
    ------
    InputError
        If a time is negative, nothing is watched, or the design cannot judge backfilled patients.
    """

    design: Design
    accrual: AbstractAccrual
    watch_d: float | None = None
    min_followup_d: float = 0.0
    stagger_d: float = 0.0
    efficacy_by_d: float | None = None
    backfill: Backfill | None = None
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

        if self.backfill is not None:
            pool_of(self.design)
            if self.efficacy_by_d is not None or not self.design.needs_complete_outcomes:
                raise InputError(
                    "Backfill is for designs that wait for complete outcomes and hear of toxicity "
                    "alone. Leave backfill out, or efficacy_by_d."
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
        ward = Ward(
            outcomes, np.asarray(order),
            lambda n: self.accrual.arrivals_d(n, seed=seed, trial=trial).tolist(),
            watch_d=self.watch(outcomes), efficacy_by_d=self.efficacy_by_d,
        )  # fmt: skip
        if self.backfill is not None:
            return _with_backfill(self, self.backfill, ward)
        waits = self.design.needs_complete_outcomes
        return _with_complete_outcomes(self, ward) if waits else _at_every_arrival(self, ward)

    def advise(self, key: tuple) -> Advice:
        """Advice after complete outcomes, remembered from trial to trial."""
        if key not in self._known:
            self._known[key] = self.design.advise(history_of(self.design, key))
        return self._known[key]


def _with_complete_outcomes(conduct: Conduct, ward: Ward) -> TimedTrial:
    """Cohort after cohort, each observed to its end; who leaves before is replaced."""
    key, day = (), 0.0
    decisions: list[Decision] = []
    while (advice := conduct.advise(key)).next_level is not None:
        level, members, missing = advice.next_level, [], advice.size
        while missing:
            more, day = ward.admit_next(level, missing, day, conduct.stagger_d)
            members += more
            day = max(ward.known_on(i) for i in members)
            missing = advice.size - sum(map(ward.evaluable, members))
        key = state_after(conduct.design, key, ward.cohort(members))
        after = conduct.advise(key)
        decisions.append(_decided(ward, members, day, after))
    return ward.close(advice.mtd, decisions)


def _with_backfill(conduct: Conduct, backfill: Backfill, ward: Ward) -> TimedTrial:
    """As `_with_complete_outcomes`; who comes while a cohort is watched goes to a lower level."""
    advice, day, left = conduct.advise(()), 0.0, backfill.cohort_patients
    decisions: list[Decision] = []
    members: list[int] = []
    while advice.next_level is not None and left:
        level, size = advice.next_level, min(advice.size, left)
        members, left, missing = [], left - size, size
        while missing:
            more, day = ward.admit_next(level, missing, day, conduct.stagger_d)
            members += more
            known = max(ward.known_on(i) for i in members)
            while left and ward.coming() < known:
                _fill(conduct, backfill, ward, level)
            day, missing = known, size - sum(map(ward.evaluable, members))
        if not left:  # all are watched to the end before the level is chosen
            day = max(map(ward.known_on, range(len(ward.level))))
        advice = conduct.advise((*ward.complete(day), ward.cohort(members)))
        if not left and advice.next_level is not None:
            advice = advice.stop("all patients of the cohorts are treated", mtd=advice.mtd)
        decisions.append(_decided(ward, members, day, advice))
    if advice.mtd is not None and left:
        day = max(map(ward.known_on, range(len(ward.level))))
        mtd = conduct.advise((*ward.complete(day), ward.cohort(members))).mtd
        advice = replace(advice, mtd=mtd)
    return ward.close(advice.mtd, decisions)


def _fill(conduct: Conduct, backfill: Backfill, ward: Ward, current: int) -> None:
    """Treat the patient who comes now at a lower level, or turn the patient away."""
    day = ward.coming()
    treated = [ward.level.count(j) for j in range(1, current)]
    level = backfill.level(
        conduct.design, current, treated=treated, seen=ward.complete(day),
        responds=ward.responds(day),
    )  # fmt: skip
    if level is None:
        ward.turn_away()
    else:
        ward.admit(level, ward.arrival(day))


def _at_every_arrival(conduct: Conduct, ward: Ward) -> TimedTrial:
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


def _decided(ward: Ward, members: list[int], day: float, advice: Advice) -> Decision:
    letters = "".join(ward.letter(i, day + 1e-9) for i in members)
    return Decision(
        ward.enrolled[members[0]], day, ward.level[members[0]], letters, advice.decision,
        advice.next_level, advice.reason,
    )  # fmt: skip
