import numpy as np
import pytest

from pdcraft.domain import InputError
from pdcraft.trial import Poisson, Regular, Site, TrialDuration, Uniform

SITES = Poisson((Site(1.0), Site(0.5, opens_d=90, ramp_up_d=60), Site(2.0, opens_d=200)))


def test_the_distribution_of_the_last_arrival_is_that_of_simulated_arrivals():
    for accrual in (SITES, Uniform(400.0)):
        last = accrual.arrivals_d(20, seed=3, trial=range(4000))[:, -1]
        for q in (0.1, 0.5, 0.9):
            share = (last <= accrual.quantile_d(q, 20)).mean()
            assert abs(share - q) < 4 * np.sqrt(q * (1 - q) / 4000)
        assert abs(last.mean() - accrual.mean_d(20)) < 4 * last.std() / np.sqrt(4000)


def test_expected_arrivals_count_arrivals():
    days = SITES.arrivals_d(60, seed=9, trial=range(2000))
    for t in (
        45.0,
        120.0,
        300.0,
    ):  # before, within and after the ramp; 60 patients are never all there
        seen = (days <= t).sum(axis=1)
        assert abs(seen.mean() - SITES.expected(t)) < 4 * seen.std() / np.sqrt(2000)


def test_quantile_and_probability_are_inverse_of_each_other():
    q = np.linspace(0.01, 0.99, 9)
    for accrual in (SITES, Uniform(400.0)):
        assert accrual.probability_by(accrual.quantile_d(q, 7), 7) == pytest.approx(q, abs=1e-10)


def test_a_ramp_delays_by_half_its_length():
    late = Poisson.at(2.0, ramp_up_d=60.0).expected(500.0)
    assert late == pytest.approx(Poisson.at(2.0).expected(470.0), rel=1e-12)


def test_nobody_comes_before_the_first_site_opens():
    late = Poisson((Site(3.0, opens_d=100.0),))
    assert late.arrivals_d(5, seed=1).min() > 100
    assert late.expected([0.0, 50.0, 100.0]).tolist() == [0, 0, 0]
    assert float(late.quantile_d(0.0, 1)) in (0.0, 100.0)


def test_a_trial_is_the_same_whatever_else_is_drawn():
    one = SITES.arrivals_d(10, seed=4, trial=7)
    assert np.all(SITES.arrivals_d(30, seed=4, trial=[3, 7])[1, :10] == one)
    assert not np.any(SITES.arrivals_d(10, seed=5, trial=7) == one)
    assert np.all(np.diff(one) > 0)


def test_the_mean_of_a_constant_rate_is_n_over_the_rate():
    assert Poisson.at(2.0).mean_d(24) == pytest.approx(12 * 365.25 / 12, rel=1e-6)
    assert Uniform(300.0).mean_d(24) == pytest.approx(300 * 24 / 25, rel=1e-6)
    assert Regular(2.0).mean_d(24) == pytest.approx(365.25, rel=1e-12)


def test_screening_thins_out():
    duration = TrialDuration(Poisson.at(4.0).thinned(0.5), patients=24, followup_d=28)
    assert duration.mean_d == pytest.approx(365.25 + 28, rel=1e-6)
    assert duration.probability_by(duration.quantile_d(0.3)) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Site(0.0), "with no accrual the trial never ends"),
        (lambda: Poisson(()), "sites must be one or more"),
        (lambda: Poisson.at(1.0, sites=0), "without a site nobody comes"),
        (lambda: Poisson.at(1.0).thinned(0.0), "widen the criteria"),
        (lambda: Site(1.0, opens_d=-1.0), "opens_d = -1 d must be at least 0 d"),
        (lambda: Uniform(0.0), "must be greater than 0 d"),
        (lambda: Regular(0.0), "with no accrual the trial never ends"),
        (lambda: TrialDuration(SITES, patients=0), "whole number of at least 1"),
        (lambda: TrialDuration(SITES, patients=3, followup_d=-1.0), "followup_d"),
        (lambda: SITES.quantile_d(1.5, 3), "between 0 and 1"),
        (lambda: SITES.arrivals_d(3, seed=-1), "seed"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(make, says):
    with pytest.raises(InputError, match=says):
        make()
