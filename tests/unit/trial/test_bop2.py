import numpy as np
import pytest
from scipy.stats import beta

from pdcraft.domain import InputError
from pdcraft.trial import BOP2, SingleArm, calibrate_bop2

FE = BOP2(0.2, (10, 20, 30), lam=0.9, gamma=0.8, eta=2.0)


def test_boundaries_are_where_the_posterior_crosses():
    bounds = FE.boundaries
    for n, low, high in zip(
        bounds.looks, bounds.futile_at_most, bounds.success_at_least, strict=True
    ):
        posterior = beta.sf(0.2, 0.2 + np.arange(n + 1), 0.8 + n - np.arange(n + 1))
        futile = 0.9 * (n / 30) ** 0.8
        assert posterior[low] < futile <= posterior[low + 1]
        if n < 30:
            needed = 1 - 0.1 * (n / 30) ** 2.0
            assert posterior[high - 1] < needed <= posterior[high]
    assert bounds.success_at_least[-1] == bounds.futile_at_most[-1] + 1


def test_characteristics_agree_with_simulated_trials():
    rng, trials, p = np.random.default_rng(3), 20_000, 0.35
    responses = np.cumsum(rng.random((trials, 30)) < p, axis=1)
    bounds = FE.boundaries
    n_used, success, open_ = np.zeros(trials), np.zeros(trials, bool), np.ones(trials, bool)
    for n, low, high in zip(
        bounds.looks, bounds.futile_at_most, bounds.success_at_least, strict=True
    ):
        y = responses[:, n - 1]
        n_used[open_] = n
        success |= open_ & (y >= high)
        open_ &= (y > low) & (y < high)
    exact = FE.characteristics(p)
    assert abs(success.mean() - exact.succeeds) < 4 * success.std() / trials**0.5
    assert abs(n_used.mean() - exact.expected_n) < 4 * n_used.std() / trials**0.5


def test_a_stop_for_efficacy_saves_patients():
    without = BOP2(0.2, (10, 20, 30), lam=0.9, gamma=0.8)
    assert without.boundaries.success_at_least[:2] == (11, 21)
    assert FE.characteristics(0.5).expected_n < without.characteristics(0.5).expected_n - 5
    assert without.characteristics(0.5).stops_for_efficacy == 0


def test_the_calibrated_design_is_the_best_on_its_grid():
    lams, gammas = (0.6, 0.8, 0.9, 0.95), (0.0, 0.5, 1.0)
    best = calibrate_bop2(0.2, 0.4, (10, 20, 30), alpha=0.1, lams=lams, gammas=gammas)
    for lam in lams:
        for gamma in gammas:
            other = BOP2(0.2, (10, 20, 30), lam, gamma)
            if other.characteristics(0.2).succeeds <= 0.1:
                assert other.characteristics(0.4).succeeds <= best.characteristics(0.4).succeeds
    assert best.characteristics(0.2).succeeds <= 0.1


def test_advice_says_why():
    arm = SingleArm((10, 20), (1, 5), (8, 6))
    assert arm.advise(7, 0).startswith("go on: 0 of 7 responded, the next look is at 10")
    assert arm.advise(10, 1).startswith("stop: 1 of 10")
    assert arm.advise(10, 5).startswith("go on: 5 of 10 responded, neither")
    assert arm.advise(10, 8).startswith("success: 8 of 10")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: BOP2(20.0, (10,), 0.9, 1.0), "p0 = 20"),
        (lambda: BOP2(0.2, (10,), 1.0, 1.0), "lam = 1 "),
        (lambda: BOP2(0.2, (10,), 0.9, -1.0), "gamma = -1"),
        (lambda: BOP2(0.2, (), 0.9, 1.0), "looks"),
        (lambda: BOP2(0.2, (20, 10), 0.9, 1.0).boundaries, "must rise"),
        (lambda: FE.characteristics(1.5), "p = 1.5"),
        (lambda: SingleArm((10, 20), (1,), (8, 6)), "one of each"),
        (lambda: SingleArm((10, 20), (8, 5), (8, 6)), "first must be below"),
        (lambda: SingleArm((10, 20), (1, 5), (8, 8)), "no count may be left"),
        (lambda: SingleArm((10, 20), (1, 5), (8, 6)).advise(10, 11), "do not fit"),
        (lambda: calibrate_bop2(0.4, 0.2, (10,), alpha=0.1), "must rise"),
        (lambda: calibrate_bop2(0.2, 0.4, (10,), alpha=0.0), "alpha = 0 "),
        (lambda: calibrate_bop2(0.2, 0.4, (10,), alpha=1e-9, lams=(0.5,)), "No design on"),
    ],
)
def test_bad_input_is_refused(call, says):
    with pytest.raises(InputError, match=says):
        call()
