"""Patients in draws of a posterior: the draw's typical values, the same person otherwise."""

import jax.numpy as jnp
import numpy as np

from pdcraft.study.prepare import prepare
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
