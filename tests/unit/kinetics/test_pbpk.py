"""The whole-body model: solved by hand against the general engines, and laws of its own."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft import library
from pdcraft.domain import InputError, Regimen
from pdcraft.kinetics import (
    PBPK,
    Elimination,
    common_modes,
    rate_matrix,
    subject,
    time_integrated_many,
    trajectory_ladder,
)
from pdcraft.kinetics.circulation import IodidePaths, carrier_transform, freed

PARAMETERS = library.parameters("kinetics/clr1404_pbpk")
MAN, WOMAN = (library.physiology(f"adult_{sex}") for sex in ("male", "female"))
IODINE = library.graph("iodine_icrp137")
HUMAN = PBPK((MAN, WOMAN), IODINE)
LESION = {"lesion 1.mass": 20.0, "lesion.perfusion": 0.3}
AGENT = library.agent("clr131")
DECAY = float(AGENT.payload.chain.rate_per_h[0])
patient = subject(MAN, PARAMETERS, infiltration=0.3)


def by_elimination(model, who, s, entry="veins"):
    c = model.circulation(who)
    graph = c.graph(model.iodine)
    plan = Elimination(graph.places, graph.transfers, entry=[entry], sinks=["Urine", "Faeces"])
    x = time_integrated_many(plan, graph.rate_per_h[:, None], jnp.ones(1), s)[:, 0]
    return c, dict(zip(plan.places, np.asarray(x).tolist(), strict=True))


@pytest.mark.parametrize("s", [1e-4, DECAY, 5.0])
@pytest.mark.parametrize("lesions", [0, 1])
def test_tissue_by_tissue_is_what_elimination_finds_on_the_graph(s, lesions):
    model = PBPK((MAN, WOMAN), IODINE, lesions=lesions)
    who = subject(MAN, PARAMETERS, LESION, infiltration=0.3)
    c, found = by_elimination(model, who, s)
    held = carrier_transform(c, np.array([s]))
    paths = IodidePaths.of(model.iodine, np.array([s]))
    free = paths.transform(freed(c, held), c.blockade)
    for names, values in ((c.compartments, held), (paths.places, free)):
        for name, value in zip(names, np.asarray(values)[0], strict=True):
            # the circle of blood subtracts flows of 400 L/h from each other: six digits of sixteen
            assert value == pytest.approx(found.get(name, 0.0), rel=1e-9, abs=1e-15), name


def test_time_integrals_of_the_amount_are_those_of_the_transform():
    amount = HUMAN.amount(patient, Regimen.of([1.0], time_h=[0.0]), AGENT)
    nmol = amount.nmol.sum(axis=1) @ (1.0 / (amount.clock.rate_per_h + DECAY))
    given = float(AGENT.payload.chain.nmol_per_MBq)
    exact = HUMAN.transform_h(patient, DECAY)[0].sum(axis=-1)
    np.testing.assert_allclose(nmol[:-1] / given, exact[:-1], rtol=1e-9, atol=1e-12)


def test_courses_follow_the_reference_to_one_percent_of_the_peak():
    graph = HUMAN.circulation(patient).graph(HUMAN.iodine)
    start = jnp.zeros(len(graph.places)).at[graph.places.index("veins")].set(1.0)
    t = jnp.geomspace(8.0, 2000.0, 20)
    x = trajectory_ladder(rate_matrix(graph.places, graph.transfers, graph.rate_per_h), start, t)
    amount = HUMAN.amount(patient, Regimen.of([1.0], time_h=[0.0], duration_h=0.0), AGENT)
    exact = HUMAN.curve(patient, np.asarray(t))
    found = amount.at(t).sum(axis=-1) / AGENT.payload.chain.nmol_per_MBq
    for region, parts in {
        "tumour": tuple(f"tumour {p}" for p in ("blood", "membrane", "raft", "internal")),
        "lower large intestine contents": ("LC-con", "RS-con"),
        "urinary bladder contents": ("UB-con",),
        "excreta": ("Urine", "Faeces"),
    }.items():
        curve = sum(x[:, graph.places.index(p)] for p in parts)
        place = amount.space.index(region)
        off = np.abs(np.asarray(found[:, place] - curve)).max()
        assert off < 0.01 * float(curve.max()), region
        if region != "excreta":
            np.testing.assert_allclose(exact[:, place].sum(axis=-1), curve, atol=3e-8)


def test_no_molecule_is_lost():
    regimen = Regimen.of([100.0, 50.0], time_h=[0.0, 168.0])
    amount = HUMAN.amount(patient, regimen, AGENT)
    held = amount.at(jnp.array([1.0, 100.0, 1000.0])).sum(axis=(1, 2))
    given = np.array([100.0, 100.0, 150.0]) * float(AGENT.payload.chain.nmol_per_MBq)
    np.testing.assert_allclose(held, given, rtol=1e-9)


def test_two_doses_are_the_sum_of_one_and_a_later_one():
    t = jnp.array([10.0, 200.0, 700.0])
    both, first, second = (
        HUMAN.amount(patient, Regimen.of(a, time_h=at), AGENT).at(t)
        for a, at in (([1.0, 2.0], [0.0, 168.0]), ([1.0], [0.0]), ([2.0], [168.0]))
    )
    np.testing.assert_allclose(both, first + second, atol=1e-12)


def test_time_integrals_are_positive_and_the_slope_agrees_with_a_difference():
    names = patient.parameters.names

    def tumour(value, name):
        who = subject(MAN, PARAMETERS, {}, infiltration=0.3)
        values = who.parameters.value.at[names.index(name)].set(value)
        who = jax.tree.map(lambda x: x, who)
        who = type(who)(
            who.number, who.anatomy, who.body_mass_kg, who.height_cm, who.body_surface_m2,
            who.age_y, type(who.parameters)(names, values),
        )  # fmt: skip
        x = HUMAN.transform_h(who, DECAY)[0]
        return x[HUMAN.places.index("tumour"), 0]

    assert float(HUMAN.transform_h(patient, DECAY)[0, :-1].sum(axis=-1).min()) >= 0
    for name in ("membrane.permeability", "raft.entry_rate", "liver.intrinsic_clearance"):
        value = PARAMETERS[name].value
        step = 1e-4 * value
        slope = jax.grad(tumour)(value, name)
        difference = (tumour(value + step, name) - tumour(value - step, name)) / (2 * step)
        assert float(slope) == pytest.approx(float(difference), rel=1e-5), name


def test_free_iodide_is_the_model_of_icrp():
    open_ = subject(MAN, PARAMETERS, {"thyroid.blockade": 0.0})
    x = HUMAN.transform_h(open_, DECAY, as_iodide=True)[0].sum(axis=-1)
    assert float(x[HUMAN.places.index("thyroid")]) == pytest.approx(76.65, rel=1e-4)
    blocked = subject(MAN, PARAMETERS, {"thyroid.blockade": 1.0})
    x = HUMAN.transform_h(blocked, DECAY, as_iodide=True)[0].sum(axis=-1)
    assert float(x[HUMAN.places.index("thyroid")]) == pytest.approx(0.0, abs=1e-12)


def test_a_label_that_is_no_halogen_never_reaches_the_thyroid_as_iodide():
    x = HUMAN.transform_h(patient, DECAY, halogen=False)[0, :, 1]
    for place in ("thyroid", "brain", "stomach contents"):
        assert float(x[HUMAN.places.index(place)]) == pytest.approx(0.0, abs=1e-13)
    assert float(x[HUMAN.places.index("urinary bladder contents")]) > 0


def test_sex_chooses_the_body():
    woman = subject(WOMAN, PARAMETERS, sex=1)
    x = HUMAN.transform_h(woman, DECAY)[0, :, 0]
    assert float(x[HUMAN.places.index("ovaries")]) > 0
    assert float(x[HUMAN.places.index("testes")]) == 0
    alone = PBPK((WOMAN,), IODINE)
    same = alone.transform_h(woman, DECAY)[0, :, 0]
    assert float(same[alone.places.index("liver")]) == pytest.approx(
        float(x[HUMAN.places.index("liver")]), rel=1e-12
    )


def test_less_albumin_means_more_unbound_and_more_in_tissue():
    low, high = (subject(MAN, PARAMETERS, {"plasma.albumin": a}) for a in (25.0, 45.0))
    plasma = HUMAN.places.index(HUMAN.blood_region)
    share = [HUMAN.transform_h(w, DECAY)[0, plasma, 0] for w in (low, high)]
    assert float(share[0]) < float(share[1])


def test_the_mouse_is_the_same_model_and_faster():
    mouse = library.physiology("mouse")
    model = PBPK((mouse,), IODINE)
    small = subject(mouse, PARAMETERS, {"kidneys.filtration": 0.2})
    slow = 1e-3
    in_mouse = float(model.transform_h(small, slow)[0, :-1].sum())
    in_man = float(HUMAN.transform_h(patient, slow)[0, :-1].sum())
    assert 0 < in_mouse < in_man


@pytest.mark.parametrize("name", ["adult_male", "adult_female", "mouse"])
def test_flows_and_blood_of_a_body_close(name):
    body = library.physiology(name)
    assert sum(body.flow_share) == pytest.approx(1.0, abs=1e-12)
    blood = sum(body.blood_share) + body.arteries + body.veins + body.lungs
    assert blood == pytest.approx(1.0, abs=1e-3)


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="0 or more lesions"):
        PBPK((MAN,), IODINE, lesions=-1)
    with pytest.raises(InputError, match="same tissues"):
        PBPK((MAN, library.physiology("mouse")), IODINE)
    with pytest.raises(InputError, match="greater than 0"):
        HUMAN.transform_h(patient, 0.0)
    with pytest.raises(InputError, match="between 0 and 1"):
        subject(MAN, PARAMETERS, infiltration=2.0)
    with pytest.raises(InputError, match="4 to 24"):
        common_modes(1e-3, 1.0, 2)
