"""Freed daughters against the whole linear system of atoms and places."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft.decay import FreeDaughters, relocated
from pdcraft.domain import Activity, Exponentials, InputError, Regions
from pdcraft.library import chain

SPACE = Regions(("tumour", "blood", "kidneys"), jnp.ones(3))
MOVE = np.array([[-2.0, 0.1, 0.0], [2.0, -3.1, 0.2], [0.0, 3.0, -0.2]])


def in_place(members, where=(0.7, 0.3, 0.0)):
    """Every member in equilibrium where its parent is."""
    MBq = jnp.ones((3, len(members.nuclides), 1)) * jnp.asarray(where)[:, None, None]
    clock = Exponentials(members.rate_per_h[:1], jnp.zeros(1), jnp.zeros(1))
    return Activity(SPACE, members.nuclides, clock, MBq)


def test_nothing_freed_nothing_moves_and_no_decay_is_lost_in_a_closed_body():
    lead = chain("Pb-212")
    n, A = len(lead.nuclides), in_place(lead)
    K = np.tile(MOVE, (n, 1, 1))
    still = relocated(A, lead, FreeDaughters(np.zeros(n), K))
    np.testing.assert_allclose(still.MBq, A.MBq, rtol=1e-12)
    moved = relocated(A, lead, FreeDaughters(np.array([0.0, *[0.4] * (n - 1)]), K))
    np.testing.assert_allclose(moved.MBq.sum(axis=0), A.MBq.sum(axis=0), rtol=1e-10)
    assert float(moved.MBq[2, 1, 0]) > 0


def test_decays_by_place_are_those_of_the_whole_system():
    # One parent that stays, a daughter freed with share g, and its own daughter moving on.
    g = 0.36
    members = chain("Pb-212")
    n = len(members.nuclides)
    born = np.array([0.7, 0.3, 0.0])
    T1 = np.linalg.solve(np.eye(3) - MOVE / float(members.rate_per_h[1]), np.eye(3))
    freed = np.array([0.0, g, *[0.0] * (n - 2)])
    moved = relocated(in_place(members), members, FreeDaughters(freed, np.tile(MOVE, (n, 1, 1))))
    np.testing.assert_allclose(moved.MBq[:, 1, 0], (1 - g) * born + g * T1 @ born, rtol=1e-10)
    # full system: parent fixed at places, bound and free daughter, per unit of parent decays
    decay = float(members.rate_per_h[1])
    free = np.linalg.solve(decay * np.eye(3) - MOVE, g * born) * decay
    np.testing.assert_allclose(moved.MBq[:, 1, 0], (1 - g) * born + free, rtol=1e-10)


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="0 for the parent"):
        FreeDaughters(np.array([0.1, 0.2]), np.zeros((2, 3, 3)))
    with pytest.raises(InputError, match="not make them"):
        FreeDaughters(np.array([0.0, 0.2]), np.ones((2, 3, 3)))
    lead = chain("Pb-212")
    with pytest.raises(InputError, match="must fit"):
        relocated(in_place(lead), lead, FreeDaughters(np.zeros(2), np.zeros((2, 3, 3))))
