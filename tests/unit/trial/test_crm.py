import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit

from pdcraft.domain import InputError, ValidityWarning
from pdcraft.trial import (
    CRM,
    Coherent,
    Design,
    Empiric,
    FixedIntercept,
    OneLevelUp,
    StopAt,
    operating_characteristics,
    skeleton,
)

GUESS = (0.05, 0.15, 0.30, 0.45)


def posterior_by_quad(rates, n, dlt, sd):
    """Mean of the parameter and of the rates by adaptive quadrature; ``rates(beta)`` per level."""

    def weight(beta):
        p = rates(beta)
        return np.exp(-(beta**2) / 2 / sd**2) * np.prod(p**dlt * (1 - p) ** (n - dlt))

    def integral(f):
        return quad(lambda b: f(b) * weight(b), -9, 9, epsabs=0, epsrel=1e-11, limit=200)[0]

    total = integral(lambda b: 1.0)
    means = [integral(lambda b, j=j: rates(b)[j]) / total for j in range(len(n))]
    return integral(lambda b: b) / total, np.array(means)


@pytest.mark.parametrize("model", [Empiric(), FixedIntercept(2.0)])
def test_the_posterior_agrees_with_adaptive_quadrature(model):
    n, dlt = np.array([3, 6, 9, 3]), np.array([0, 1, 3, 2])
    s = np.array(GUESS)
    x = np.log(s / (1 - s)) - 2.0
    curve = {
        Empiric: lambda b: s ** np.exp(b),
        FixedIntercept: lambda b: expit(2.0 + np.exp(b) * x),
    }[type(model)]
    mean, rates = posterior_by_quad(curve, n, dlt, 0.8)
    found = CRM(0.3, GUESS, estimator="plug-in", model=model, prior_sd=0.8).posterior(n, dlt)
    assert found.mean == pytest.approx(mean, abs=1e-10)
    assert found.posterior_mean == pytest.approx(rates, abs=1e-10)
    assert found.plug_in == pytest.approx(curve(mean), abs=1e-10)


@pytest.mark.parametrize("model", [Empiric(), FixedIntercept(3.0)])
def test_without_patients_the_plug_in_rates_are_the_skeleton(model):
    zero = (0,) * 4
    found = CRM(0.3, GUESS, estimator="plug-in", model=model).posterior(zero, zero)
    assert found.plug_in == pytest.approx(GUESS, rel=1e-12)
    assert found.variance == pytest.approx(1.34, rel=1e-9)


@pytest.mark.parametrize("model", [Empiric(), FixedIntercept(3.0)])
def test_many_patients_without_or_with_toxicity_leave_finite_estimates(model):
    rule = CRM(0.3, GUESS, estimator="plug-in", model=model)
    for dlt in (0, 60):
        found = rule.posterior((0, 60, 0, 0), (0, dlt, 0, 0))
        assert np.all(np.isfinite(np.hstack(found)))
        assert (found.plug_in[1] < 0.02) == (dlt == 0) and (found.plug_in[1] > 0.5) == (dlt == 60)


@pytest.mark.parametrize("model", [Empiric(), FixedIntercept(3.0)])
def test_nodes_are_dense_enough_up_to_200_patients(model):
    rule, sd = CRM(0.3, GUESS, estimator="plug-in", model=model), 1.34**0.5
    beta = sd * np.linspace(-7.5, 7.5, 16_001)
    log_p, log_q = model.log_rates(np.array([model.scaled(s) for s in GUESS]), beta)
    for j, dlt in ((0, 10), (2, 60), (3, 100)):
        n, y = np.eye(4)[j] * 200, np.eye(4)[j] * dlt
        log = -((beta / sd) ** 2) / 2 + log_p @ y + log_q @ (n - y)
        weight = np.exp(log - log.max())
        assert rule.posterior(n, y).mean == pytest.approx(beta @ weight / weight.sum(), abs=1e-8)
    with pytest.warns(ValidityWarning, match="More than 200 patients"):
        rule.posterior((201, 0, 0, 0), (3, 0, 0, 0))


def test_several_trials_at_once_give_what_each_gives_alone():
    n = np.array([[3, 3, 0, 0], [3, 6, 3, 0]])
    dlt = np.array([[0, 1, 0, 0], [1, 1, 2, 0]])
    rule = CRM(0.3, GUESS, estimator="posterior mean")
    both = rule.posterior(n, dlt)
    for i in range(2):
        alone = rule.posterior(n[i], dlt[i])
        assert both.posterior_mean[i] == pytest.approx(alone.posterior_mean, rel=1e-13)


def test_estimators_may_recommend_different_levels():
    seen = "1NNN 2NNN 3NNN 4TNT"
    mtd = [
        Design((CRM(0.3, GUESS, estimator=e),), 4).advise(seen).mtd
        for e in ("plug-in", "posterior mean")
    ]
    rates = CRM(0.3, GUESS, estimator="plug-in").posterior((3, 3, 3, 3), (0, 0, 0, 2))
    for found, p in zip(mtd, (rates.plug_in, rates.posterior_mean), strict=True):
        assert found == 1 + np.argmin(np.abs(p - 0.3))
    assert np.all(rates.plug_in < rates.posterior_mean)


def test_the_reason_names_the_rate_that_was_compared():
    advice = Design((CRM(0.3, GUESS, estimator="plug-in"),), 4).advise("1NNN")
    assert (advice.decision, advice.next_level, advice.mtd) == ("escalate", 4, 4)
    s = np.array(GUESS)
    n, dlt = np.array([3, 0, 0, 0]), np.zeros(4)
    mean, _ = posterior_by_quad(lambda b: s ** np.exp(b), n, dlt, 1.34**0.5)
    rate = s[3] ** np.exp(mean)
    assert advice.reason.endswith(f"the estimated rate at level 4 is {rate:.3f}, nearest to 0.3")


def test_restrictions_hold_the_model_back_but_not_its_mtd():
    design = Design((CRM(0.3, GUESS, estimator="plug-in"), OneLevelUp(), Coherent(0.3)), 4)
    up = design.advise("1NNN")
    assert (up.next_level, up.mtd) == (2, 4)
    back = design.advise("1NNN 2NNN 3NNN 1NNN")
    assert back.next_level == 2  # from the last level, though level 3 was treated
    toxic = design.advise("1NNN 2NNN 3NNN 3NNT")
    assert (toxic.next_level, toxic.mtd, toxic.decision) == (3, 4, "stay")


def test_exact_characteristics_keep_the_last_cohort_apart():
    # Two patients: level 2 after no toxicity. One toxicity in the last cohort forbids to go up.
    rules = (CRM(0.3, (0.01, 0.3), estimator="plug-in"), Coherent(0.3), StopAt(6))
    p = [0.2, 0.9]
    free = Design((rules[0], rules[2]), 2)
    assert free.advise("1NNN 1NNT").mtd == free.advise("1NNT 1NNN").mtd
    design = Design(rules, 2)
    selected = patients = 0.0
    for path in design.paths():
        chance = 1.0
        for c in path.history.cohorts:
            q = p[c.level - 1]
            ways = {0: 1, 1: 3, 2: 3, 3: 1}[c.dlt]
            chance *= ways * q**c.dlt * (1 - q) ** (3 - c.dlt)
        selected += chance * (path.advice.mtd == 2)
        patients += chance * path.history.n(2)
    oc = operating_characteristics(design, p)
    assert oc.selected[1] == pytest.approx(selected, rel=1e-12)
    assert oc.patients[1] == pytest.approx(patients, rel=1e-12)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"target": 0.0}, "target = 0 must lie"),
        ({"target": float("nan")}, "target = nan must lie"),
        ({"skeleton": (0.3, 0.1)}, "must rise from level to level"),
        ({"skeleton": (0.1, 0.1)}, "must rise from level to level"),
        ({"skeleton": (0.1, 1.0)}, "must rise from level to level"),
        ({"skeleton": (0.1, float("nan"))}, "must rise from level to level"),
        ({"skeleton": ()}, "tuple of prior rates"),
        ({"skeleton": [0.1, 0.2]}, "tuple of prior rates"),
        ({"estimator": "median"}, "Known: 'plug-in'"),
        ({"prior_sd": 0.0}, "prior_sd = 0 must be"),
        ({"model": FixedIntercept(-3.0)}, "larger intercept than -3"),
    ],
)
def test_bad_input_is_refused(wrong, says):
    with pytest.raises(InputError, match=says):
        CRM(**({"target": 0.3, "skeleton": GUESS, "estimator": "plug-in"} | wrong))


def test_a_skeleton_of_the_wrong_length_is_refused():
    with pytest.raises(InputError, match="CRM is made for 4 levels, the design has 5"):
        Design((CRM(0.3, GUESS, estimator="plug-in"),), 5)
    with pytest.raises(InputError, match="one count for each of the 4 levels"):
        CRM(0.3, GUESS, estimator="plug-in").posterior((3, 3), (0, 0))


def test_an_indifference_interval_tells_neighbours_apart():
    s = np.array(skeleton(0.25, 0.07, prior_mtd=2, levels=4))
    beta = np.log(np.log(0.18) / np.log(s[:-1]))  # where the model says 0.18 at a level
    assert s[1:] ** np.exp(beta) == pytest.approx(0.32, rel=1e-12)
    for wrong in (0.0, 0.25, 0.8):
        with pytest.raises(InputError, match="halfwidth"):
            skeleton(0.25, wrong, prior_mtd=2, levels=4)
    with pytest.raises(InputError, match="prior_mtd = 5"):
        skeleton(0.25, 0.05, prior_mtd=5, levels=4)


def test_coherence_needs_a_probability():
    with pytest.raises(InputError, match="target = 30"):
        Coherent(30)
