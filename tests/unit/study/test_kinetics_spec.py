"""[kinetics] and [population] of a study: what is said is what is computed, or refused."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft import decay, kinetics
from pdcraft.domain import InputError, MissingError
from pdcraft.study import prepare, study_from_text

STUDY = """
[study]
name = "one"
agent = "clr131"
payload = "Ac-225"
patients = 3
follow_up = "28 d"
[[cohort]]
name = "one"
doses = [{ at = "0 d", activity = "2 MBq/m2" }]
[dose_limiting_toxicity]
window = "28 d"
[kinetics]
"""
GOES = '{ nuclide = "Bi-213", rate = 2.0, to = { kidneys = 0.6, liver = 0.2 } }'


def integrals(text, study=STUDY):
    prepared = prepare(study_from_text(study + text))
    plan, one = prepared.plan, prepared.population.draw(jnp.arange(1))
    given = prepared.regimens(prepared.study.cohort[0], one)
    who, regimen = jax.tree.map(lambda leaf: leaf[0], (one, given))
    found = decay.activity(
        kinetics.simulate(plan.kinetics, who, regimen, plan.agent), plan.agent.payload.chain
    )
    if plan.daughters is not None:
        found = decay.relocated(found, plan.agent.payload.chain, plan.daughters)
    return prepared, found.nuclides, np.asarray(found.integral_MBq_h)


def test_free_daughters_gather_where_the_study_says_and_none_is_lost():
    prepared, nuclides, stay = integrals("")
    leave = integrals(f"free_daughter = [{GOES}]")[2]
    bismuth, at = nuclides.index("Bi-213"), prepared.plan.kinetics.places.index
    np.testing.assert_allclose(leave.sum(axis=0), stay.sum(axis=0), rtol=1e-9)
    np.testing.assert_array_equal(leave[:, 0], stay[:, 0])
    # of what leaves a region at 2 per h, Bi-213 (45.6 min) has 2/(2 + 0.912) there in time
    share = 2.0 / (2.0 + float(prepared.plan.agent.payload.chain.rate_per_h[bismuth]))
    marrow = at("red marrow")
    assert leave[marrow, bismuth] == pytest.approx((1 - share) * stay[marrow, bismuth], rel=1e-9)
    others = [i for i, n in enumerate(prepared.plan.kinetics.places)
              if n not in ("kidneys", "liver", "excreta")]  # fmt: skip
    gain = 0.6 * share * stay[others, bismuth].sum()
    found = leave[at("kidneys"), bismuth] - stay[at("kidneys"), bismuth]
    assert found == pytest.approx(gain, rel=1e-9)


def test_lesions_are_of_the_mass_and_perfusion_that_the_study_gives():
    prepared, _, found = integrals(
        'lesion = [{ mass = "20 g", perfusion = 0.3 }, { mass = "2 g" }]'
    )
    assert prepared.population.regions[-2:] == ("lesion 1", "lesion 2")
    space = prepared.population.draw(jnp.arange(2)).anatomy.space
    assert np.asarray(space.mass_g[0, -2:]).tolist() == [20.0, 2.0]
    large, small = (found[prepared.plan.kinetics.places.index(f"lesion {k}"), 0] for k in (1, 2))
    assert 0.05 < small / large <= 0.101 * (1 + 1e-9) * 1.05  # by mass, a little more perfused


def test_surface_and_correlations_reach_the_population():
    text = STUDY.replace(
        "[kinetics]",
        """[population]
surface = "dubois"
correlation = [{ parameters = ["plasma.albumin", "liver.function"], correlation = 0.6 }]""",
    )
    population = prepare(study_from_text(text)).population
    assert population.surface == "dubois"
    assert population.correlations == (("plasma.albumin", "liver.function", 0.6),)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('model = "two_pool"\nvoiding_every = "4 h"', "voiding_every needs the whole body"),
        ('blockade_from = "20 d"\nblockade_until = "14 d"', "not before blockade_until"),
        ('lesion = [{ mass = "-20 g" }]', "must be greater than 0"),
        ('lesion = [{ mass = "20 h" }]', "mass is needed"),
        ('lesion = [{ mass = "20 g", perfusion = -1 }]', "perfusion"),
        ('free_daughter = [{ nuclide = "Bi-213", rate = 2, to = { liver = 0.7, kidneys = 0.7 } }]',
         "sum to 1 at most"),
        (f"free_daughter = [{GOES}, {GOES}]", "stands twice"),
        ('[population]\nsurface = "mostellar"', "mosteller"),
        ('model = "two_pool"\nraft_capacity = "1 nmol/g"', "raft_capacity needs the whole body"),
        ('raft_capacity = "1 nmol"', "amount per mass is needed"),
        ("specific_activity = 1.6", "has no unit"),
        ('specific_activity = "1.6 MBq"', "activity per mass is needed"),
        ('specific_activity = "0 MBq/ug"', "must be greater than 0"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_its_key(text, match):
    with pytest.raises(InputError, match=match):
        study_from_text(STUDY + text)


def test_names_that_the_model_does_not_know_are_refused():
    with pytest.raises(InputError, match="Its daughters are Fr-221"):
        prepare(study_from_text(STUDY + f"free_daughter = [{GOES.replace('Bi-213', 'Bi-212')}]"))
    with pytest.raises(MissingError, match="Did you mean 'kidneys'"):
        prepare(study_from_text(STUDY + f"free_daughter = [{GOES.replace('kidneys', 'kidney')}]"))


def test_specific_activity_says_how_much_carrier_comes_along():
    CLR131 = STUDY.replace('"Ac-225"', '"I-131"')
    for text, ug_per_MBq in (
        ('"2 MBq/ug"', 0.5), ('"2 GBq/mg"', 0.5), ('"2 GBq/umol"', 0.6376 / 2.0),
    ):  # fmt: skip
        prepared = prepare(study_from_text(CLR131 + f"specific_activity = {text}"))
        held = prepared.parameters["carrier.mass_per_activity"]
        assert held.value == pytest.approx(ug_per_MBq, rel=1e-12)
        assert (held.status, held.source.key) == ("assumption", "pdcraft")
    known = prepare(study_from_text(CLR131)).parameters["carrier.mass_per_activity"]
    assert known.status == "calibrated"


def test_more_activity_than_the_nuclide_has_is_refused():
    CLR131 = STUDY.replace('"Ac-225"', '"I-131"')
    # ln 2/(8.0252 d) x 6.022e23 / 637.6 g/mol = 944 MBq/ug, every molecule labelled
    prepare(study_from_text(CLR131 + 'specific_activity = "940 MBq/ug"'))
    with pytest.raises(InputError, match=r"more than .* can have: 94[34]\..* MBq/ug"):
        prepare(study_from_text(CLR131 + 'specific_activity = "950 MBq/ug"'))
    twice = 'specific_activity = "2 MBq/ug"\n[parameters]\n"carrier.mass_per_activity" = 1.0'
    with pytest.raises(InputError, match="said twice"):
        prepare(study_from_text(CLR131 + twice))


def test_a_drug_has_no_specific_activity():
    text = STUDY.replace('"Ac-225"', '"paclitaxel"').replace('activity = "2 MBq', 'mass = "100 mg')
    with pytest.raises(InputError, match="does not decay"):
        prepare(study_from_text(text + 'specific_activity = "2 MBq/ug"'))


def test_rafts_that_fill_take_less_into_myeloma_the_more_carrier_comes_along():
    CLR131 = STUDY.replace('"Ac-225"', '"I-131"').replace('"2 MBq/m2"', '"25 mCi/m2"')
    held = {}
    for text in ("", 'raft_capacity = "0.02 nmol/g"',
                 'raft_capacity = "0.02 nmol/g"\nspecific_activity = "0.2 MBq/ug"'):  # fmt: skip
        prepared, _, MBq_h = integrals(text, CLR131)
        held[text] = MBq_h[prepared.plan.kinetics.places.index("tumour"), 0]
    linear, fill, cold = held.values()
    assert 0.3 * linear < cold < 0.9 * fill < 0.9 * linear
    assert prepared.parameters["raft.capacity"].status == "assumption"


def test_rafts_of_a_drug_and_lesions_of_mice_are_refused():
    drug = STUDY.replace('"Ac-225"', '"paclitaxel"').replace('activity = "2 MBq', 'mass = "100 mg')
    with pytest.raises(InputError, match="rafts that fill are not followed for paclitaxel"):
        prepare(study_from_text(drug + 'raft_capacity = "1 nmol/g"'))
    mice = STUDY.replace("patients", 'species = "mouse"\nxenograft = "a2780"\npatients')
    mice = mice.replace('"2 MBq/m2"', '"2 MBq"')
    with pytest.raises(InputError, match="has its xenograft for a lesion"):
        study_from_text(mice + 'lesion = [{ mass = "1 g" }]')
    filled = prepare(study_from_text(mice + 'raft_capacity = "1 nmol/g"\nvoiding_every = "2 h"'))
    assert filled.plan.kinetics.rafts_fill
    assert filled.plan.kinetics.voiding_h == 2.0
