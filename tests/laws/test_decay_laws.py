"""What must hold for every chain, time and amount."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pdcraft.decay import activity, evolve, labelled_nmol
from pdcraft.domain import Amount, Exponentials, Regions
from pdcraft.domain.units import AVOGADRO_PER_NMOL, DECAYS_PER_MBQ_H
from pdcraft.library.nuclides import chain

PARENTS = ("I-131", "Lu-177m", "Pb-212", "Ra-223", "Ac-225")
parents = st.sampled_from(PARENTS)
hours = st.floats(0.0, 5_000.0)
paces = st.just(0.0) | st.floats(0.01, 24.0)  # length of an infusion: none, or from half a minute
fast = settings(deadline=None, max_examples=40)  # the first example compiles


def pure(members, atoms=1.0):
    return jnp.zeros(len(members.nuclides)).at[0].set(atoms)


def resting(nmol, *, rate=0.01, start=0.0, duration=0.0) -> Amount:
    clock = Exponentials(jnp.full(1, rate), jnp.full(1, start), jnp.full(1, duration))
    return Amount(Regions(("here",), jnp.ones(1)), ("x",), clock, jnp.full((1, 1, 1), nmol))


@fast
@given(parents, hours, hours)
def test_atoms_are_conserved(parent, first_h, more_h):
    # What is missing has become stable: never negative, never less than before.
    members = chain(parent)
    now = np.asarray(evolve(members, pure(members), first_h))
    later = np.asarray(evolve(members, pure(members), first_h + more_h))
    rounding = 1e-12
    assert np.all(now > -rounding)
    assert now.sum() < 1 + rounding
    assert later.sum() < now.sum() + rounding


@fast
@given(parents, hours)
def test_the_parent_decays_exponentially(parent, elapsed_h):
    members = chain(parent)
    left = float(evolve(members, pure(members), elapsed_h)[0])
    np.testing.assert_allclose(left, np.exp(-float(members.rate_per_h[0]) * elapsed_h), rtol=1e-12)


@fast
@given(parents, hours, hours)
def test_two_short_waits_are_one_long_wait(parent, first_h, second_h):
    members = chain(parent)
    atoms = jnp.linspace(1.0, 2.0, len(members.nuclides))
    twice = evolve(members, evolve(members, atoms, first_h), second_h)
    once = evolve(members, atoms, first_h + second_h)
    # Short-lived members are differences of terms as large as the atoms of the start.
    np.testing.assert_allclose(twice, once, rtol=1e-9, atol=1e-12)


@fast
@given(parents, hours)
def test_no_time_changes_nothing(parent, scale):
    members = chain(parent)
    atoms = scale * jnp.linspace(1.0, 2.0, len(members.nuclides))
    np.testing.assert_allclose(evolve(members, atoms, 0.0), atoms, rtol=1e-10, atol=1e-12)


@fast
@given(parents, st.floats(1e-3, 1e3), st.floats(0.0, 500.0))
def test_activity_is_linear_in_the_amount(parent, factor, t_h):
    members, t = chain(parent), jnp.asarray(t_h)
    one, many = activity(resting(1.0), members), activity(resting(factor), members)
    np.testing.assert_allclose(many.at(t), factor * one.at(t), rtol=1e-10, atol=1e-9 * factor)


@fast
@given(parents, st.floats(0.0, 1_000.0), paces, st.floats(0.0, 500.0))
def test_a_later_administration_shifts_the_activity(parent, start_h, duration_h, t_h):
    members = chain(parent)
    now = activity(resting(1.0, duration=duration_h), members)
    later = activity(resting(1.0, start=start_h, duration=duration_h), members)
    # The clock subtracts times near 1000 h, so 1e-13 h are lost, of 0.01 h at least.
    np.testing.assert_allclose(
        later.at(jnp.asarray(start_h + t_h)), now.at(jnp.asarray(t_h)), rtol=1e-9, atol=1e-5
    )
    np.testing.assert_allclose(later.integral_MBq_h, now.integral_MBq_h, rtol=1e-12)


@fast
@given(parents, st.floats(1e-4, 10.0), paces)
def test_cumulated_decays_do_not_depend_on_the_pace_of_the_infusion(parent, rate, duration_h):
    members = chain(parent)
    bolus = activity(resting(1.0, rate=rate), members)
    slow = activity(resting(1.0, rate=rate, duration=duration_h), members)
    np.testing.assert_allclose(slow.integral_MBq_h, bolus.integral_MBq_h, rtol=1e-12)


@fast
@given(parents, st.floats(1e-3, 10.0))
def test_no_member_decays_more_often_than_there_were_atoms(parent, rate):
    members = chain(parent)
    decays = np.asarray(activity(resting(1.0, rate=rate), members).integral_MBq_h[0])
    atoms = AVOGADRO_PER_NMOL / DECAYS_PER_MBQ_H
    share = float(members.rate_per_h[0]) / (float(members.rate_per_h[0]) + rate)
    np.testing.assert_allclose(decays[0], atoms * share, rtol=1e-12)
    assert np.all(decays > 0)
    assert np.all(decays <= decays[0] * (1 + 1e-9))


@fast
@given(parents, st.floats(1e-6, 1e6))
def test_molecules_and_activity_convert_back_and_forth(parent, activity_MBq):
    members = chain(parent)
    nmol = labelled_nmol(activity_MBq, members)
    found = activity(resting(nmol, rate=0.0), members).at(jnp.asarray(0.0))[0, 0]
    np.testing.assert_allclose(found, activity_MBq, rtol=1e-12)
