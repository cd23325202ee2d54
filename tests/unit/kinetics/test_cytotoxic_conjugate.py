"""Drug on a linker: nothing is lost from the books, and what the rate does."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft import library
from pdcraft.domain import InputError, Regimen
from pdcraft.kinetics import PBPK, CytotoxicConjugate, subject

MAN = library.physiology("adult_male")
SET = library.parameters("kinetics/clr1404_pbpk").merged(library.parameters("kinetics/paclitaxel"))
PTX = library.agent("clr1602_ptx")
CARRIER = PBPK((MAN,), library.graph("iodine_icrp137"))
MODEL = CytotoxicConjugate(CARRIER, 400.0, every_h=2.0)
GIVEN = 1e5


def regimen(nmol=GIVEN):
    return Regimen(jnp.zeros(1), jnp.full(1, 2.0), jnp.zeros(1), jnp.full(1, nmol))


@jax.jit
def nmol(release, given):
    who = subject(MAN, SET, infiltration=0.3)
    at = who.parameters.names.index("linker.release_rate")
    values = jax.tree.map(lambda v: v.at[at].set(release), who.parameters)
    who = type(who)(who.number, who.anatomy, who.body_mass_kg, who.height_cm,
                    who.body_surface_m2, who.age_y, values)  # fmt: skip
    amount = MODEL.amount(who, regimen(given), PTX)
    return amount.nmol, amount.space.mass_g, amount.clock.time_h


def rows(*names):
    return [MODEL.places.index(n) for n in names]


def test_without_release_the_conjugate_is_the_carrier_and_no_drug_is_free():
    found, _, t = nmol(0.0, GIVEN)
    who = subject(MAN, SET, infiltration=0.3)
    alone = CARRIER.amount(who, regimen(), PTX).at(t)[..., 0].T
    np.testing.assert_allclose(found[: len(CARRIER.places), 0], alone, atol=1e-6 * GIVEN)
    assert np.abs(np.asarray(found[:, 1])).max() < 1e-6 * GIVEN


def test_drug_in_the_body_is_what_was_released_less_what_was_lost():
    """d(free)/dt = k N - loss, and the loss is that of the published equation in plasma."""
    k = 0.01
    found, _, t = (np.asarray(x) for x in nmol(k, GIVEN))
    inside = [i for i, p in enumerate(MODEL.places) if p != "excreta"]
    free, intact = found[inside, 1].sum(axis=0), found[inside, 0].sum(axis=0)
    P = {n: p.value for n, p in SET.items()}
    C = 0.8539 * found[rows("plasma")[0], 1] / P["paclitaxel.V1"]  # ug/L
    lost = P["paclitaxel.vmax_loss"] * C / (P["paclitaxel.km_loss"] + C) / 0.8539
    late = t >= 4.0
    expected = np.array([np.trapezoid((k * intact - lost)[: i + 1], t[: i + 1])
                         for i in range(len(t))])  # fmt: skip
    np.testing.assert_allclose(free[late], expected[late], rtol=1e-3, atol=2e-3 * free.max())
    assert found[rows("red marrow", "tumour"), 1].min() > -1e-6


def test_a_faster_linker_leaves_less_conjugate_and_a_dose_twice_as_large_frees_more_than_twice():
    slow = nmol(0.01, GIVEN)[0]
    fast = nmol(0.1, GIVEN)[0]
    twice = nmol(0.01, 2 * GIVEN)[0]
    body = len(CARRIER.places) - 1
    assert (fast[:body, 0].sum(axis=0)[2:] < slow[:body, 0].sum(axis=0)[2:]).all()
    plasma = rows("plasma")[0]
    assert float(twice[plasma, 1].max()) > 2.0 * float(slow[plasma, 1].max())


@pytest.mark.parametrize("release", [0.5, 50.0])
def test_peaks_after_every_dose_are_seen_however_fast_the_linker(release):
    """Three doses a day apart against samples of 6 min: areas of free drug."""
    who = subject(MAN, SET, {"linker.release_rate": release}, infiltration=0.3)
    thrice = Regimen(
        jnp.array([0.0, 24.0, 48.0]), jnp.full(3, 2.0), jnp.zeros(3), jnp.full(3, GIVEN)
    )
    areas = []
    for every_h in (3.0, 0.1):
        model = CytotoxicConjugate(CARRIER, 120.0, every_h=every_h)
        amount = model.amount(who, thrice, PTX)
        at = [model.places.index(n) for n in ("plasma", "red marrow", "tumour")]
        areas.append(np.asarray(amount.nmol[jnp.asarray(at), 1] @ amount.clock.integral_h))
    np.testing.assert_allclose(*areas, rtol=0.03)  # straight lines between samples


def test_an_activity_of_a_drug_is_refused():
    who = subject(MAN, SET)
    with pytest.raises(InputError, match="given by drug_nmol"):
        CARRIER.amount(who, Regimen.of([1.0], time_h=[0.0]), PTX)
    with pytest.raises(InputError, match="given by activity_MBq"):
        CARRIER.amount(who, regimen(), library.agent("clr131"))
    with pytest.raises(InputError, match="carries no drug"):
        MODEL.amount(who, Regimen.of([1.0], time_h=[0.0]), library.agent("clr131"))
    with pytest.raises(InputError, match="no region"):
        CytotoxicConjugate(CARRIER, 10.0, sites=("elbow",))
