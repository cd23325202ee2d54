"""Curves by a contour: closed forms, tolerance, and what it refuses."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft.domain import InputError, NumericalError
from pdcraft.kinetics import Elimination, rate_matrix, trajectory_contour, trajectory_ladder

CHAIN = Elimination(("a", "b", "c"), [("a", "b"), ("b", "c")], entry=["a"])
RATES = jnp.array([[2.0, 0.3], [0.5, 0.01]])
TIMES = np.array([0.0, 0.01, 0.1, 1.0, 10.0, 300.0])


def closed_form(k1, k2, t):
    a = np.exp(-k1 * t)
    b = k1 / (k2 - k1) * (np.exp(-k1 * t) - np.exp(-k2 * t))
    return np.stack([a, b, 1 - a - b])


@pytest.mark.parametrize("tolerance", [1e-4, 1e-6, 1e-8, 1e-10])
def test_the_error_is_what_was_asked_for(tolerance):
    x = trajectory_contour(CHAIN, RATES, jnp.ones(1), TIMES, tolerance=tolerance)
    for i in range(2):
        exact = closed_form(*np.asarray(RATES[:, i]), TIMES).T
        np.testing.assert_allclose(x[..., i], exact, atol=3 * tolerance)


def test_times_may_come_in_any_order_and_without_zero():
    x = trajectory_contour(CHAIN, RATES, jnp.ones(1), TIMES)
    back = trajectory_contour(CHAIN, RATES, jnp.ones(1), TIMES[:0:-1])
    np.testing.assert_allclose(back[::-1], x[1:], rtol=0, atol=1e-13)
    only_zero = trajectory_contour(CHAIN, RATES, jnp.full(1, 7.0), np.zeros(1))
    assert only_zero[0, :, 0].tolist() == [7.0, 0.0, 0.0]


def test_decay_multiplies_every_amount_alike():
    stable = trajectory_contour(CHAIN, RATES, jnp.ones(1), TIMES)
    decaying = trajectory_contour(CHAIN, RATES, jnp.ones(1), TIMES, 0.01)
    np.testing.assert_allclose(decaying, stable * np.exp(-0.01 * TIMES)[:, None, None], atol=3e-8)


def test_the_gradient_is_that_of_the_formula():
    def b(k):
        return trajectory_contour(CHAIN, k, jnp.ones(1), TIMES[3:4], tolerance=1e-9)[0, 1].sum()

    found = jax.grad(b)(RATES)
    step = 1e-6
    for e in range(2):
        for i in range(2):
            moved = [
                closed_form(*np.asarray(RATES.at[e, i].add(d)[:, i]), 1.0)[1] for d in (step, -step)
            ]
            assert float(found[e, i]) == pytest.approx((moved[0] - moved[1]) / (2 * step), abs=1e-7)


def test_modes_that_oscillate_too_much_are_refused_not_drawn_wrongly():
    n = 12
    ring = [(f"p{i}", f"p{(i + 1) % n}") for i in range(n)]
    plan = Elimination([a for a, _ in ring], ring, entry=["p0"])
    rates, times = jnp.full((n, 1), 1.0), np.geomspace(1e-2, 1e3, 20)
    with pytest.raises(NumericalError, match=r"trajectory_ladder"):
        trajectory_contour(plan, rates, jnp.ones(1), times)
    near = np.linspace(1.0, 4.0, 5)
    x = trajectory_contour(plan, rates, jnp.ones(1), near)
    slow = trajectory_ladder(rate_matrix(plan.places, ring, rates[:, 0]), jnp.eye(n)[0], near)
    np.testing.assert_allclose(x[..., 0], slow, atol=1e-7)


@pytest.mark.parametrize(
    ("times", "tolerance", "said"),
    [
        (np.array([-1.0]), 1e-8, "0 h or later"),
        (np.array([np.inf]), 1e-8, "finite"),
        (np.array([]), 1e-8, "list of instants"),
        (np.ones(1), 1e-16, "trajectory_ladder"),
    ],
)
def test_times_and_tolerances_that_cannot_be_met_are_refused(times, tolerance, said):
    with pytest.raises(InputError, match=said):
        trajectory_contour(CHAIN, RATES, jnp.ones(1), times, tolerance=tolerance)


def test_traced_times_are_refused():
    with pytest.raises(InputError, match="known numbers"):
        jax.jit(lambda t: trajectory_contour(CHAIN, RATES, jnp.ones(1), t))(TIMES)
