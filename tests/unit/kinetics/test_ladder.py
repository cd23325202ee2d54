"""The mass-preserving ladder: closed forms, probabilities, and what it refuses."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft.domain import InputError
from pdcraft.kinetics import rate_matrix, trajectory_ladder

CHAIN = rate_matrix(("a", "b", "c"), [("a", "b"), ("b", "c")], jnp.array([5e3, 1e-3]))
START = jnp.array([2.0, 0.0, 0.0])
TIMES = jnp.array([0.0, 1e-5, 1e-3, 1.0, 30.0, 1e4])


def test_a_stiff_chain_has_relative_accuracy_even_where_almost_nothing_is():
    x = trajectory_ladder(CHAIN, START, TIMES)
    fast, slow = 5e3, 1e-3
    b = 2 * fast / (fast - slow) * np.exp(-slow * TIMES) * -np.expm1(-(fast - slow) * TIMES)
    np.testing.assert_allclose(x[:, 1], b, rtol=1e-12)
    np.testing.assert_allclose(x[:3, 0], 2 * np.exp(-fast * TIMES[:3]), rtol=1e-12)
    assert 0 <= float(x[-1, 0]) < 1e-300


def test_no_molecule_is_lost_over_a_million_half_lives():
    x = trajectory_ladder(CHAIN, START, jnp.array([1e6, 1e9]))
    np.testing.assert_allclose(x.sum(axis=1), 2.0, rtol=1e-14)


def test_what_leaves_the_matrix_is_lost_at_its_rate():
    x = trajectory_ladder(jnp.array([[-0.5]]), jnp.ones(1), jnp.array([2.0, 2000.0]))
    assert float(x[0, 0]) == pytest.approx(np.exp(-1.0), rel=1e-14)
    assert 0 <= float(x[1, 0]) < 1e-300


def test_nothing_moves_without_rates_or_molecules():
    assert trajectory_ladder(jnp.zeros((3, 3)), START, TIMES)[-1].tolist() == [2.0, 0.0, 0.0]
    assert float(jnp.abs(trajectory_ladder(CHAIN, 0 * START, TIMES)).max()) == 0.0


def test_patients_can_be_mapped_over():
    many = jnp.stack([CHAIN, 0.1 * CHAIN])
    x = jax.vmap(trajectory_ladder, (0, None, None))(many, START, TIMES)
    one = trajectory_ladder(many[1], START, TIMES)
    np.testing.assert_allclose(x[1], one, rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize(
    ("matrix", "start", "times", "said"),
    [
        (-CHAIN, START, TIMES, "off its diagonal holds -5000"),
        (CHAIN, -START, TIMES, "start holds -2"),
        (CHAIN, START, -TIMES, "time_h holds"),
        (CHAIN, START[:2], TIMES, r"\[place, place\]"),
        (CHAIN + jnp.diag(jnp.array([0.0, 0.0, 1.0])), START, TIMES, "gains 1 per h"),
    ],
)
def test_what_cannot_be_right_is_refused(matrix, start, times, said):
    with pytest.raises(InputError, match=said):
        trajectory_ladder(matrix, start, times)
