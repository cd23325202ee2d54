import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.special import expit
from scipy.stats import norm

from pdcraft.domain import InputError
from pdcraft.trial import (
    BLRM,
    BivariateNormal,
    Design,
    NoSkipping,
    StopAt,
    operating_characteristics,
)

PRIOR = BivariateNormal(-1.0, 0.2, sd_log_alpha=0.9, sd_log_beta=0.5, correlation=-0.3)
DOSES = (12.5, 18.75, 25.0)
GIVEN = {
    "doses": DOSES, "reference_dose": 25.0, "prior": PRIOR, "low": 0.16, "high": 0.33,
    "most_overdose": 0.25,
}  # fmt: skip
RULE = BLRM(**GIVEN)


def test_the_posterior_agrees_with_adaptive_quadrature():
    n, dlt = np.array([3, 6, 0]), np.array([0, 1, 0])
    distance = np.log(np.array(DOSES) / 25.0)

    def rates(a, b):
        return expit(a + np.exp(b) * distance)

    def weight(a, b):
        za, zb = (a + 1.0) / 0.9, (b - 0.2) / 0.5
        p = rates(a, b)
        prior = np.exp(-(za**2 + 2 * 0.3 * za * zb + zb**2) / 2 / (1 - 0.09))
        return prior * np.prod(p**dlt * (1 - p) ** (n - dlt))

    def integral(f, below=5.0):
        return dblquad(f, -2.8, 3.2, -7.0, below, epsabs=0, epsrel=1e-7)[0]

    total = integral(weight)
    known = RULE.posterior(n, dlt)
    mean = integral(lambda a, b: weight(a, b) * rates(a, b)[1]) / total
    assert known.mean[1] == pytest.approx(mean, rel=1e-6)
    edge = np.log(0.33 / 0.67)
    below = integral(weight, lambda b: edge - np.exp(b) * distance[1]) / total
    assert 1 - known.over[1] == pytest.approx(below, rel=1e-6)


def test_without_patients_the_reference_dose_has_the_prior_odds():
    known = RULE.posterior((0, 0, 0), (0, 0, 0))
    edges = norm(-1.0, 0.9).cdf(np.log([0.16 / 0.84, 0.33 / 0.67]))
    assert known.under[2] == pytest.approx(edges[0], rel=1e-9)
    assert known.target[2] == pytest.approx(edges[1] - edges[0], rel=1e-9)


def test_probabilities_of_the_intervals_sum_to_one_and_overdose_rises_with_dose():
    known = RULE.posterior((3, 3, 3), (0, 1, 2))
    assert known.under + known.target + known.over == pytest.approx(1, abs=1e-12)
    assert np.all(np.diff(known.over) > 0) and np.all(np.diff(known.mean) > 0)


def test_a_dose_that_may_be_an_overdose_is_not_given():
    design = Design((RULE, NoSkipping(), StopAt(24)), 3)
    for seen in ("1NNN", "1NNN 2NNN", "1NNN 2NNT", "1NNN 2NNN 3NTT", "1NTT"):
        advice = design.advise(seen)
        if advice.stops:
            continue
        n, dlt = (tuple(int(v) for v in c) for c in _counts(seen))
        known = RULE.posterior(n, dlt)
        assert known.over[advice.next_level - 1] <= 0.25
        assert advice.mtd is None or n[advice.mtd - 1] > 0
    assert design.advise("1NTT").stops and design.advise("1NTT").mtd is None


def _counts(text):
    cohorts = [(int(word[0]), word[1:]) for word in text.split()]
    n = [sum(len(w) for j, w in cohorts if j == level) for level in (1, 2, 3)]
    return n, [sum(w.count("T") for j, w in cohorts if j == level) for level in (1, 2, 3)]


def test_it_has_exact_operating_characteristics():
    design = Design((RULE, NoSkipping(), StopAt(9)), 3)
    oc = operating_characteristics(design, [0.05, 0.1, 0.25])
    assert oc.none + oc.selected.sum() == pytest.approx(1)
    worse = operating_characteristics(design, [0.3, 0.5, 0.7])
    assert worse.none > oc.none and worse.patients[2] < oc.patients[2]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"doses": (1.0, 1.0)}, "must rise from above 0"),
        ({"doses": (0.0, 1.0)}, "must rise from above 0"),
        ({"doses": ()}, "must rise from above 0"),
        ({"reference_dose": 0.0}, "reference_dose = 0"),
        ({"low": 0.4}, "target interval"),
        ({"most_overdose": 25.0}, "most_overdose = 25"),
    ],
)
def test_bad_input_is_refused(wrong, says):
    with pytest.raises(InputError, match=says):
        BLRM(**(GIVEN | wrong))


def test_a_prior_or_counts_that_cannot_be_are_refused():
    with pytest.raises(InputError, match="sd_log_alpha = 0"):
        BivariateNormal(0.0, 0.0, 0.0, 1.0)
    with pytest.raises(InputError, match="correlation = 1 "):
        BivariateNormal(0.0, 0.0, 1.0, 1.0, 1.0)
    with pytest.raises(InputError, match="one for each of the 3 doses"):
        RULE.posterior((3, 3), (0, 0))
    with pytest.raises(InputError, match="made for 3 levels"):
        Design((RULE,), 4)
