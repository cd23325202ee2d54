"""Patients in draws of a posterior: the draw's typical values, the same person otherwise."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft import library
from pdcraft.domain import Regimen, Values
from pdcraft.study.course import expose
from pdcraft.study.prepare import prepare
from pdcraft.study.reference import reference_patient
from pdcraft.study.spec import study_from_text

STUDY = """
[study]
name = "a"
agent = "clr131"
patients = 10
[[cohort]]
name = "one"
doses = [{{ at = "0 d", activity = "25 mCi/m2" }}]
[uncertainty]
draws = {}
"""


def people(draws):
    return prepare(study_from_text(STUDY.format(draws))).population


def test_patients_live_in_the_draw_of_their_number():
    population = people(4)
    beliefs, patients = population.beliefs, population.draw(jnp.arange(12))
    i = patients.parameters.names.index("platelets.renewal_rate")  # without spread of its own
    drawn = np.asarray(beliefs.value[:, beliefs.names.index("platelets.renewal_rate")])
    assert np.allclose(patients.parameters.value[:, i], np.tile(drawn, 3), rtol=1e-12)


def test_what_is_not_drawn_is_as_it_was():
    known, drawn = people(0).draw(jnp.arange(8)), people(4).draw(jnp.arange(8))
    i = known.parameters.names.index("m_protein.baseline")
    one, other = known.parameters.value[:, i], drawn.parameters.value[:, i]
    assert np.allclose(one, other, rtol=1e-12)  # compiled apart, they may round apart
    assert np.array_equal(known.body_mass_kg, drawn.body_mass_kg)


def test_kinetics_are_drawn_and_tumour_cells_keep_the_dose_that_responses_were_calibrated_with():
    """Drawn kinetics change what a man's tumour cells absorb; the drawn factor takes that back."""
    text = STUDY.replace("mCi/m2", "mCi").format(6)
    prepared = prepare(study_from_text(text))
    beliefs, plan = prepared.population.beliefs, prepared.plan
    ill = reference_patient(prepared, {"marrow.infiltration": 0.3})
    names, draws = library.posterior("kinetics/clr1404_pbpk")
    rows = np.linspace(0, len(draws) - 1, 6).astype(int)
    at = jnp.asarray([ill.parameters.names.index(n) for n in names[:-1]])
    given, region = Regimen.of([925.0], time_h=[0.0]), plan.engine.places.index("tumour")

    @jax.jit
    def dose_Gy(values):
        changed = Values(ill.parameters.names, ill.parameters.value.at[at].set(values))
        who = eqx.tree_at(lambda p: p.parameters, ill, changed)
        rates = expose(plan.agent, plan.kinetics, None, plan.engine, who, given)[2]
        return rates.integrate().total_Gy[region]

    typical = float(dose_Gy(ill.parameters.value[at]))
    found = np.asarray([float(dose_Gy(jnp.asarray(draws[row, :-1]))) for row in rows]) / typical
    assert found.max() / found.min() > 1.5
    # the draws are written to six digits; progeny (Xe-131m) adds less than 0.1 %
    assert found * draws[rows, -1] == pytest.approx(1.0, abs=2e-3)
    kept = np.asarray(beliefs.value[:, beliefs.names.index("tumour.dose_factor")])
    own, mm = library.posterior("diseases/multiple_myeloma")
    mm = mm[np.linspace(0, len(mm) - 1, 6).astype(int), own.index("tumour.dose_factor")]
    assert kept == pytest.approx(mm * draws[rows, -1], rel=1e-12)


@pytest.mark.parametrize(
    ("said", "missing", "held"),
    [
        ('[parameters]\n"tumour.uptake_ratio" = 1.0', "membrane.partition", "tumour.alpha"),
        (
            '[kinetics]\nspecific_activity = "1 MBq/ug"',
            "carrier.mass_per_activity",
            "raft.exit_rate",
        ),
        ('[kinetics]\nmodel = "two_pool"', "membrane.partition", "tumour.alpha"),
    ],
)
def test_what_a_study_says_of_the_kinetics_is_not_drawn(said, missing, held):
    names = prepare(study_from_text(f"{STUDY.format(3)}\n{said}\n")).population.beliefs.names
    assert missing not in names
    assert held in names
