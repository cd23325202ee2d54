import itertools

import numpy as np
import pytest
from scipy.stats import binom

from pdcraft.domain import InputError
from pdcraft.trial import (
    BayesianArm,
    BivariateNormal,
    Design,
    ResponseAndToxicity,
    StopAt,
    TwoParameterCRM,
    response_and_toxicity,
)

PRIOR = BivariateNormal(0.0, 0.0, 1.0, 0.5)
LOOKS = tuple(range(5, 31))


def test_the_predictive_probability_is_that_of_drawn_futures():
    arm = BayesianArm(0.2, LOOKS, prior=(0.2, 0.8), success_at_end=0.9, futile_below=0.05,
                      by="predictive")  # fmt: skip
    rng = np.random.default_rng(3)
    p = rng.beta(0.2 + 4, 0.8 + 11, 40_000)
    total = 4 + rng.binomial(15, p)
    good = arm.posterior(30, total) >= 0.9
    assert abs(good.mean() - arm.predictive(15, 4)) < 4 * good.std() / 200


def test_looking_by_the_posterior_ends_early_both_ways():
    arm = BayesianArm(0.2, LOOKS, prior=(0.5, 0.5), success_at_end=0.95, futile_below=0.05,
                      success_from=0.999)  # fmt: skip
    bad, good = arm.characteristics(0.05), arm.characteristics(0.6)
    assert bad.stops_for_futility > 0.4 and good.stops_for_efficacy > 0.8
    assert good.expected_n < 30 and bad.succeeds < 0.01
    assert list(arm.boundaries.futile_at_most) == sorted(arm.boundaries.futile_at_most)


def test_both_endpoints_are_summed_over_every_course():
    design = ResponseAndToxicity(n1=3, n=5, r1=0, r=1, t1=1, t=2)
    response, toxicity, odds = 0.4, 0.3, 3.0
    b = 1 + (response + toxicity) * (odds - 1)
    both = (b - np.sqrt(b**2 - 4 * odds * (odds - 1) * response * toxicity)) / (2 * (odds - 1))
    cell = {(1, 1): both, (1, 0): response - both, (0, 1): toxicity - both}
    cell[0, 0] = 1 - sum(cell.values())
    recommends = on = 0.0
    for course in itertools.product(cell, repeat=5):
        chance = np.prod([cell[c] for c in course])
        y, x = np.cumsum(course, axis=0).T
        if y[2] > 0 and x[2] <= 1:
            on += chance
            recommends += chance * (y[4] > 1 and x[4] <= 2)
    found = design.characteristics(response, toxicity, odds)
    assert found.recommends == pytest.approx(recommends, abs=1e-12)
    assert found.expected_n == pytest.approx(3 + 2 * on, abs=1e-12)


def passes(n1, n, a, b, p):
    """Probability of at least ``a`` of ``n1``, and at least ``b`` of ``n``."""
    y = np.arange(a, n1 + 1)
    return binom.pmf(y, n1, p) @ binom.sf(b - y - 1, n - n1, p)


def test_the_design_for_both_endpoints_keeps_its_errors_and_none_cheaper_does():
    best = response_and_toxicity(
        response=(0.2, 0.7), toxicity=(0.7, 0.2), alpha_response=0.1, alpha_toxicity=0.1, beta=0.2,
        most=10,
    )  # fmt: skip
    good, weak, toxic = (best.characteristics(*p) for p in ((0.7, 0.2), (0.2, 0.2), (0.7, 0.7)))
    assert good.recommends >= 0.8 and weak.recommends <= 0.1 and toxic.recommends <= 0.1
    expects = max(weak.expected_n, toxic.expected_n)
    for n in range(5, 11):
        for n1 in range(2, n):
            for a, c in itertools.product(range(n1 + 1), repeat=2):
                on = [binom.sf(x - 1, n1, p) for x, p in ((a, 0.2), (a, 0.7), (c, 0.8), (c, 0.3))]
                size = n1 + (n - n1) * max(on[0] * on[2], on[1] * on[3])
                if size >= expects - 1e-9 or on[1] * on[2] < 0.8:
                    continue
                for b, d in itertools.product(range(a, n + 1), range(c, n + 1)):
                    r0, r1 = passes(n1, n, a, b, 0.2), passes(n1, n, a, b, 0.7)
                    s0, s1 = passes(n1, n, c, d, 0.3), passes(n1, n, c, d, 0.8)
                    assert r1 * s1 < 0.8 or r0 * s1 > 0.1 or r1 * s0 > 0.1


def test_the_two_parameter_crm_differs_by_its_estimator_and_goes_down_after_toxicity():
    rules = [
        TwoParameterCRM(0.3, (1.0, 2.0, 4.0), 4.0, PRIOR, how)
        for how in ("plug-in", "posterior mean")
    ]
    one, other = (rule.rates((3, 3, 0), (0, 2, 0)) for rule in rules)
    assert np.all(np.diff(one) > 0) and np.all(np.diff(other) > 0)
    assert not np.allclose(one, other, atol=1e-3)
    for rule in rules:
        design = Design((rule, StopAt(12)), 3)
        assert design.advise("1NNN 2TTT").next_level == 1
        oc = design.operating_characteristics([0.1, 0.3, 0.5])
        assert oc.selected.sum() + oc.none == pytest.approx(1)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: BayesianArm(1.2, LOOKS, (1, 1), 0.9, 0.05), "between 0 and 1"),
        (lambda: BayesianArm(0.2, LOOKS, (0, 1), 0.9, 0.05), "positive"),
        (lambda: BayesianArm(0.2, LOOKS, (1, 1), 0.9, 0.5, 0.4), "below success_from"),
        (lambda: BayesianArm(0.2, LOOKS, (1, 1), 0.9, 0.05, by="x"), "predictive"),
        (lambda: ResponseAndToxicity(10, 9, 1, 2, 1, 2), "do not fit"),
        (lambda: ResponseAndToxicity(5, 9, 1, 2, 3, 2), "at most n1 and t"),
        (lambda: ResponseAndToxicity(5, 9, 1, 2, 2, 3).characteristics(1.1, 0), "between 0 and 1"),
        (
            lambda: response_and_toxicity(
                response=(0.4, 0.2), toxicity=(0.4, 0.2), alpha_response=0.1, alpha_toxicity=0.1,
                beta=0.1,
            ),
            "must rise",
        ),
        (lambda: TwoParameterCRM(0.3, (2.0, 1.0), 4.0, PRIOR, "plug-in"), "must rise"),
        (lambda: TwoParameterCRM(3, (2.0, 3.0), 4.0, PRIOR, "plug-in"), "between 0 and 1"),
        (lambda: TwoParameterCRM(0.3, (2.0, 3.0), 4.0, PRIOR, "x"), "is not known"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_remedy(make, says):
    with pytest.raises(InputError, match=says):
        make()


def test_two_stages_never_go_on_with_more_toxicities_than_they_may_end_with():
    for beta in (0.3, 0.4):
        found = response_and_toxicity(
            response=(0.2, 0.4), toxicity=(0.4, 0.2), alpha_response=0.1, alpha_toxicity=0.1,
            beta=beta, most=25,
        )  # fmt: skip
        assert found.t1 <= found.t and found.r1 <= found.r
        assert found.characteristics(0.4, 0.2).recommends >= 1 - beta - 1e-12
        assert found.characteristics(0.2, 0.2).recommends <= 0.1
        assert found.characteristics(0.4, 0.4).recommends <= 0.1
