"""Changing rates, steady states and repeated doses against closed forms."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft import library
from pdcraft.domain import InputError
from pdcraft.kinetics import (
    Elimination,
    before_next_dose,
    rate_matrix,
    refuse_unreached,
    steady_state,
    time_integrated_intervals,
    trajectory_intervals,
)


def iodine(blockade):
    graph = library.graph("iodine_icrp137").scaled("Blood1", "Thyroid1", 1.0 - blockade)
    start = jnp.zeros(len(graph.places)).at[graph.places.index("Blood1")].set(1.0)
    matrix = rate_matrix(graph.places, graph.transfers, graph.rate_per_h)
    thyroid = [graph.places.index(f"Thyroid{i}") for i in (1, 2)]
    return matrix, start, thyroid


def test_blockade_from_the_second_day_lies_between_none_and_all():
    open_, start, thyroid = iodine(0.0)
    closed, _, _ = iodine(1.0)
    decay = float(library.chain("I-131", daughters="leave").rate_per_h[0])
    never, late, always = (
        float(time_integrated_intervals(m, b, start, decay)[jnp.asarray(thyroid)].sum())
        for m, b in (([open_], [0.0]), ([open_, closed], [0.0, 6.0]), ([closed], [0.0]))
    )
    assert never == pytest.approx(76.65, rel=1e-4)
    assert always == pytest.approx(0.0, abs=1e-10)
    assert 0.1 * never < late < 0.9 * never


def test_splitting_an_interval_changes_nothing():
    K, start, _ = iodine(0.3)
    t = jnp.array([0.5, 5.0, 30.0, 200.0])
    whole = trajectory_intervals([K], [0.0], start, t)
    split = trajectory_intervals([K, K, K], [0.0, 5.0, 100.0], start, t)
    np.testing.assert_allclose(split, whole, rtol=1e-10, atol=1e-13)
    both = [time_integrated_intervals([K] * n, b, start, 3.6e-3)
            for n, b in ((1, [0.0]), (3, [0.0, 5.0, 100.0]))]  # fmt: skip
    np.testing.assert_allclose(both[1], both[0], rtol=1e-9, atol=1e-12)


def test_a_voided_bladder_is_empty_and_fills_again():
    K = rate_matrix(("blood", "bladder"), [("blood", "bladder")], jnp.array([0.5]))
    kept = jnp.array([1.0, 0.0])
    x = trajectory_intervals(
        [K, K], [0.0, 4.0], jnp.array([1.0, 0.0]), jnp.array([3.9, 4.0, 8.0]), keeps=[kept, kept]
    )
    assert float(x[1, 1]) == 0.0
    assert float(x[2, 1]) == pytest.approx(np.exp(-2.0) - np.exp(-4.0), rel=1e-12)


def test_steady_state_is_where_repeated_doses_and_infusions_lead():
    plan = Elimination(
        ("blood", "tissue", "out"), [("blood", "tissue"), ("tissue", "blood"), ("blood", "out")],
        entry=["blood"], sinks=["out"],
    )  # fmt: skip
    rates = jnp.array([0.3, 0.1, 0.05])
    assert steady_state(plan, rates, jnp.array([2.0])).tolist() == pytest.approx([40.0, 120.0])
    K = rate_matrix(("blood", "tissue", "out"), plan.transfers, rates)[:2, :2]
    dose, x = jnp.array([1.0, 0.0]), jnp.zeros(2)
    again = before_next_dose(K, dose, 24.0)
    for _ in range(200):
        x = trajectory_intervals([K], [0.0], x + dose, jnp.array([24.0]))[0]
    np.testing.assert_allclose(again, x, rtol=1e-9)


def test_what_cannot_be_is_refused():
    K = rate_matrix(("a", "b"), [("a", "b")], jnp.array([0.5]))
    with pytest.raises(InputError, match="first at 0 h"):
        trajectory_intervals([K], [1.0], jnp.ones(2), jnp.array([2.0]))
    with pytest.raises(InputError, match="one after the other"):
        trajectory_intervals([K, K, K], [0.0, 5.0, 3.0], jnp.ones(2), jnp.array([2.0]))
    with pytest.raises(InputError, match="never leave"):
        before_next_dose(K, jnp.ones(2), 24.0)
    with pytest.raises(InputError, match="can reach c"):
        refuse_unreached(Elimination("abc", [("a", "b"), ("c", "b")], entry=["a"]))
    trap = Elimination("ab", [("a", "b")], entry=["a"])
    with pytest.raises(InputError, match="cannot leave b"):
        steady_state(trap, jnp.array([1.0]), jnp.array([1.0]))
