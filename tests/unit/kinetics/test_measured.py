"""Measured curves: what they recover, how often their intervals hold, what they refuse."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from pdcraft import kinetics
from pdcraft.domain import InputError, MissingError, Regions, TimeActivity
from pdcraft.kinetics import SHAPES, MonoPrior, fit_curves, fit_shape

LAM = np.log(2.0) / 192.5
T = np.array([1.0, 4.0, 24.0, 48.0, 72.0, 144.0, 240.0])


def made(weights, rates, t=T, cv=0.05, seed=None, unit="MBq"):
    y = np.exp(-np.outer(t, np.array(rates) + LAM)) @ np.array(weights)
    seen = y if seed is None else y * (1 + cv * np.random.default_rng(seed).standard_normal(len(t)))
    return TimeActivity("liver", "I-131", LAM, unit, t, seen, cv * y)


@pytest.mark.parametrize(
    ("shape", "weights", "rates"),
    [
        (SHAPES[0], [40.0], [0.0]),
        (SHAPES[1], [40.0], [0.01]),
        (SHAPES[2], [40.0, -40.0], [0.01, 0.3]),
        (SHAPES[3], [25.0, 15.0], [0.003, 0.08]),
        (SHAPES[4], [25.0, 15.0, -40.0], [0.003, 0.05, 0.7]),
    ],
    ids=lambda v: getattr(v, "name", ""),
)
def test_exact_points_give_back_the_curve_they_came_from(shape, weights, rates):
    found = fit_shape(made(weights, rates), shape)
    true = sum(a / (b + LAM) for a, b in zip(weights, rates, strict=True))
    # noise-free, so only the end of the search is left
    assert found.chi_square < 1e-10
    assert found.time_integrated() == pytest.approx(true, rel=1e-5)


def test_no_curve_falls_more_slowly_than_the_nuclide_decays():
    data = TimeActivity("x", "I-131", LAM, "MBq", T, 10 * np.exp(+0.002 * T), np.full(7, 0.5))
    for fit in fit_curves(data).fits:
        assert (fit.half_life_h <= 192.5 + 1e-9).all()


def test_ninety_percent_intervals_hold_the_true_integral_ninety_times_of_a_hundred():
    true, inside, n = 30 / (0.004 + LAM) + 20 / (0.05 + LAM), 0, 400
    z, near = stats.norm.ppf(0.95), np.log([30.0, 20.0, 0.004, 0.046])
    for seed in range(n):
        fit = fit_shape(made([30.0, 20.0], [0.004, 0.05], seed=seed), SHAPES[3], start=near)
        inside += abs(fit.time_integrated() - true) < z * fit.time_integrated_sigma()
    # three binomial standard deviations of 400 draws are 0.045
    assert inside / n == pytest.approx(0.9, abs=0.045)


def test_monte_carlo_agrees_with_first_order_where_errors_are_small():
    choice = fit_curves(made([40.0], [0.01], cv=0.02), shapes=SHAPES[1:2], common_cv=0.03)
    mean, sigma = choice.time_integrated()
    draws = kinetics.resample(choice, draws=400, seed=1)
    assert draws.mean() == pytest.approx(mean, abs=4 * sigma / 20)
    # standard error of a standard deviation from 400 draws is 3.5 %
    assert draws.std() == pytest.approx(sigma, rel=0.12)


def test_a_draw_does_not_depend_on_how_many_follow():
    choice = fit_curves(made([40.0], [0.01]))
    few, many = (kinetics.resample(choice, draws=n, seed=3) for n in (3, 6))
    # Sums round apart where arrays lie differently in memory; the fit converges to 1e-13.
    assert few == pytest.approx(many[:3], rel=1e-9)


def test_weights_sum_to_one_and_the_averaged_sigma_holds_the_spread_between_curves():
    choice = fit_curves(made([30.0, 20.0], [0.004, 0.05], seed=4))
    mean, sigma = choice.time_integrated()
    assert choice.weight.sum() == pytest.approx(1.0)
    areas = np.array([f.time_integrated() for f in choice.fits])
    assert sigma >= choice.weight @ abs(areas - mean)


def test_without_sigma_the_residuals_set_the_scale_and_too_few_points_are_refused():
    t = np.array([4.0, 24.0])
    data = TimeActivity("liver", "I-131", LAM, "MBq", t, np.array([20.0, 15.0]))
    with pytest.raises(InputError, match="2 points for the 2 parameters"):
        fit_shape(data, SHAPES[1])
    with pytest.raises(InputError, match="2 points for the 4 parameters"):
        fit_shape(data, SHAPES[3])
    assert [f.shape.name for f in fit_curves(data).fits] == ["decay only"]


@pytest.mark.parametrize(
    ("t", "y", "said"),
    [
        ([4.0, 2.0], [1.0, 1.0], "does not follow"),
        ([-1.0, 2.0], [1.0, 1.0], "before the injection"),
        ([1.0, 2.0], [1.0, -1.0], "0 or more"),
        ([1.0, 2.0], [1.0, np.nan], "0 or more"),
        ([1.0, np.inf], [1.0, 1.0], "no number"),
    ],
)
def test_points_that_cannot_be_are_refused(t, y, said):
    with pytest.raises(InputError, match=said):
        TimeActivity("liver", "I-131", LAM, "MBq", np.array(t), np.array(y))


def test_a_planar_series_takes_the_level_of_spect():
    planar = made([40.0], [0.01])
    one = TimeActivity(
        "liver",
        "I-131",
        LAM,
        "MBq",
        T[3:4],
        0.8 * planar.activity[3:4],
        0.03 * planar.activity[3:4],
    )
    both = kinetics.hybrid(planar, one)
    assert both.activity == pytest.approx(0.8 * planar.activity)
    # 5 % of the planar point and 3/0.8 % of SPECT, in quadrature
    assert kinetics.hybrid_cv(planar, one) == pytest.approx(np.hypot(0.05, 0.0375), rel=1e-6)
    late = TimeActivity("liver", "I-131", LAM, "MBq", np.array([100.0]), np.array([5.0]))
    with pytest.raises(InputError, match="no SPECT lies"):
        kinetics.hybrid(planar, late)


def test_curves_become_activity_with_the_same_integral():
    space = Regions(("liver", "lung"), jnp.array([1800.0, 1000.0]))
    choice = fit_curves(made([0.3, 0.2], [0.004, 0.05], seed=4, unit="1"))
    activity = kinetics.measured_activity([choice], space, injected_MBq=100.0)
    assert activity.integral_MBq_h[:, 0].tolist() == pytest.approx(
        [100 * choice.time_integrated()[0], 0.0]
    )
    with pytest.raises(InputError, match="give injected_MBq"):
        kinetics.measured_activity([choice], space)
    with pytest.raises(MissingError, match="Region 'liver'"):
        kinetics.measured_activity([choice], Regions(("lung",), jnp.ones(1)), injected_MBq=1.0)


def test_the_population_prior_is_calibrated_and_beats_a_fixed_half_life():
    random, inside, errors, n = np.random.default_rng(5), 0, [], 400
    prior = MonoPrior(half_life_h=60.0, half_life_cv=0.3, decay_per_h=LAM)
    s = np.sqrt(np.log1p(0.09))
    for _ in range(n):
        half = min(60.0 * np.exp(s * random.standard_normal()), 190.0)
        y = np.exp(-np.log(2) * 72.0 / half) * np.exp(0.05 * random.standard_normal())
        data = TimeActivity(
            "x", "I-131", LAM, "1", np.array([72.0]), np.array([y]), np.array([0.05 * y])
        )
        mean, sd = prior.posterior(data)
        true = half / np.log(2)
        inside += abs(mean - true) < 1.645 * sd
        errors.append(
            (mean / true - 1, kinetics.madsen(y, 72.0, typical_half_life_h=60.0) / true - 1)
        )
    # mean and SD of a skewed posterior hold about, not exactly, 90 %
    assert 0.85 < inside / n < 0.97
    bayes, fixed = np.sqrt((np.array(errors) ** 2).mean(axis=0))
    assert bayes <= fixed * 1.02
