"""Transfers that saturate: closed forms, and the linear model when there is room enough."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft import library
from pdcraft.domain import InputError, MissingError, Regimen
from pdcraft.kinetics import PBPK, rate_matrix, subject
from pdcraft.kinetics.saturation import SaturableTransfer, saturated_course, trajectory_saturable

MAN, IODINE = library.physiology("adult_male"), library.graph("iodine_icrp137")
MODEL, AGENT = PBPK((MAN,), IODINE, lesions=1), library.agent("clr131")
WHO = subject(MAN, library.parameters("kinetics/clr1404_pbpk"),
              {"lesion 1.mass": 20.0, "lesion.perfusion": 0.3}, infiltration=0.3)  # fmt: skip
TIMES = np.array([1.0, 24.0, 100.0, 500.0, 1000.0])
GIVEN = Regimen.of([1000.0], time_h=[0.0], duration_h=0.0)


def test_rafts_with_room_for_everything_are_the_linear_model():
    course = saturated_course(MODEL, WHO, GIVEN, AGENT, TIMES, raft_capacity_nmol_per_g=1e9)
    nmol = 1000.0 * float(AGENT.payload.chain.nmol_per_MBq)
    # a bolus is given within a minute: the same as half a minute later, to second order
    linear = MODEL.curve(WHO, TIMES - 0.5 / 60.0)
    inside = slice(0, len(MODEL.places) - 1)
    np.testing.assert_allclose(course[1:, inside] / nmol, linear[1:, inside], atol=1e-6)
    np.testing.assert_allclose(course.sum(axis=(1, 2)) / nmol, 1.0, rtol=1e-6)


def fills(capacity, regimen, **asked):
    """Modes of the whole body whose rafts fill, and of the linear one. nmol per unit."""
    values = {"lesion 1.mass": 20.0, "lesion.perfusion": 0.3, "raft.capacity": capacity}
    who = subject(MAN, library.parameters("kinetics/clr1404_pbpk"), values, infiltration=0.3)
    return [PBPK((MAN,), IODINE, lesions=1, rafts_fill=full, **asked).amount(who, regimen, AGENT)
            for full in (True, False)]  # fmt: skip


def test_a_river_of_rafts_with_room_is_the_linear_one_and_an_empty_dose_changes_nothing():
    two = Regimen.of([1000.0, 0.0], time_h=[0.0, 168.0])  # the second as padding of a shorter one
    found, linear = fills(1e9, two, blocked_h=(0.0, 336.0), voiding_h=4.0)
    np.testing.assert_allclose(found.nmol, linear.nmol, atol=1e-7 * float(linear.nmol.max()))


def test_a_river_of_full_rafts_loses_no_molecule_and_a_second_dose_finds_them_fuller():
    two = Regimen.of([3700.0, 3700.0], time_h=[0.0, 168.0])
    found, linear = fills(0.02, two, blocked_h=(0.0, 336.0))
    t = jnp.asarray([10.0, 160.0, 200.0, 2000.0])
    np.testing.assert_allclose(
        found.at(t).sum(axis=(1, 2)), linear.at(t).sum(axis=(1, 2)), rtol=1e-9
    )
    lesion = MODEL.places.index("lesion 1")
    kept = [
        (found.nmol[lesion, 0].reshape(2, -1) / (found.clock.rate_per_h + 0.0036).reshape(2, -1))
        [i].sum() / (linear.nmol[lesion, 0] / (linear.clock.rate_per_h + 0.0036))
        .reshape(2, -1)[i].sum() for i in (0, 1)
    ]  # fmt: skip
    assert 0.3 < float(kept[1]) < float(kept[0]) < 0.95


def test_rafts_of_a_drug_are_not_followed():
    drug = library.agent("clr1602_ptx")
    given = Regimen(GIVEN.time_h, GIVEN.duration_h, 0.0 * GIVEN.activity_MBq, jnp.ones(1))
    model = PBPK((MAN,), IODINE, lesions=1, rafts_fill=True)
    with pytest.raises(InputError, match="not followed for paclitaxel"):
        model.amount(WHO, given, drug)


def test_full_rafts_hold_less_and_nothing_is_lost():
    room, full = (
        saturated_course(MODEL, WHO, GIVEN, AGENT, TIMES, raft_capacity_nmol_per_g=c)
        for c in (1e9, 1e-2)
    )
    lesion = MODEL.places.index("lesion 1")
    assert float(full[-1, lesion, 0]) < 0.9 * float(room[-1, lesion, 0])
    np.testing.assert_allclose(full.sum(axis=(1, 2)), room.sum(axis=(1, 2)), rtol=1e-6)


def test_constant_competition_is_a_blockade_of_the_thyroid():
    places = (*IODINE.places, "stable")
    rates = np.asarray(IODINE.rate_per_h)
    k = IODINE.transfers.index(("Blood1", "Thyroid1"))
    start = jnp.zeros(len(places)).at[places.index("Blood1")].set(1.0)
    start = start.at[-1].set(19.0)  # in units of its half-blocking amount: 95 % blocked
    uptake = SaturableTransfer("Blood1", "Thyroid1", "stable", rates[k], 1.0, "competes")
    K = rate_matrix(places, IODINE.transfers, jnp.asarray(rates).at[k].set(0.0))
    competed = trajectory_saturable(places, K, [uptake], start, np.array([6.0, 24.0]))
    blocked = rate_matrix(places, IODINE.transfers, jnp.asarray(rates).at[k].multiply(0.05))
    scaled = trajectory_saturable(places, blocked, [], start, np.array([6.0, 24.0]))
    np.testing.assert_allclose(competed, scaled, rtol=1e-6, atol=1e-9)


def test_what_cannot_be_is_refused():
    one = SaturableTransfer("a", "b", "a", 0.5, 2.0)
    zero = jnp.zeros((2, 2))
    with pytest.raises(InputError, match="must rise"):
        trajectory_saturable(("a", "b"), zero, [one], jnp.ones(2), np.array([2.0, 1.0]))
    with pytest.raises(MissingError, match="Place of a saturable transfer"):
        trajectory_saturable(("a", "c"), zero, [one], jnp.ones(2), np.array([1.0]))
    with pytest.raises(InputError, match="raft_capacity_nmol_per_g = 0"):
        saturated_course(MODEL, WHO, GIVEN, AGENT, TIMES, raft_capacity_nmol_per_g=0.0)
    with pytest.raises(InputError, match="Nothing is given"):
        nothing = Regimen.of([0.0], time_h=[0.0])
        saturated_course(MODEL, WHO, nothing, AGENT, TIMES)
