import numpy as np
import pytest
from scipy import stats

from pdcraft.domain import InputError, ValidityWarning
from pdcraft.trial import (
    BOIN,
    CRM,
    TITEBOIN,
    TITECRM,
    Conduct,
    Design,
    Followed,
    History,
    OneLevelUp,
    Outcomes,
    Poisson,
    Pool,
    StopAt,
    ThreePlusThree,
    known_rates,
    operating_characteristics,
    simulate_trials,
)

RATES = (0.08, 0.18, 0.30, 0.45)
WINDOW = 56.0
PER_DAY = 2.0 / (365.25 / 12)
crm = CRM(0.25, (0.05, 0.12, 0.25, 0.40), estimator="plug-in")
THREE = Design((ThreePlusThree("C"),), 4)
INTERVAL = Design((BOIN(0.25), StopAt(24)), 4)
MODEL = Design((crm, OneLevelUp(), StopAt(24)), 4)
TITE = Design((TITECRM(crm, window_h=24 * WINDOW), OneLevelUp(), StopAt(24)), 4, cohort_size=1)
TITE_BOIN = Design((TITEBOIN(BOIN(0.25), window_h=24 * WINDOW), StopAt(24)), 4)


def patients(rates=RATES, n=1600, seed=2):
    return known_rates(rates, patients=n, seed=seed, window_d=WINDOW)


def many(designs, *, trials=400, rates=RATES, n=1600, **other):
    conducts = {k: Conduct(d, Poisson.at(2.0), **other) for k, d in designs.items()}
    return simulate_trials(conducts, patients(rates, n), trials=trials, per_trial=40, seed=5)


def one(design, outcomes, trial=0, **other):
    order = Pool(outcomes.patients, 40, seed=5).order(trial)
    return Conduct(design, Poisson.at(2.0), **other).run(outcomes, order, seed=5, trial=trial)


def chances(exact):
    return np.append(exact.none, exact.selected)


def binomial(exact, trials):
    """Error of a share that may be too rare to be seen at all."""
    return np.sqrt(chances(exact) * (1 - chances(exact)) / trials) + 1e-9


@pytest.mark.parametrize("design", [THREE, INTERVAL, MODEL])
def test_trials_on_known_rates_agree_with_the_exact_ones(design):
    # So many patients that hardly two trials share one.
    found = many({"": design}, trials=1000, n=60_000)[""]
    exact = operating_characteristics(design, RATES)
    share, error = found.estimate(found.chosen)
    n, n_error = found.estimate(found.treated)
    assert np.all(np.abs(share - chances(exact)) <= 4 * np.maximum(error, binomial(exact, 1000)))
    assert np.all(np.abs(n - exact.patients) <= 4 * n_error + 1e-9)


def test_the_error_holds_what_sharing_patients_costs():
    few = many({"": INTERVAL}, trials=400, n=800)[""]
    plain = few.chosen.std(axis=0, ddof=1) / np.sqrt(400)
    _, error = few.estimate(few.chosen)
    exact = operating_characteristics(INTERVAL, RATES)
    share, _ = few.estimate(few.chosen)
    assert error.max() > 1.5 * plain.max()
    assert np.all(np.abs(share - chances(exact)) <= 4 * np.maximum(error, binomial(exact, 400)))


def test_the_duration_of_a_trial_that_never_waits_is_that_of_its_accrual():
    # With no toxicity it ends one window after patient 24, who comes after Gamma(24) gaps.
    found = many({"": TITE}, trials=150, rates=(0, 0, 0, 0), n=2000)[""]
    gamma = stats.gamma(24, scale=1 / PER_DAY)
    assert stats.kstest(found.duration_d - WINDOW, gamma.cdf).pvalue > 1e-4
    assert found.turned_away.sum() == 0


def test_a_trial_that_waits_takes_one_window_more_for_every_cohort():
    # 3+3 (C) without toxicity: 4 cohorts of 3, each observed for a window before the next.
    found = many({"": THREE}, trials=150, rates=(0, 0, 0, 0), n=2000)[""]
    gamma = stats.gamma(12, scale=1 / PER_DAY)
    assert stats.kstest(found.duration_d - 4 * WINDOW, gamma.cdf).pvalue > 1e-4
    assert np.all(found.mtd == 4)
    # Who comes in a window is turned away: 3 windows between 4 cohorts.
    expected = 3 * WINDOW * PER_DAY
    assert abs(found.turned_away.mean() - expected) < 4 * np.sqrt(expected / 150)


def test_the_same_seed_gives_the_same_trial_whatever_else_is_simulated():
    alone = many({"BOIN": INTERVAL}, trials=30)["BOIN"]
    among = many({"3+3": THREE, "BOIN": INTERVAL}, trials=60)["BOIN"]
    assert np.array_equal(alone.mtd, among.mtd[:30])
    assert np.array_equal(alone.duration_d, among.duration_d[:30])


def test_the_same_patients_meet_every_design():
    outcomes = patients()
    first, second = one(THREE, outcomes, 3), one(TITE, outcomes, 3)
    n = min(len(first.patient), len(second.patient))
    assert np.array_equal(first.patient[:n], second.patient[:n])


@pytest.mark.parametrize("design", [THREE, INTERVAL, MODEL])
def test_no_cohort_is_treated_above_what_the_rules_left_open(design):
    outcomes = patients((0.2, 0.4, 0.6, 0.8))
    for trial in range(40):
        history, ceiling = History(), 4
        for cohort in one(design, outcomes, trial).decisions:
            advice = design.advise(history)
            ceiling = min(ceiling, advice.ceiling)
            assert cohort.level == advice.next_level <= ceiling
            history = history.then(cohort.level, cohort.outcomes)


@pytest.mark.parametrize("design", [TITE, TITE_BOIN])
def test_designs_that_hear_of_partial_follow_up_skip_no_level(design):
    outcomes = patients((0.2, 0.4, 0.6, 0.8))
    for trial in range(40):
        level = one(design, outcomes, trial).level
        assert np.all(np.diff(np.maximum.accumulate(level), prepend=0) <= 1)


def test_tite_boin_waits_while_too_many_are_under_observation():
    found = one(TITE_BOIN, patients((0, 0, 0, 0)))
    assert found.turned_away > 0
    for before, after in zip(found.decisions, found.decisions[1:], strict=False):
        assert after.opened_d >= before.opened_d and after.level <= before.level + 1


@pytest.mark.parametrize("design", [TITE, TITE_BOIN])
def test_one_more_toxicity_never_gives_a_higher_level(design):
    draws = np.random.default_rng(3)
    for _ in range(60):
        n = int(draws.integers(3, 20))
        level = tuple(int(j) for j in np.sort(draws.integers(1, 5, n)))
        toxic = draws.random(n) < 0.2
        follow = np.where(draws.random(n) < 0.8, WINDOW, draws.uniform(1, WINDOW, n))
        free = np.flatnonzero(~toxic)
        if not len(free):
            continue
        more = toxic.copy()
        more[draws.choice(free)] = True
        before, after = (
            design.hear(Followed(level, tuple(bool(b) for b in t), tuple(follow), WINDOW))
            for t in (toxic, more)
        )
        if before.decision != "wait":
            assert (after.next_level or 0) <= (before.next_level or 0)


def test_who_leaves_without_a_toxicity_is_replaced():
    base = patients()
    leaves = np.full(base.dlt_d.shape, np.inf)
    leaves[::3] = 10.0
    leaving = Outcomes(base.levels, base.dlt_d, WINDOW, leaves, base.response_d)
    found = one(INTERVAL, leaving)
    assert (~found.evaluable).any()
    assert all(len(d.outcomes) - d.outcomes.count("-") == 3 for d in found.decisions)
    assert not (found.seen & (leaves[found.patient, 0] < 10)).any()


def test_a_design_that_looks_away_too_early_is_told_what_it_misses():
    # Toxicities are uniform in 56 d, so half come after 28 d.
    outcomes = patients((0.2, 0.4, 0.4, 0.4), n=4000)
    conducts = {"3+3": Conduct(THREE, Poisson.at(2.0), watch_d=28.0)}
    with pytest.warns(ValidityWarning, match=r"'3\+3' watches patients for 28 d .* misses"):
        found = simulate_trials(conducts, outcomes, trials=20, per_trial=40, seed=1)["3+3"]
    assert np.allclose(outcomes.missed(28.0), outcomes.dlt_rate / 2, atol=0.03)
    assert found.happened.sum() > found.seen.sum()


def test_what_cannot_be_is_refused():
    outcomes = patients(n=100)
    with pytest.raises(InputError, match="used up"):
        Conduct(INTERVAL, Poisson.at(2.0)).run(outcomes, np.arange(5), seed=1)
    with pytest.raises(InputError, match="longer than the window"):
        Conduct(INTERVAL, Poisson.at(2.0), watch_d=90.0).watch(outcomes)
    with pytest.raises(InputError, match="too few for trials"):
        Pool(50, per_trial=30, seed=1)
    with pytest.raises(InputError, match="4 levels, the outcomes 2"):
        Conduct(THREE, Poisson.at(2.0)).run(known_rates([0.1, 0.2], patients=9, seed=1),
                                            np.arange(9), seed=1)  # fmt: skip
    with pytest.raises(InputError, match="does not fall"):
        known_rates([0.4, 0.1], patients=9, seed=1)
