"""Elimination: the plan, the numbers, and what it refuses."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft.domain import InputError, MissingError
from pdcraft.kinetics import Elimination, time_integrated_many

PLACES = ("blood", "organ", "urine", "lymph")
PAIRS = (("blood", "organ"), ("organ", "blood"), ("blood", "urine"))
RATES = jnp.array([[2.0, 1.0], [0.5, 0.25], [0.1, 0.2]])


def test_a_loop_has_the_integral_of_its_formula():
    plan = Elimination(PLACES, PAIRS, entry=["blood"], sinks=["urine"])
    x = time_integrated_many(plan, RATES, jnp.ones(1), 0.0)
    # without decay all that enters blood leaves by urine: AUC = 1/k, the organ k_in/k_out of it
    np.testing.assert_allclose(x[0], 1 / RATES[2], rtol=1e-15)
    np.testing.assert_allclose(x[1], RATES[0] / RATES[1] / RATES[2], rtol=1e-15)


def test_a_compartment_that_nothing_reaches_stays_empty():
    plan = Elimination(PLACES, PAIRS, entry=["blood"], sinks=["urine"])
    x = time_integrated_many(plan, RATES, jnp.ones(1), 0.1)
    assert np.all(x[plan.places.index("lymph")] == 0.0)


def test_a_star_is_eliminated_without_fill_in():
    arms = [f"organ {i}" for i in range(9)]
    pairs = [(a, "blood") for a in arms] + [("blood", a) for a in arms]
    plan = Elimination(("blood", *arms), pairs, entry=["blood"])
    assert all(step.gives_to == step.takes_from == (0,) for step in plan.steps[:-1])
    assert plan.steps[-1] == (0, (), ())


def test_slow_losses_keep_all_digits_beside_fast_exchange():
    # Subtraction would leave nothing of 1e-17 per h beside 1e3 per h.
    plan = Elimination(PLACES, PAIRS, entry=["blood"], sinks=["urine"])
    x = time_integrated_many(plan, jnp.array([[1e3], [1e3], [1e-17]]), jnp.ones(1), 0.0)
    np.testing.assert_allclose(x[:2, 0], [1e17, 1e17], rtol=1e-14)


def test_parallel_transfers_add_up():
    twice = Elimination(("a", "b"), [("a", "b"), ("a", "b")], entry=["a"], sinks=["b"])
    x = time_integrated_many(twice, jnp.array([[1.0], [3.0]]), jnp.ones(1), 0.0)
    assert float(x[0, 0]) == 0.25


def test_blocks_do_not_change_a_number():
    plan = Elimination(PLACES, PAIRS, entry=["blood"])
    rates = jnp.asarray(np.random.default_rng(1).lognormal(size=(3, 700)))
    start = jnp.linspace(1.0, 2.0, 700)[None]
    whole = time_integrated_many(plan, rates, start, 0.1)
    parts = [
        time_integrated_many(plan, rates[:, i : i + 100], start[:, i : i + 100], 0.1)
        for i in range(0, 700, 100)
    ]
    np.testing.assert_allclose(whole, jnp.concatenate(parts, axis=1), rtol=1e-14)


def test_the_gradient_passes_through_blocks():
    plan = Elimination(PLACES, PAIRS, entry=["blood"], sinks=["urine"])
    rates = jnp.tile(RATES, (1, 300))
    gradient = jax.grad(lambda k: time_integrated_many(plan, k, jnp.ones(1), 0.0)[0].sum())(rates)
    # AUC of blood is 1/k whatever the organ does
    np.testing.assert_allclose(gradient[2], -1 / rates[2] ** 2, rtol=1e-12)
    np.testing.assert_allclose(gradient[:2], 0.0, atol=1e-12)


def test_the_derivative_by_decay_is_that_of_the_formula():
    plan = Elimination(("a", "b"), [("a", "b")], entry=["a"], sinks=["b"])

    def a(loss):
        return time_integrated_many(plan, jnp.array([[0.5]]), jnp.ones(1), loss)[0, 0]

    assert float(jax.grad(a)(0.25)) == pytest.approx(-1 / 0.75**2, rel=1e-14)
    assert float(jax.jvp(a, (0.25,), (1.0,))[1]) == pytest.approx(-1 / 0.75**2, rel=1e-14)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rates": -RATES}, "blood -> organ of patient 0 is -2"),
        ({"rates": RATES.at[1, 1].set(jnp.nan)}, "organ -> blood of patient 1 is nan"),
        ({"rates": RATES[:2]}, "3 transfers"),
        ({"rates": RATES[:, 0]}, "one column"),
        ({"start": jnp.ones(2)}, "1 entries: blood"),
        ({"start": jnp.ones((1, 3))}, "3, rates_per_h for 2"),
        ({"start": jnp.array([jnp.nan])}, "not finite"),
        ({"loss": -0.1}, "0 or more"),
        ({"sinks": ()}, "cannot leave urine"),
        ({"rates": RATES.at[2, 1].set(0.0)}, "cannot leave blood, organ"),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_place(change, said):
    plan = Elimination(PLACES, PAIRS, entry=["blood"], sinks=change.get("sinks", ["urine"]))
    with pytest.raises(InputError, match=said):
        time_integrated_many(
            plan, change.get("rates", RATES), change.get("start", jnp.ones(1)),
            change.get("loss", 0.0),
        )  # fmt: skip


def test_graphs_that_cannot_be_right_are_refused():
    with pytest.raises(MissingError, match="orgn"):
        Elimination(PLACES, [("blood", "orgn")])
    with pytest.raises(InputError, match="blood stands twice in entry"):
        Elimination(PLACES, PAIRS, entry=["blood", "blood"])
    with pytest.raises(InputError, match="organ stands twice in places"):
        Elimination((*PLACES, "organ"), PAIRS)
    with pytest.raises(InputError, match="two compartments"):
        Elimination(PLACES, [("blood", "blood")])
    with pytest.raises(InputError, match="blood -> organ does"):
        Elimination(PLACES, PAIRS, sinks=["blood"])
    with pytest.raises(InputError, match="at least one"):
        Elimination(PLACES, PAIRS, entry=["urine"], sinks=["urine"])


def dense(pairs, rate, start, s):
    """The same equations as a full matrix, the sink left out."""
    n = len(start)
    A = s * np.eye(n, dtype=np.result_type(s, float))
    for (a, b), k in zip(pairs, rate, strict=True):
        A[a, a] += k
        if b < n:
            A[b, a] -= k
    return np.linalg.solve(A, start), A


@pytest.mark.parametrize("seed", range(8))
def test_any_graph_is_solved_as_a_full_matrix_with_its_gradient(seed):
    random = np.random.default_rng(seed)
    n = int(random.integers(2, 9))
    names = [*(f"p{i}" for i in range(n)), "out"]
    ends = random.integers(0, n + 1, (3 * n, 2))
    pairs = [(int(a), int(b)) for a, b in ends if a != b and a < n]
    entry = sorted(random.choice(n, 2, replace=False).tolist())
    plan = Elimination(
        names, [(names[a], names[b]) for a, b in pairs], entry=[names[i] for i in entry],
        sinks=["out"],
    )  # fmt: skip
    rate, given = 10 ** random.uniform(-3, 3, len(pairs)), random.uniform(0.5, 1.5, 2)
    start = np.zeros(n)
    start[entry] = given

    def integrals(k, s):
        return time_integrated_many(plan, k[:, None], jnp.asarray(given), s)[:, 0]

    x, A = dense(pairs, rate, start, 0.01)
    found = integrals(jnp.asarray(rate), 0.01)
    # the full matrix subtracts exchange from exchange: five digits of sixteen at these rates
    np.testing.assert_allclose(found, x, atol=1e-11 * x.max())
    # no molecule is lost: what decays and what has left is what was given
    left = sum(k * found[a] for (a, b), k in zip(pairs, rate, strict=True) if b == n)
    assert float(0.01 * found.sum() + left) == pytest.approx(given.sum(), rel=1e-13)
    last = entry[1]
    slope, by_s = jax.grad(lambda k, s: integrals(k, s)[last], (0, 1))(jnp.asarray(rate), 0.01)
    y = np.linalg.solve(A.T, np.eye(n)[last])
    exact = [x[a] * ((y[b] if b < n else 0.0) - y[a]) for a, b in pairs]
    np.testing.assert_allclose(slope, exact, atol=1e-10 * np.abs(exact).max())
    assert float(by_s) == pytest.approx(-(y @ x), rel=1e-10)
