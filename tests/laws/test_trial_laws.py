import itertools

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from pdcraft.trial import (
    BOIN,
    CRM,
    MTPI,
    MTPI2,
    AcceleratedTitration,
    Design,
    DoseCap,
    History,
    I3Plus3,
    Keyboard,
    OneLevelUp,
    StopAt,
    StopWhenTooToxic,
    ThreePlusThree,
    compare,
    operating_characteristics,
)  # fmt: skip

LEVELS = 4
DESIGNS = {
    "3+3 A": Design((ThreePlusThree("A"),), LEVELS),
    "3+3 B": Design((ThreePlusThree("B"),), LEVELS),
    "3+3 C": Design((ThreePlusThree("C"),), LEVELS),
    "BOIN": Design((BOIN(0.3), StopAt(18)), LEVELS),
    "BOIN, cautious": Design(
        (StopWhenTooToxic(0.2, probability=0.85), BOIN(0.2, bound_mtd=True), StopAt(16)), LEVELS
    ),
    "keyboard": Design((Keyboard(0.3), StopAt(18)), LEVELS),
    "mTPI": Design((MTPI(0.25), StopAt(18)), LEVELS),
    "mTPI-2": Design((MTPI2(0.25), StopAt(18)), LEVELS),
    "CRM": Design(
        (CRM(0.3, (0.1, 0.2, 0.3, 0.4), estimator="plug-in"), OneLevelUp(), StopAt(18)), LEVELS
    ),
    "capped keyboard": Design(
        (DoseCap("kidneys", (5.0, 10.0, 20.0, 30.0), 23.0), Keyboard(0.3), StopAt(18)), LEVELS
    ),
    "titrated BOIN": Design((BOIN(0.3), AcceleratedTitration(), StopAt(18)), LEVELS),
    "i3+3": Design((I3Plus3(0.3, low=0.25, high=0.35), StopAt(18)), LEVELS),
}
designs = st.sampled_from(sorted(DESIGNS)).map(DESIGNS.get)
rates = st.lists(st.floats(0, 1), min_size=LEVELS, max_size=LEVELS)


def trial(design, toxic):
    """One trial; ``toxic(patient, level)`` says whether the patient had a toxicity."""
    history = History()
    while (level := (advice := design.advise(history)).next_level) is not None:
        first = history.total
        letters = ("T" if toxic(first + i, level) else "N" for i in range(advice.size))
        yield history, advice
        history = history.then(level, "".join(letters))
    yield history, advice


def latent(seed, p):
    """Patients with a latent tolerance each, so that toxicity rises with level for everyone."""
    tolerance = np.random.default_rng(seed).random(100)
    return lambda patient, level: bool(tolerance[patient] < p[level - 1])


def recommended(advice):
    """Level to treat next, or the one chosen at the end; 0 for none."""
    return (advice.mtd if advice.stops else advice.next_level) or 0


@given(cohorts=st.lists(st.tuples(st.integers(1, 99), st.text("NT", min_size=1, max_size=9))))
def test_the_notation_is_read_back_as_written(cohorts):
    text = " ".join(f"{level}{outcomes}" for level, outcomes in cohorts)
    assert str(History.read(text)) == text
    assert History.read(text).total == sum(len(outcomes) for _, outcomes in cohorts)


@given(design=designs, p=rates)
@settings(max_examples=40, deadline=None)
def test_probabilities_sum_to_one_and_toxicities_to_patients(design, p):
    levels = design.rules[0].levels or 2
    oc = operating_characteristics(Design(design.rules, levels), p[:levels])
    assert np.isclose(oc.none + oc.selected.sum(), 1, rtol=0, atol=1e-12)
    np.testing.assert_allclose(oc.dlt, oc.patients * p[:levels], rtol=1e-10, atol=1e-12)


@given(design=designs, seed=st.integers(0, 10_000), p=rates)
@settings(max_examples=150, deadline=None)
def test_more_toxicity_never_gives_a_higher_level(design, seed, p):
    for history, _ in itertools.islice(trial(design, latent(seed, sorted(p))), 1, None):
        *before, last = history.cohorts
        before_last = History(tuple(before))
        levels = [
            recommended(design.advise(before_last.then(last.level, "T" * k + "N" * (last.n - k))))
            for k in range(last.n + 1)
        ]
        assert levels == sorted(levels, reverse=True), str(history)


@pytest.mark.parametrize("bound", [False, True])
def test_one_more_toxicity_at_any_level_never_raises_the_mtd_of_boin(bound):
    rule, sizes = BOIN(0.3, bound_mtd=bound), (3, 6, 9)
    mtd = {
        (n, dlt): rule.select_mtd(History.of_counts(n, dlt, level=1)) or 0
        for n in itertools.product(sizes, repeat=3)
        for dlt in itertools.product(*(range(m + 1) for m in n))
    }
    for n, dlt in mtd:
        for j in range(3):
            more = (*dlt[:j], dlt[j] + 1, *dlt[j + 1 :])
            assert mtd.get((n, more), 0) <= mtd[n, dlt]


@given(design=designs, seed=st.integers(0, 10_000), p=rates)
@settings(max_examples=150, deadline=None)
def test_a_trial_never_treats_above_a_level_that_was_closed(design, seed, p):
    ceiling = LEVELS
    for _, advice in trial(design, latent(seed, sorted(p))):
        assert advice.reasons
        if not advice.stops:
            assert 1 <= advice.next_level <= advice.ceiling <= ceiling
            ceiling = advice.ceiling


@given(design=designs, seed=st.integers(0, 10_000), p=rates)
@settings(max_examples=100, deadline=None)
def test_no_level_is_skipped_on_the_way_up(design, seed, p):
    for history, advice in trial(design, latent(seed, sorted(p))):
        assert advice.stops or advice.next_level <= history.highest + 1


@given(design=designs, seed=st.integers(0, 10_000), p=rates)
@settings(max_examples=100, deadline=None)
def test_the_advice_does_not_depend_on_the_order_of_cohorts(design, seed, p):
    for history, advice in itertools.islice(trial(design, latent(seed, sorted(p))), 1, None):
        n = tuple(history.n(j) for j in range(1, LEVELS + 1))
        dlt = tuple(history.dlt(j) for j in range(1, LEVELS + 1))
        assert design.advise(History.of_counts(n, dlt, level=history.level)) == advice


@given(seed=st.integers(0, 10_000), p=rates)
@settings(max_examples=100, deadline=None)
def test_the_mtd_of_variant_b_has_at_most_1_toxicity_in_6(seed, p):
    *_, (history, advice) = trial(DESIGNS["3+3 B"], latent(seed, sorted(p)))
    if advice.mtd is not None:
        assert history.n(advice.mtd) == 6 and history.dlt(advice.mtd) <= 1


@pytest.mark.parametrize("name", sorted(DESIGNS))
def test_merged_states_give_what_all_paths_give(name):
    design, p = DESIGNS[name], np.array([0.1, 0.3, 0.55, 0.8])
    if not name.startswith("3+3"):  # all its paths to the end would be too many
        design = Design((*design.rules[:-1], StopAt(11)), LEVELS)
    selected, patients = np.zeros(LEVELS + 1), np.zeros(LEVELS)
    for path in design.paths():
        chance = 1.0
        for c in path.history.cohorts:
            ways = np.prod([(c.n - i) / (i + 1) for i in range(c.dlt)])
            chance *= ways * p[c.level - 1] ** c.dlt * (1 - p[c.level - 1]) ** (c.n - c.dlt)
        selected[path.advice.mtd or 0] += chance
        patients += chance * np.array([path.history.n(j + 1) for j in range(LEVELS)])
    oc = operating_characteristics(design, p)
    np.testing.assert_allclose(np.append(oc.none, oc.selected), selected, rtol=1e-10)
    np.testing.assert_allclose(oc.patients, patients, rtol=1e-10)


@pytest.mark.parametrize("name", ["3+3 C", "BOIN"])
def test_simulated_trials_agree_with_the_exact_ones(name):
    p, trials = [0.1, 0.25, 0.4, 0.6], 600
    chosen = np.zeros(LEVELS + 1)
    for seed in range(trials):
        draws = np.random.default_rng(seed)
        *_, (_, advice) = trial(DESIGNS[name], lambda _, d, u=draws: u.random() < p[d - 1])
        chosen[advice.mtd or 0] += 1 / trials
    oc = operating_characteristics(DESIGNS[name], p)
    exact = np.append(oc.none, oc.selected)
    assert np.all(np.abs(chosen - exact) <= 4 * np.sqrt(exact * (1 - exact) / trials))


@pytest.mark.parametrize("name", sorted(DESIGNS))
def test_compared_trials_agree_with_the_exact_ones_and_come_again_from_their_seed(name):
    p, trials = [0.1, 0.25, 0.4, 0.6], 2_000
    found, again = (compare({"": DESIGNS[name]}, p, trials=trials, seed=5)[""] for _ in range(2))
    assert np.array_equal(found.level, again.level) and np.array_equal(found.mtd, again.mtd)
    oc = operating_characteristics(DESIGNS[name], p)
    chosen, exact = np.append(found.none, found.selected), np.append(oc.none, oc.selected)
    assert np.all(np.abs(chosen - exact) <= 4 * np.sqrt(exact * (1 - exact) / trials))
    assert np.all(np.abs(found.patients - oc.patients) <= 4 * found.patients_se + 1e-12)
