"""Closed forms against numerical integrals, and limits that can be done by hand."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from pdcraft.biology import quadratic_dose_Gy2
from pdcraft.biology.bed import overlap_h
from pdcraft.biology.survival import dose_by_Gy, quadratic_dose_by_Gy2
from pdcraft.domain import Exponentials
from pdcraft.domain.units import LN2

RATES = np.array([0.0044, 0.2, 1.3, 0.0044, 0.2])
STARTS = np.array([0.0, 0.0, 0.0, 168.0, 168.0])
AMPLITUDES = np.array([0.03, 0.05, -0.04, 0.02, 0.03])
REPAIR_h = 1.5


def modes(duration_h):
    return Exponentials(jnp.array(RATES), jnp.array(STARTS), jnp.full(5, duration_h))


def by_quadrature(clock, until_h):
    """2 int D' Q with Q from its own differential equation, on a very fine grid."""
    edges = np.r_[0.0, np.geomspace(1e-4, 168.0, 6001), 168.0 + np.geomspace(1e-4, 6000.0, 6001)]
    t = np.unique(np.r_[edges[edges <= until_h], until_h])
    mid = 0.5 * (t[1:] + t[:-1])
    rate = np.asarray(clock.at(jnp.array(mid))) @ AMPLITUDES
    mu, step = LN2 / REPAIR_h, np.diff(t)
    keep = np.exp(-mu * step)
    Q, total = 0.0, 0.0
    for r, dt, k in zip(rate, step, keep, strict=True):
        total += 2 * r * (Q * (1 - k) / mu + r / mu * (dt - (1 - k) / mu))
        Q = Q * k + r / mu * (1 - k)
    return total


@pytest.mark.parametrize("duration_h", [0.0, 0.5, 4.0])
def test_protracted_dose_of_many_modes_is_the_double_integral(duration_h):
    clock = modes(duration_h)
    closed = quadratic_dose_Gy2(clock, jnp.array(AMPLITUDES), repair_half_time_h=REPAIR_h)
    assert float(closed) == pytest.approx(by_quadrature(clock, 6000.0), rel=2e-4)


@pytest.mark.parametrize("until_h", [3.0, 100.0, 200.0])
def test_protracted_dose_so_far_is_the_integral_so_far(until_h):
    clock = modes(0.5)
    closed = quadratic_dose_by_Gy2(
        clock, jnp.array(AMPLITUDES), jnp.array([until_h]), repair_half_time_h=REPAIR_h
    )
    assert float(closed[0]) == pytest.approx(by_quadrature(clock, until_h), rel=5e-4)


def test_dose_so_far_counts_the_infusion_as_it_enters():
    clock = modes(0.5)
    for until_h in (0.2, 0.5, 170.0):
        expected, _ = quad(
            lambda t: float(clock.at(jnp.asarray(t)) @ AMPLITUDES),
            0.0, until_h, points=[0.5, 168.0, 168.5], limit=300,
        )  # fmt: skip
        got = dose_by_Gy(clock, jnp.array(AMPLITUDES), jnp.array([until_h]))
        assert float(got[0]) == pytest.approx(expected, rel=1e-6)


def test_boluses_given_together_follow_the_sum_over_pairs():
    together = Exponentials(jnp.array(RATES), jnp.zeros(5), jnp.zeros(5))
    mu = LN2 / REPAIR_h
    pairs = 1.0 / ((RATES[None, :] + mu) * (RATES[:, None] + RATES[None, :]))
    expected = 2 * AMPLITUDES @ pairs @ AMPLITUDES
    closed = quadratic_dose_Gy2(together, jnp.array(AMPLITUDES), repair_half_time_h=REPAIR_h)
    assert float(closed) == pytest.approx(expected, rel=1e-10)


def test_a_mode_that_decays_as_fast_as_repair_is_no_singularity():
    def total(rate):
        clock = Exponentials(jnp.array([rate]), jnp.zeros(1), jnp.zeros(1))
        return float(quadratic_dose_Gy2(clock, jnp.ones(1), repair_half_time_h=REPAIR_h))

    mu = LN2 / REPAIR_h
    assert total(mu) == pytest.approx(1 / (2 * mu**2), rel=2e-5)


def test_overlap_does_not_depend_on_which_is_named_first():
    clock = modes(0.5)
    assert jnp.allclose(overlap_h(clock, clock), overlap_h(clock, clock).T, rtol=1e-13)
