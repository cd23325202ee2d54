"""Free paclitaxel in a mouse: linear, by body mass, and nothing lost from the books."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft import library
from pdcraft.domain import Anatomy, Regimen, Regions, Values
from pdcraft.kinetics import (
    PBPK,
    CytotoxicConjugate,
    PaclitaxelInMouse,
    infusion_ug_per_h,
    subject,
)

MOUSE = library.physiology("mouse")
OWN = library.parameters("species/mouse")
CARRIER = library.parameters("kinetics/clr1404_pbpk")
FREE = library.parameters("kinetics/paclitaxel_mouse")
HELD = {**CARRIER, **OWN, **FREE}
SET = type(FREE)("a mouse", tuple(HELD.values()))
PTX = library.agent("clr1602_ptx")
MODEL = CytotoxicConjugate(
    PBPK((MOUSE,), library.graph("iodine_icrp137"), lesions=1), 300.0, every_h=0.5,
    sites=("lesion 1",), disposition=PaclitaxelInMouse,
)  # fmt: skip
GIVEN, TUMOUR_G = 300.0, 0.1


def disposition(**changed):
    held = {n: p.value for n, p in HELD.items()} | {
        n.replace("_", ".", 1): v for n, v in changed.items()
    }
    return PaclitaxelInMouse(Values(tuple(held), jnp.array(list(held.values()), float)))


def test_no_drug_is_lost_and_a_mouse_twice_as_heavy_has_half_the_concentration():
    time = jnp.linspace(0.0, 48.0, 97)
    one, heavy = disposition(), disposition(mouse_body_mass=0.05)
    amounts = one.amounts_ug(infusion_ug_per_h(750.0, 0.5), time)
    np.testing.assert_allclose(amounts[1:].sum(axis=1), 750.0, rtol=1e-6)  # the solver's error
    ratio = one.concentration_ug_per_L(amounts)[1:] / heavy.concentration_ug_per_L(amounts)[1:]
    np.testing.assert_allclose(ratio, 2.0, rtol=1e-9)


@jax.jit
def course(washout, given):
    who = subject(MOUSE, SET, {"lesion 1.mass": TUMOUR_G, "paclitaxel.washout": washout})
    body = who.anatomy.space
    space = Regions((*body.names, "lesion 1"), jnp.append(body.mass_g, TUMOUR_G))
    who = replace(who, anatomy=Anatomy(space, who.anatomy.sex))
    regimen = Regimen(jnp.zeros(1), jnp.ones(1), jnp.zeros(1), jnp.full(1, given))
    amount = MODEL.amount(who, regimen, PTX)
    return amount.nmol, amount.clock.integral_h


def areas(nmol, hours, place, species):
    return float(nmol[MODEL.places.index(place), species] @ hours)


def test_what_was_set_free_passed_through_plasma_whatever_the_washout():
    """Area in plasma = what was lost / k10; local release adds k N / w to that of the tumour."""
    p = {n: HELD[n].value for n in FREE}
    V1_mL = 1e3 * p["paclitaxel.V1"] * OWN["mouse.body_mass"].value
    ratio = p["paclitaxel.unbound_plasma"] / p["paclitaxel.free_fraction"]
    for washout in (0.06, 0.25):
        nmol, hours = (np.asarray(x) for x in course(washout, GIVEN))
        inside = [i for i, name in enumerate(MODEL.places) if name != "excreta"]
        released = p["linker.release_rate"] * float(nmol[inside, 0].sum(axis=0) @ hours)
        held = nmol[inside, 1].sum(axis=0)[-1]
        plasma = areas(nmol, hours, "plasma", 1)
        # Trapezoids of half an hour, over an infusion of an hour.
        assert plasma * p["paclitaxel.k10"] == pytest.approx(released - held, rel=3e-3)
        local = p["linker.release_rate"] * areas(nmol, hours, "lesion 1", 0) / washout
        stays = float(nmol[MODEL.places.index("lesion 1"), 1, -1]) / washout
        expected = TUMOUR_G * ratio * plasma / V1_mL + local - stays
        assert areas(nmol, hours, "lesion 1", 1) == pytest.approx(expected, rel=3e-3)


def test_twice_the_dose_is_twice_the_drug_everywhere():
    once, _ = course(0.09, GIVEN)
    twice, _ = course(0.09, 2 * GIVEN)
    np.testing.assert_allclose(twice, 2 * np.asarray(once), rtol=1e-4, atol=1e-5 * GIVEN)
