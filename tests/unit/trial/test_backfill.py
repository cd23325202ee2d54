"""Backfill: only below the current level, only open levels, the same from the same seed."""

import numpy as np
import pytest

from pdcraft.domain import InputError
from pdcraft.trial import (
    BOIN,
    BOIN12,
    Backfill,
    Conduct,
    Design,
    History,
    PoolBackfilled,
    Regular,
    StopAt,
    StopAtLevel,
    Utilities,
    known_rates,
)

DESIGN = Design((PoolBackfilled(BOIN(0.25)), StopAtLevel(9)), 4)
PATIENTS = known_rates(
    [0.1, 0.2, 0.3, 0.4], patients=400, seed=4, response_probability=[0.2, 0.3, 0.4, 0.4]
)


def conduct(cap: int = 6) -> Conduct:
    return Conduct(DESIGN, Regular(6.0), backfill=Backfill(cap, 18))


def trials(cap: int = 6, patients=PATIENTS):
    orders = np.random.default_rng(1).permuted(np.tile(np.arange(400), (30, 1)), axis=1)
    return [conduct(cap).run(patients, o, seed=2, trial=t) for t, o in enumerate(orders)]


def backfilled(trial):
    """Level given, current level then, and day, of every patient outside cohorts."""
    spans = [(d.opened_d, d.decided_d, d.level, len(d.outcomes)) for d in trial.decisions]
    for start, end, current, size in spans:
        inside = (trial.enrolled_d >= start) & (trial.enrolled_d < end)
        for level, day in list(zip(trial.level[inside], trial.enrolled_d[inside], strict=True))[
            size:
        ]:
            yield level, current, day


def test_backfill_is_below_the_current_level_and_within_the_cap():
    found = trials()
    rows = [row for t in found for row in backfilled(t)]
    assert len(rows) > 60
    assert all(level < current for level, current, _ in rows)
    for trial in found:
        for level, _, day in backfilled(trial):
            assert ((trial.level == level) & (trial.enrolled_d < day)).sum() < 6


def test_nobody_is_backfilled_without_a_response():
    silent = known_rates([0.1, 0.2, 0.3, 0.4], patients=400, seed=4)
    found = trials(patients=silent)
    assert not [row for t in found for row in backfilled(t)]
    assert all(t.turned_away > 0 for t in found)


def test_cohorts_end_at_their_number_and_more_cap_treats_more():
    few, many = trials(4), trials(12)
    assert all(sum(len(d.outcomes) for d in t.decisions) <= 18 for t in many)
    assert sum(len(t.level) for t in many) > sum(len(t.level) for t in few)


def test_the_same_seed_gives_the_same_trial():
    one, two = trials()[7], trials()[7]
    assert one.decisions == two.decisions
    assert (one.enrolled_d == two.enrolled_d).all()


@pytest.mark.parametrize(
    ("n", "dlt", "level"),
    [
        ((3, 3, 3), (0, 0, 0), 2),  # the highest below
        ((3, 6, 3), (0, 0, 0), 1),  # level 2 is full
        ((6, 6, 3), (0, 0, 0), None),  # both are
        ((3, 4, 3), (0, 2, 2), 1),  # level 2 and the pool of 2 and 3 say down
        ((3, 4, 6), (0, 2, 0), 2),  # the pool does not
        ((4, 3, 3), (2, 2, 0), None),  # level 1 closes what is above it
        ((3, 3, 3), (3, 0, 0), None),  # closed by the rule
    ],
)
def test_open_levels(n, dlt, level):
    assert Backfill(6).level(DESIGN, 3, treated=n, seen=(n, dlt), responds=1) == level


def test_a_level_below_the_lowest_response_is_not_given():
    n = ((3, 6, 3), (0, 0, 0))
    assert Backfill(6).level(DESIGN, 3, treated=n[0], seen=n, responds=2) is None


@pytest.mark.parametrize(
    ("n", "dlt", "next_level"),
    [
        ((3, 9, 3), (0, 2, 0), 4),  # stay (2 of 9) against up: pool 2 of 12 says up
        ((3, 9, 3), (0, 4, 0), 1),  # down; pool 4 of 12 down; 4 of 9 down: below level 2
        ((9, 3, 3), (4, 0, 0), 3),  # down at level 1; pool 4 of 15 stays
        ((9, 3, 3), (4, 0, 1), 1),  # pool 5 of 15 down; 4 of 12 and 4 of 9 too: level 1 is left
        ((9, 6, 3), (4, 0, 3), 2),  # level 3 is closed by the rule, which goes to level 2
    ],
)
def test_pooled_levels_decide(n, dlt, next_level):
    advice = Design(DESIGN.rules[:1], 4).advise(History.of_counts(n, dlt, level=3))
    assert advice.next_level == next_level


def test_one_of_three_stays_if_asked():
    assert BOIN(0.25).verdict(3, 1).decision == "de-escalate"
    kept = BOIN(0.25, stay_on_1_of_3=True)
    assert kept.verdict(3, 1).decision == "stay"
    assert kept.verdict(3, 2).decision == kept.verdict(6, 2).decision == "de-escalate"


def test_what_cannot_be_backfilled_is_refused():
    accrual = Regular(1.0)
    with pytest.raises(InputError, match="PoolBackfilled"):
        Conduct(Design((BOIN(0.25),), 3), accrual, backfill=Backfill())
    with pytest.raises(InputError, match="hear of toxicity"):
        Conduct(DESIGN, accrual, efficacy_by_d=30.0, backfill=Backfill())
    with pytest.raises(InputError, match="table of counts"):
        PoolBackfilled(BOIN12(0.35, 0.25, Utilities(40, 60)))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at least 1"):
        Backfill(cap=0)
    with pytest.raises(InputError, match="levels"):
        known_rates([0.1, 0.2], patients=9, seed=1, response_probability=[0.1])


def test_without_responses_it_is_the_design_without_backfill():
    silent = known_rates([0.1, 0.2, 0.3, 0.4], patients=400, seed=4)
    plain = Conduct(Design((BOIN(0.25), StopAtLevel(9), StopAt(18)), 4), Regular(6.0))
    orders = np.random.default_rng(1).permuted(np.tile(np.arange(400), (200, 1)), axis=1)
    for t, order in enumerate(orders):
        one, two = (c.run(silent, order, seed=2, trial=t) for c in (conduct(), plain))
        assert (one.level.tolist(), one.mtd) == (two.level.tolist(), two.mtd)
        assert one.duration_d == two.duration_d
