"""Exponential modes and sampled instants."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft.domain import Exponentials, Samples


def mode(rate, start=0.0, duration=0.0) -> Exponentials:
    return Exponentials(jnp.full(1, rate), jnp.full(1, start), jnp.full(1, duration))


def test_a_bolus_is_an_exponential_from_its_start():
    t = jnp.array([-1.0, 2.0, 3.0, 10.0])
    found = mode(0.3, start=2.0).at(t)[:, 0]
    np.testing.assert_allclose(found, [0.0, 1.0, np.exp(-0.3), np.exp(-2.4)], rtol=1e-15)


def test_an_infusion_rises_to_its_end_and_then_falls_with_its_rate():
    clock = mode(0.3, start=1.0, duration=4.0)
    end = (1 - np.exp(-1.2)) / 1.2
    t = jnp.array([1.0, 3.0, 5.0, 9.0])
    expected = [0.0, (1 - np.exp(-0.6)) / 1.2, end, end * np.exp(-1.2)]
    np.testing.assert_allclose(clock.at(t)[:, 0], expected, rtol=1e-14)


def test_without_loss_an_infusion_is_a_ramp_to_one():
    found = mode(0.0, duration=4.0).at(jnp.array([1.0, 4.0, 400.0]))[:, 0]
    np.testing.assert_allclose(found, [0.25, 1.0, 1.0], rtol=1e-15)


@pytest.mark.parametrize("rate", [1e-9, 1e-7, 9.9e-7, 1.01e-6, 1e-5])
def test_slow_loss_keeps_its_digits_where_the_formula_changes(rate):
    found = float(mode(rate, duration=1.0).at(jnp.array(1.0))[0])
    assert found == pytest.approx(-np.expm1(-rate) / rate, rel=1e-12)


def test_fast_infusions_become_a_bolus():
    t = jnp.array([1.0, 10.0])
    bolus = mode(0.3).at(t)
    for duration, near in ((1e-2, 2e-3), (1e-4, 2e-5), (1e-6, 2e-7)):
        np.testing.assert_allclose(mode(0.3, duration=duration).at(t), bolus, rtol=near)


@pytest.mark.parametrize(("rate", "duration"), [(0.05, 0.0), (0.3, 0.5), (2.0, 30.0)])
def test_the_integral_agrees_with_quadrature(rate, duration):
    clock = mode(rate, start=3.0, duration=duration)
    last = duration + 45 / rate  # what is left then is below 1e-19
    # Simpson's rule on both sides of the kink at the end of the infusion.
    total = 0.0
    for a, b in ((0.0, duration), (duration, last)):
        t = np.linspace(a, b, 20_001)
        y = np.asarray(clock.at(jnp.asarray(3.0 + t)))[:, 0]
        total += (b - a) / 60_000 * (y[0] + 4 * y[1::2].sum() + 2 * y[2:-1:2].sum() + y[-1])
    assert total == pytest.approx(float(clock.integral_h[0]), rel=1e-8)


def test_infusions_are_continuous_at_begin_and_end():
    clock, step = mode(5.0, start=2.0, duration=3.0), 1e-9
    for t in (2.0, 5.0):
        before, after = clock.at(jnp.array([t - step, t + step]))[:, 0]
        assert float(before) == pytest.approx(float(after), abs=1e-8)


def test_an_infusion_is_the_sum_of_its_halves():
    t = jnp.linspace(0.0, 20.0, 41)
    whole = mode(0.4, start=1.0, duration=6.0).at(t)
    halves = mode(0.4, start=1.0, duration=3.0).at(t) + mode(0.4, start=4.0, duration=3.0).at(t)
    np.testing.assert_allclose(whole, halves / 2, atol=1e-15)


def test_further_loss_adds_to_the_rate():
    clock = mode(0.3, start=1.0, duration=2.0).faster_by(0.2)
    np.testing.assert_allclose(clock.rate_per_h, [0.5])
    np.testing.assert_array_equal((clock.start_h[0], clock.duration_h[0]), (1.0, 2.0))


@pytest.mark.parametrize("duration", [0.0, 4.0])
@pytest.mark.parametrize("t", [0.5, 4.5, 30.0])
def test_the_gradient_in_the_rate_agrees_with_a_difference(t, duration):
    def value(rate):
        return mode(rate, duration=duration).at(jnp.array(t))[0]

    step = 1e-5
    difference = (value(0.3 + step) - value(0.3 - step)) / (2 * step)
    assert float(jax.grad(value)(0.3)) == pytest.approx(float(difference), rel=1e-6)


def test_the_gradient_without_loss_is_finite():
    for duration in (0.0, 4.0):
        slope = jax.grad(lambda r, d=duration: mode(r, duration=d).at(jnp.array(2.0))[0])(0.0)
        assert bool(jnp.isfinite(slope))


def test_samples_are_joined_by_straight_lines_and_end_at_zero():
    clock = Samples(jnp.array([0.0, 2.0, 6.0]))
    values = jnp.array([1.0, 3.0, 2.0])
    found = clock.at(jnp.array([-1.0, 0.0, 1.0, 4.0, 6.0, 7.0])) @ values
    np.testing.assert_allclose(found, [0.0, 1.0, 2.0, 2.5, 2.0, 0.0])


def test_the_integral_of_samples_is_that_of_trapezoids():
    times, values = np.array([0.0, 2.0, 6.0, 7.5]), np.array([1.0, 3.0, 2.0, 0.5])
    found = Samples(jnp.asarray(times)).integral_h @ values
    assert float(found) == pytest.approx(np.trapezoid(values, times), rel=1e-15)
