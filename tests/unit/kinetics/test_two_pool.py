import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft import kinetics
from pdcraft.domain import InputError, MissingError, Regimen
from pdcraft.kinetics.linear import rate_matrix, trajectory
from pdcraft.study import prepare, read_study, reference_patient


@pytest.fixture(scope="module")
def prepared(example):
    """The example on the small model."""
    asked = read_study(example)
    small = asked.kinetics.model_copy(update={"model": "two_pool"})
    return prepare(asked.model_copy(update={"kinetics": small}))


@pytest.fixture(scope="module")
def man(prepared):
    """The reference man without myeloma."""
    return reference_patient(prepared)


def plasma_share(prepared, man, t):
    given = Regimen.of([100.0], time_h=[0.0], duration_h=0.0)
    amount = kinetics.simulate(kinetics.TwoPool(), man, given, prepared.plan.agent)
    total = prepared.plan.agent.payload.chain.nmol_per_MBq * 100.0
    return amount.at(t)[:, 0, 0] / total


def test_plasma_without_tumour_is_the_biexponential_it_was_solved_from(prepared, man):
    p = man.parameters
    k12, k21, k10 = (
        float(p[n]) for n in ("plasma.to_tissue_rate", "tissue.to_plasma_rate", "plasma.loss_rate")
    )
    s, d = k12 + k21 + k10, k21 * k10
    alpha, beta = ((s + r * np.sqrt(s * s - 4 * d)) / 2 for r in (1, -1))
    t = jnp.array([0.0, 5.0, 48.0, 400.0])
    closed = ((alpha - k21) * np.exp(-alpha * t) + (k21 - beta) * np.exp(-beta * t)) / (
        alpha - beta
    )
    # The tumour of the reference man is a millionth of the marrow, hence not 1e-12.
    np.testing.assert_allclose(plasma_share(prepared, man, t), closed, rtol=1e-5)


def test_modes_agree_with_matrix_exponentials(prepared, man):
    K = kinetics.TwoPool().matrix_per_h(man)
    start = jnp.zeros(K.shape[0]).at[0].set(1.0)
    t = jnp.array([0.1, 3.0, 30.0, 300.0])
    rate, share = kinetics.eigenmodes(K, start)
    np.testing.assert_allclose(
        jnp.exp(-rate * t[:, None]) @ share.T, trajectory(K, start, t), atol=1e-12
    )


def test_time_integrated_amount_is_the_integral_of_the_modes(prepared, man):
    K = kinetics.TwoPool().matrix_per_h(man)
    start = jnp.zeros(K.shape[0]).at[0].set(1.0)
    rate, share = kinetics.eigenmodes(K, start)
    np.testing.assert_allclose(
        kinetics.time_integrated(K, start, 0.0036), share @ (1 / (rate + 0.0036)), rtol=1e-7
    )


def test_a_blocked_thyroid_takes_up_nothing(prepared, man):
    import equinox as eqx

    i = man.parameters.names.index("thyroid.blockade")
    blocked = eqx.tree_at(lambda m: m.parameters.value, man, man.parameters.value.at[i].set(1.0))
    K = kinetics.TwoPool().matrix_per_h(blocked)
    TIA = kinetics.time_integrated(K, jnp.zeros(8).at[0].set(1.0), 0.0036)
    assert float(abs(TIA[5])) < 1e-12


def test_no_two_pool_model_with_an_impossible_area():
    with pytest.raises(InputError, match="Choose another fast half-life"):
        kinetics.biexponential_micro_rates(
            cmax=1.0, auc=1e5, auc_until_h=1008, terminal_half_life_h=822, fast_half_life_h=24,
            infusion_h=0.5,
        )  # fmt: skip


def test_a_transfer_to_an_unknown_compartment_suggests_the_near_one():
    with pytest.raises(MissingError, match="Did you mean 'thyroid'"):
        rate_matrix(("blood", "thyroid"), [("blood", "tyroid")], jnp.array([1.0]))


def test_a_transfer_onto_itself_is_refused():
    with pytest.raises(InputError, match="must join two compartments"):
        rate_matrix(("blood", "thyroid"), [("blood", "blood")], jnp.array([1.0]))


def test_a_regimen_out_of_order_is_refused():
    with pytest.raises(InputError, match="List them in order of time"):
        Regimen.of([1.0, 1.0], time_h=[168.0, 0.0])


def test_a_negative_activity_is_refused():
    with pytest.raises(InputError, match="must be 0 or more"):
        Regimen.of([-1.0], time_h=[0.0])


def test_an_empty_administration_changes_nothing(prepared, man):
    given = Regimen.of([100.0], time_h=[0.0])
    t = jnp.array([1.0, 100.0])
    one, two = (
        kinetics.simulate(kinetics.TwoPool(), man, r, prepared.plan.agent).at(t)
        for r in (given, given.padded(2))
    )
    np.testing.assert_allclose(one, two, rtol=1e-12, atol=1e-15)
