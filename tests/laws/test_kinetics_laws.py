"""What must hold for every graph, rate, start and time."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pdcraft.kinetics import (
    Elimination,
    rate_matrix,
    time_integrated,
    time_integrated_many,
    trajectory,
    trajectory_contour,
    trajectory_ladder,
)

DECAY = 3.6e-3
TIMES = np.array([0.05, 0.7, 6.0, 50.0])
PLACES = tuple("abcdefg")
TREE = (
    *(pair for a, b in ("ab", "ac", "bd", "be", "cf") for pair in ((a, b), (b, a))), ("a", "g"),
)  # fmt: skip
PATIENTS = 3
exponentials = jax.jit(trajectory)
SHAPES = (1, 2, 3)  # few graphs, as each is compiled; rates and amounts are drawn anew
quick = settings(deadline=None, max_examples=20)


def graph(shape: int, seed: int) -> tuple[Elimination, np.ndarray, np.ndarray]:
    """A random graph, rates over four decades, amounts at the start."""
    draw = np.random.default_rng(shape)
    possible = [(a, b) for a in PLACES for b in PLACES if a != b]
    chosen = draw.choice(len(possible), size=draw.integers(3, 14), replace=False)
    draw = np.random.default_rng(seed)
    rates = 10.0 ** draw.uniform(-3, 1, (chosen.size, PATIENTS))
    plan = Elimination(PLACES, [possible[i] for i in chosen])
    return plan, rates, draw.uniform(0, 1, (len(PLACES), PATIENTS))


def matrices(plan, rates):
    return [rate_matrix(plan.places, plan.transfers, jnp.asarray(k)) for k in rates.T]


graphs = st.builds(graph, st.sampled_from(SHAPES), st.integers(0, 2**32 - 1))


@quick
@given(graphs)
def test_time_integrals_agree_with_a_dense_solve_and_keep_every_molecule(drawn):
    plan, rates, start = drawn
    found = np.asarray(time_integrated_many(plan, rates, start, DECAY))
    for i, matrix in enumerate(matrices(plan, rates)):
        dense = time_integrated(matrix, start[:, i], DECAY)
        # the dense solve subtracts rates of 10 from sums that differ by 0.0036 per h
        np.testing.assert_allclose(found[:, i], dense, rtol=1e-9, atol=1e-9)
    assert np.all(found >= 0)
    # every molecule decays once, wherever it is
    np.testing.assert_allclose(DECAY * found.sum(axis=0), start.sum(axis=0), rtol=1e-13)


@quick
@given(graphs, st.floats(0, 10), st.floats(0, 10))
def test_integrals_and_curves_superpose(drawn, first, second):
    plan, rates, start = drawn
    other = start[::-1]
    for answer in (
        lambda x: time_integrated_many(plan, rates, x, DECAY),
        lambda x: trajectory_ladder(matrices(plan, rates)[0], x[:, 0], TIMES),
    ):
        both = answer(first * start + second * other)
        np.testing.assert_allclose(
            both, first * answer(start) + second * answer(other), rtol=1e-11, atol=1e-290
        )


@quick
@given(graphs)
def test_the_gradient_is_the_finite_difference(drawn):
    plan, rates, start = drawn

    def last(k):
        return jnp.log(time_integrated_many(plan, k, start, DECAY)[-1])

    found = jax.grad(lambda k: last(k).sum())(jnp.asarray(rates))
    h = 1e-5
    for e in range(rates.shape[0]):
        up, down = rates.copy(), rates.copy()
        up[e] *= 1 + h
        down[e] *= 1 - h
        difference = (last(up) - last(down)) / (2 * h)  # by the logarithm of the rate
        np.testing.assert_allclose(found[e] * rates[e], difference, rtol=1e-5, atol=1e-8)


@quick
@given(st.integers(0, 2**32 - 1))
def test_the_curves_of_all_engines_agree(seed):
    # there-and-back pairs on a tree and one way out: every mode is a pure decay
    draw = np.random.default_rng(seed)
    plan = Elimination(PLACES, TREE)
    rates = 10.0 ** draw.uniform(-3, 1, (len(TREE), PATIENTS))
    start = draw.uniform(0, 1, (len(PLACES), PATIENTS))
    many = np.asarray(trajectory_contour(plan, rates, start, TIMES))
    for i, matrix in enumerate(matrices(plan, rates)):
        slow = trajectory_ladder(matrix, start[:, i], TIMES)
        np.testing.assert_allclose(many[..., i], slow, rtol=0, atol=1e-6)
        np.testing.assert_allclose(exponentials(matrix, start[:, i], TIMES), slow, atol=1e-10)


@quick
@given(graphs, st.floats(1e-3, 1e6))
def test_the_ladder_never_goes_below_zero_nor_loses_a_molecule(drawn, last_h):
    plan, rates, start = drawn
    x = trajectory_ladder(matrices(plan, rates)[0], start[:, 0], TIMES / 50.0 * last_h)
    assert float(x.min()) >= 0.0
    np.testing.assert_allclose(x.sum(axis=1), start[:, 0].sum(), rtol=1e-12)


@quick
@given(graphs)
def test_the_ladder_forgets_where_it_was(drawn):
    plan, rates, start = drawn
    matrix = matrices(plan, rates)[0]
    half = trajectory_ladder(matrix, start[:, 0], TIMES / 2)
    twice = [trajectory_ladder(matrix, half[j], TIMES[j : j + 1] / 2)[0] for j in range(4)]
    whole = trajectory_ladder(matrix, start[:, 0], TIMES)
    np.testing.assert_allclose(jnp.stack(twice), whole, rtol=1e-11, atol=1e-290)
