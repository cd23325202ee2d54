"""Activity, atoms and labelled molecules."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft.decay import activity, evolve, labelled_nmol
from pdcraft.domain import Amount, Exponentials, InputError, Regions, Samples
from pdcraft.domain.units import AVOGADRO_PER_NMOL, DECAYS_PER_MBQ_H
from pdcraft.library.nuclides import chain

HERE = Regions(("blood", "tumour"), jnp.array([5000.0, 20.0]))


def moving(nmol) -> Amount:
    """Two regions, two species, three modes: a bolus, a slow infusion, a later bolus."""
    clock = Exponentials(
        jnp.array([0.01, 0.3, 0.0]), jnp.array([0.0, 0.0, 168.0]), jnp.array([0.0, 6.0, 0.0])
    )
    return Amount(HERE, ("CLR1404", "iodide"), clock, jnp.asarray(nmol, float))


SOME = moving(np.arange(1, 13).reshape(2, 2, 3))


def test_modes_are_all_pairs_of_kinetic_mode_and_member():
    iodine = chain("I-131")
    found = activity(SOME, iodine)
    assert found.MBq.shape == (2, 2, 6)
    expected = (SOME.clock.rate_per_h[:, None] + iodine.rate_per_h).ravel()
    np.testing.assert_array_equal(found.clock.rate_per_h, expected)
    np.testing.assert_array_equal(found.clock.start_h, [0, 0, 0, 0, 168, 168])
    np.testing.assert_array_equal(found.clock.duration_h, [0, 0, 6, 6, 0, 0])


def test_space_and_nuclides_pass_through():
    found = activity(SOME, chain("I-131"))
    assert found.space is HERE
    assert found.nuclides == ("I-131", "Xe-131m")


def test_parent_activity_is_labelled_molecules_times_decay():
    # A bolus: the molecules at t, times exp(-lam t), times lam.
    iodine = chain("I-131", daughters="leave")
    nmol = np.zeros((2, 2, 3))
    nmol[:, :, 0] = [[1.0, 2.0], [3.0, 4.0]]
    amount = moving(nmol)
    lam = float(iodine.rate_per_h[0])
    for t in (0.0, 3.0, 500.0):
        molecules = np.asarray(amount.at(jnp.array(t))).sum(axis=-1)
        per_nmol = AVOGADRO_PER_NMOL / DECAYS_PER_MBQ_H * lam * np.exp(-lam * t)
        found = activity(amount, iodine).at(jnp.array(t))[:, 0]
        np.testing.assert_allclose(found, molecules * per_nmol, rtol=1e-12)


def test_every_species_carries_the_label():
    both = activity(SOME, chain("I-131")).MBq
    one = activity(moving(SOME.nmol.at[:, 1].set(0.0)), chain("I-131")).MBq
    other = activity(moving(SOME.nmol.at[:, 0].set(0.0)), chain("I-131")).MBq
    np.testing.assert_allclose(both, one + other, rtol=1e-14)


def test_daughter_of_an_infusion_agrees_with_an_integration_over_entries():
    # Each molecule enters as pure parent at u, so the daughter at t is a mean over u.
    lead = chain("Pb-212")
    clock = Exponentials(jnp.array([0.1]), jnp.array([1.0]), jnp.array([4.0]))
    amount = Amount(Regions(("blood",), jnp.ones(1)), ("x",), clock, jnp.ones((1, 1, 1)))
    u = np.linspace(1.0, 5.0, 20_001)
    for t in (5.0, 9.0):
        pure = jnp.zeros(len(lead.nuclides)).at[0].set(1.0)
        atoms = np.asarray(evolve(lead, pure, jnp.asarray(t - u)))[:, 1]
        entering = np.trapezoid(atoms * np.exp(-0.1 * (t - u)), u) / 4.0
        expected = entering * AVOGADRO_PER_NMOL / DECAYS_PER_MBQ_H * float(lead.rate_per_h[1])
        found = float(activity(amount, lead).at(jnp.array(t))[0, 1])
        assert found == pytest.approx(expected, rel=1e-7)  # error of the trapezoids


def test_sampled_amounts_are_refused_with_a_way_out():
    sampled = Amount(HERE, ("x",), Samples(jnp.array([0.0, 1.0])), jnp.ones((2, 1, 2)))
    with pytest.raises(InputError, match=r"sampled times.*exponential modes.*linear model"):
        activity(sampled, chain("I-131"))


def test_evolve_follows_a_daughter_given_at_the_start():
    # Bi-212 alone: Pb-212 cannot come back.
    lead = chain("Pb-212")
    atoms = jnp.array([0.0, 1000.0, 0.0, 0.0])
    after = evolve(lead, atoms, 60.55 / 60)
    assert float(after[0]) == 0.0
    assert float(after[1]) == pytest.approx(500.0, rel=1e-12)


def test_evolve_takes_times_and_batches():
    lead = chain("Pb-212")
    atoms = jnp.ones((5, 4))
    times = jnp.linspace(0.0, 10.0, 6).reshape(2, 3)
    found = evolve(lead, atoms, times)
    assert found.shape == (2, 3, 5, 4)
    np.testing.assert_allclose(found[1, 2, 4], evolve(lead, atoms[4], times[1, 2]), rtol=1e-12)


def test_evolve_refuses_the_past_and_wrong_atoms():
    lead = chain("Pb-212")
    with pytest.raises(InputError, match=r"elapsed_h = -2 h lies before the start"):
        evolve(lead, jnp.ones(4), -2.0)
    with pytest.raises(InputError, match=r"4 nuclides Pb-212, Bi-212"):
        evolve(lead, jnp.ones(3), 1.0)


def test_activity_and_evolve_can_be_mapped_and_differentiated():
    lead = chain("Pb-212")
    atoms = jnp.array([1.0, 0.0, 0.0, 0.0])
    times = jnp.array([0.5, 1.0, 8.0])
    mapped = jax.vmap(lambda t: evolve(lead, atoms, t))(times)
    np.testing.assert_allclose(mapped, evolve(lead, atoms, times), rtol=1e-12)
    slope = jax.grad(lambda t: evolve(lead, atoms, t)[0])(3.0)
    expected = -lead.rate_per_h[0] * evolve(lead, atoms, 3.0)[0]
    assert float(slope) == pytest.approx(float(expected), rel=1e-12)
    total = jax.grad(lambda n: activity(moving(n), lead).integral_MBq_h.sum())(SOME.nmol)
    assert total.shape == SOME.nmol.shape
    assert bool(jnp.all(total > 0))


def test_labelled_molecules_are_the_atoms_in_an_activity():
    iodine = chain("I-131")
    nmol = labelled_nmol(jnp.array([740.0, 1480.0]), iodine)
    half_life_s = 8.0207 * 86400
    expected = 740e6 * half_life_s / np.log(2) / 6.02214076e23 * 1e9
    np.testing.assert_allclose(nmol, [expected, 2 * expected], rtol=1e-12)


def test_labelled_molecules_give_back_their_activity():
    actinium = chain("Ac-225")
    nmol = float(labelled_nmol(8.0, actinium))
    clock = Exponentials(jnp.zeros(1), jnp.zeros(1), jnp.zeros(1))
    amount = Amount(Regions(("vial",), jnp.ones(1)), ("x",), clock, jnp.full((1, 1, 1), nmol))
    at_start = activity(amount, actinium).at(jnp.array(0.0))[0]
    np.testing.assert_allclose(at_start, [8.0, 0, 0, 0, 0, 0, 0], atol=1e-12)
