import numpy as np
import pytest

from pdcraft.domain import InputError
from pdcraft.trial import CRM, TITECRM, AdaptiveWeights, Design, Empiric, LinearWeights

GUESS = (0.05, 0.15, 0.30, 0.45)
CRM_RULE = CRM(0.3, GUESS, estimator="plug-in")
RULES = [TITECRM(CRM_RULE, 100.0), TITECRM(CRM_RULE, 100.0, AdaptiveWeights())]


def patients(trials, size, seed=0, gap=30.0):
    """Arrivals and latent times to toxicity; a patient toxic at one level is so at all above."""
    draws = np.random.default_rng(seed)
    arrival = np.cumsum(draws.exponential(gap, (trials, size)), axis=1)
    tolerance = draws.random((trials, size, 1))
    rates = np.array([0.1, 0.25, 0.4, 0.6])
    return arrival, np.where(tolerance < rates, 100 * tolerance / rates, np.inf)


@pytest.mark.parametrize("rule", RULES, ids=["linear", "adaptive"])
def test_complete_outcomes_give_the_crm(rule):
    level, toxic = np.array([1, 1, 1, 2, 2, 2]), np.array([0, 0, 0, 0, 1, 0], bool)
    found = rule.posterior(level, toxic=toxic, followup_h=np.where(toxic, 40.0, 100.0))
    wanted = CRM_RULE.posterior((3, 3, 0, 0), (0, 1, 0, 0))
    assert found.plug_in == pytest.approx(wanted.plug_in, rel=1e-12)
    assert Design((rule,), 4).advise("1NNN 2NTN") == Design((CRM_RULE,), 4).advise("1NNN 2NTN")


def test_open_outcomes_count_in_part():
    level, toxic = np.array([2, 2, 3]), np.zeros(3, bool)
    seen = [
        RULES[0].posterior(level, toxic=toxic, followup_h=np.array([100.0, 100.0, u])).plug_in[2]
        for u in (0.0, 25.0, 50.0, 100.0)
    ]
    assert seen == sorted(seen, reverse=True) and seen[0] > seen[-1]
    nobody = RULES[0].posterior(level[:2], toxic=toxic[:2], followup_h=np.array([100.0, 100.0]))
    assert seen[0] == pytest.approx(nobody.plug_in[2], rel=1e-12)


def test_the_weighted_likelihood_is_the_product_over_patients():
    level, toxic = np.array([1, 2, 3, 3]), np.array([0, 0, 1, 0], bool)
    followup = np.array([80.0, 60.0, 10.0, 30.0])
    beta = np.linspace(-8, 8, 4001)
    weight = np.exp(-(beta**2) / 2 / 1.34)
    for j, y, u in zip(level, toxic, followup, strict=True):
        p = GUESS[j - 1] ** np.exp(beta)
        weight *= p if y else 1 - u / 100 * p
    mean = (beta * weight).sum() / weight.sum()
    assert RULES[0].posterior(level, toxic=toxic, followup_h=followup).mean == pytest.approx(
        mean, abs=1e-10
    )


def test_adaptive_weights_rise_by_equal_steps_at_each_toxicity():
    toxic = np.array([True, True, False, False, False, False, False])
    u = np.array([20.0, 60.0, 0.0, 10.0, 20.0, 40.0, 80.0])
    weights = AdaptiveWeights().of(u, toxic, 100.0)
    assert weights == pytest.approx([1, 1, 0, 1 / 6, 1 / 3, 1 / 2, 5 / 6])
    none = AdaptiveWeights().of(u, np.zeros(7, bool), 100.0)
    assert none == pytest.approx(LinearWeights().of(u, np.zeros(7, bool), 100.0))
    late = AdaptiveWeights().of(np.array([100.0, 100.0, 50.0]), np.array([1, 0, 0], bool), 100.0)
    assert late == pytest.approx([1, 1, 0.25])


@pytest.mark.parametrize("rule", RULES, ids=["linear", "adaptive"])
def test_trials_together_are_what_each_is_patient_by_patient(rule):
    arrival, time_to_dlt = patients(6, 9)
    together = rule.simulate(arrival_h=arrival, time_to_dlt_h=time_to_dlt)
    for t in range(6):
        level, time = [1], [time_to_dlt[t, 0, 0]]
        for i in range(1, 9):
            now = np.minimum(arrival[t, i] - arrival[t, :i], 100.0)
            seen = np.array(time) <= now
            best = rule.recommend(level, toxic=seen, followup_h=np.minimum(now, time))
            level.append(min(int(best), level[-1] + 1))
            time.append(time_to_dlt[t, i, level[-1] - 1])
        assert together.level[t].tolist() == level
        toxic = np.array(time) <= 100
        assert together.toxic[t].tolist() == toxic.tolist()
        assert together.mtd[t] == rule.recommend(level, toxic=toxic, followup_h=np.full(9, 100.0))
    assert together.duration_h == pytest.approx(arrival[:, -1] - arrival[:, 0] + 100)


def test_slow_accrual_gives_cohorts_of_one_of_the_crm():
    arrival, time_to_dlt = patients(40, 8)
    arrival = np.broadcast_to(1000.0 * np.arange(8), arrival.shape)
    slow = RULES[0].simulate(arrival_h=arrival, time_to_dlt_h=time_to_dlt)
    for t in range(40):
        for i in range(1, 8):
            counts = [np.bincount(slow.level[t, :i], w, 5)[1:] for w in (None, slow.toxic[t, :i])]
            best = np.argmin(np.abs(CRM_RULE.posterior(*counts).plug_in - 0.3)) + 1
            assert slow.level[t, i] == min(best, slow.level[t, i - 1] + 1)


def test_errors_of_the_simulation_are_those_of_a_share():
    arrival, time_to_dlt = patients(400, 12)
    oc = RULES[0].simulate(arrival_h=arrival, time_to_dlt_h=time_to_dlt)
    p = oc.selected
    assert p.sum() + oc.none == pytest.approx(1)
    assert oc.selected_se == pytest.approx(np.sqrt(p * (1 - p) / 400), rel=0.005)
    assert oc.patients.sum() == pytest.approx(12)
    assert np.all(oc.dlt <= oc.patients)
    difference, error = oc.selected_more_than(oc)
    assert not difference.any() and not error.any()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: TITECRM(CRM_RULE, 0.0), "window_h = 0 h"),
        (lambda: RULES[0].recommend([1, 2], toxic=[0], followup_h=[1.0, 2.0]), "one entry for"),
        (lambda: RULES[0].recommend([5], toxic=[0], followup_h=[1.0]), "Levels must be 1 to 4"),
        (lambda: RULES[0].recommend([1], toxic=[0], followup_h=[-1.0]), "at least 0 h"),
        (
            lambda: RULES[0].simulate(arrival_h=np.zeros((2, 3)), time_to_dlt_h=np.zeros((2, 3))),
            "must be",
        ),
        (
            lambda: RULES[0].simulate(
                arrival_h=np.array([[2.0, 1.0]]), time_to_dlt_h=np.ones((1, 2, 4))
            ),
            "must not fall",
        ),
    ],
)
def test_bad_input_is_refused(call, says):
    with pytest.raises(InputError, match=says):
        call()


def test_the_working_model_of_the_crm_is_that_of_the_tite_crm():
    assert TITECRM(CRM_RULE, 1.0).crm.model == Empiric()
