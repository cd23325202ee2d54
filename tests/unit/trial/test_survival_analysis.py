import numpy as np
import pytest

from pdcraft.domain import InputError, NumericalError
from pdcraft.trial import (
    GroupSequential,
    KaplanMeier,
    TwoArms,
    Weibull,
    hazard_ratios,
    log_rank,
    obrien_fleming,
)

RNG = np.random.default_rng(8)
TIME = RNG.exponential(10.0, 300).round(1) + 0.1
SEEN = RNG.random(300) < 0.7
TREATED = RNG.random(300) < 0.5


def test_without_censoring_the_curve_is_the_share_still_alive():
    curve = KaplanMeier.of(TIME, np.ones(300, bool))
    for t in (0.0, 3.0, 11.5, 1e3):
        assert curve.at(t) == pytest.approx((TIME > t).mean(), abs=1e-12)
        share = (TIME > t).mean()  # Greenwood's error is then the binomial one
        if 0 < share < 1:
            assert curve.standard_error(t) == pytest.approx(np.sqrt(share * (1 - share) / 300))


def test_swapping_the_groups_turns_the_sign_of_the_test():
    one, other = log_rank(TIME, SEEN, TREATED), log_rank(TIME, SEEN, ~TREATED)
    assert one.z == pytest.approx(-other.z) and one.observed == other.observed[::-1]
    assert sum(one.expected) == pytest.approx(sum(one.observed))


def test_the_score_of_cox_at_no_effect_is_the_log_rank_test_without_ties():
    time = np.unique(RNG.exponential(10.0, 200))
    treated = np.arange(len(time)) % 2 == 0
    seen = np.ones(len(time), bool)
    cox = hazard_ratios(time, seen, treated[:, None].astype(float))
    wald = -cox.log_ratio[0] / cox.standard_error[0]
    assert wald == pytest.approx(log_rank(time, seen, treated).z, abs=0.05)  # equal to second order
    same = hazard_ratios(time, seen, treated[:, None].astype(float), ties="breslow")
    assert same.log_ratio == pytest.approx(cox.log_ratio, rel=1e-9)


def test_weibull_finds_the_curve_it_was_drawn_from():
    drawn = 20.0 * RNG.weibull(1.5, 20_000)
    fit = Weibull.of(np.minimum(drawn, 30.0), drawn < 30.0)
    assert np.exp(fit.log_scale) == pytest.approx(20.0, rel=0.02)
    assert 1 / fit.inverse_shape == pytest.approx(1.5, rel=0.03)


def test_trials_without_effect_reject_as_often_as_planned():
    bounds = obrien_fleming(2, alpha=0.05)
    test = TwoArms(GroupSequential((40, 80), bounds.critical))
    event = RNG.exponential(300.0, (800, 100))
    arrival = np.broadcast_to(np.arange(100) * 3.0, event.shape)
    found = test.simulate(event, treated=np.arange(100) % 2 == 1, arrival_d=arrival)
    assert abs(found.power - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 800)
    assert np.all(found.duration_d > 0) and np.all(
        (found.look == 0) <= (found.z < bounds.critical[1])
    )


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: KaplanMeier.of([1.0], [True, False]), InputError, "one entry for each patient"),
        (lambda: KaplanMeier.of([-1.0], [True]), InputError, "Count it from enrolment"),
        (lambda: KaplanMeier.of([1.0], [True]).median_interval(1.2), InputError, "as 0.95"),
        (lambda: log_rank([1.0, 2.0], [True, True], [True, True]), InputError, "both groups"),
        (lambda: hazard_ratios(TIME, SEEN, TREATED), InputError, "patient, covariate"),
        (lambda: hazard_ratios(TIME, SEEN, np.ones((300, 1))), NumericalError, "constant"),
        (lambda: hazard_ratios(TIME, SEEN, TREATED[:, None], ties="x"), InputError, "efron"),
        (lambda: Weibull.of([1.0, 2.0], [True, False]), InputError, "two different times"),
        (lambda: Weibull.of([0.0, 2.0], [True, True]), InputError, "positive"),
        (lambda: TwoArms(GroupSequential((0.5, 1.0), (2.0, 2.0))), InputError, "whole numbers"),
        (
            lambda: TwoArms(GroupSequential((2,), (2.0,))).simulate(
                [[np.inf, 1.0]], treated=[True, False], arrival_d=[[0.0, 1.0]]
            ),
            InputError,
            "Give more patients",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(make, error, says):
    with pytest.raises(error, match=says):
        make()
