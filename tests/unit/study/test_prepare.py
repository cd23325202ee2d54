import re
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft.domain import InputError, MissingError
from pdcraft.study import prepare, study_from_text
from pdcraft.study.assumptions import assumption_rows


def test_an_unknown_nuclide_is_named(example):
    text = example.read_text("utf-8").replace('# payload = "I-124" ', 'payload = "I-999" ')
    with pytest.raises(MissingError, match="I-999"):
        prepare(study_from_text(text))


def test_an_unknown_agent_suggests_the_near_one(example):
    text = example.read_text("utf-8").replace('"clr131" ', '"clr13" ')
    with pytest.raises(MissingError, match="Did you mean 'clr131'"):
        prepare(study_from_text(text))


def test_an_unknown_parameter_suggests_the_near_one(example):
    text = example.read_text("utf-8") + '"tumour.alfa" = 0.3\n'
    with pytest.raises(MissingError, match=r"Did you mean 'tumour.alpha'"):
        prepare(study_from_text(text))


def test_swapping_the_payload_is_one_word(example):
    text = example.read_text("utf-8").replace('# payload = "I-124" ', 'payload = "I-124" ')
    plan = prepare(study_from_text(text)).plan
    assert plan.agent.payload.chain.nuclides == ("I-124",)
    assert plan.agent.name == "CLR1404 + I-124"


def test_a_replaced_parameter_becomes_an_assumption_of_the_study(example):
    text = example.read_text("utf-8") + '"tumour.alpha" = 0.3\n'
    held = prepare(study_from_text(text)).parameters["tumour.alpha"]
    assert held.value == 0.3
    assert held.status == "assumption"
    assert "study file" in held.source.where


def test_a_value_known_to_a_cv_is_drawn_and_listed(example):
    """Evenly spaced probabilities: median and CV hold to what 50 of them can say."""
    said = '"tumour.alpha" = { value = 0.3, cv = 0.5 }\n'
    river = prepare(study_from_text(example.read_text("utf-8") + said))
    beliefs = river.population.beliefs
    drawn = np.asarray(beliefs.value[:, beliefs.names.index("tumour.alpha")])
    assert "tumour.alpha cv" not in beliefs.names  # the posterior's draws of alpha are left out
    assert np.exp(np.log(drawn).mean()) == pytest.approx(0.3, rel=1e-6)
    assert drawn.std() / drawn.mean() == pytest.approx(0.5, rel=0.1)
    other = np.asarray(beliefs.value[:, beliefs.names.index("tumour.dose_factor")])
    assert abs(np.corrcoef(drawn, other)[0, 1]) < 0.4  # 50 draws in an order of their own
    (row,) = [r for r in assumption_rows(river) if r[0] == "tumour.alpha"]
    assert row[1] == 0.3 and row[4] == "assumption" and "CV of 50 %, drawn" in row[6]


def test_a_cv_that_nothing_is_drawn_from_is_refused(example):
    text = example.read_text("utf-8")
    for line, found in (
        ('"tumour.alpha" = { value = 0.0, cv = 0.5 }', "greater than 0"),
        ('"marrow.electron_floor" = { value = 0.5, cv = 0.5 }', "same in all draws"),
        ('"marrow.infiltration" = { value = 0.3, cv = 0.5 }', "log-normal, normal and fixed"),
        ('"tumour.alpha" = { value = "much" }', "valid number"),
    ):
        with pytest.raises(InputError, match=found):
            prepare(study_from_text(f"{text}{line}\n"))
    still = (
        re.sub(r"draws += \d+", "draws = 0", text) + '"tumour.alpha" = { value = 0.3, cv = 0.5 }\n'
    )
    with pytest.raises(InputError, match="nothing is drawn from it"):
        study_from_text(still)


def test_patients_do_not_depend_on_who_is_drawn_with_them(prepared):
    draw = prepared.population.draw
    all_at_once, alone = draw(jnp.arange(20)), draw(jnp.array([17]))
    np.testing.assert_array_equal(all_at_once.parameters.value[17], alone.parameters.value[0])
    assert all_at_once.body_mass_kg[17] == alone.body_mass_kg[0]


def test_the_population_has_the_typical_values_and_spread_of_its_parameters(prepared):
    known = replace(prepared.population, beliefs=None)
    patients = known.draw(jnp.arange(4000))
    names = patients.parameters.names
    for name in ("membrane.permeability", "marrow.partition"):
        held = prepared.parameters[name]
        column = patients.parameters.value[:, names.index(name)]
        omega = np.sqrt(np.log1p(held.spread.cv**2))
        # 4,000 draws: the median within 4 standard errors, the log SD within 5 %
        assert abs(np.log(np.median(column) / held.value)) < 4 * 1.2533 * omega / np.sqrt(4000)
        assert np.std(np.log(column)) == pytest.approx(omega, rel=0.05)
    men = float((patients.anatomy.sex == 0).mean())
    assert men == pytest.approx(prepared.parameters["population.male_share"].value, abs=0.032)


def test_myeloma_replaces_marrow(prepared):
    space = prepared.population.draw(jnp.arange(50)).anatomy.space
    marrow, tumour = (space.mass_g[:, space.index(n)] for n in ("red marrow", "tumour"))
    patients = prepared.population.draw(jnp.arange(50))
    share = patients.parameters.value[:, patients.parameters.names.index("marrow.infiltration")]
    np.testing.assert_allclose(tumour / (tumour + marrow), share, rtol=1e-9)


def test_a_payload_that_is_no_iodine_is_marked(example, recwarn):
    from pdcraft.study.assumptions import limits_of_payload

    text = example.read_text("utf-8")
    assert limits_of_payload(prepare(study_from_text(text))) == []
    other = text.replace('# payload = "I-124" ', 'payload = "Ac-225" ')
    (said,) = limits_of_payload(prepare(study_from_text(other)))
    assert "leaves with urine and bile" in said
    assert "without recoil" in said
    small = other.replace("[kinetics]", '[kinetics]\nmodel = "two_pool"')
    (said,) = limits_of_payload(prepare(study_from_text(small)))
    assert "as if it were iodide" in said
