"""Correlated patients, named body surfaces, and what stays the same."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft import library
from pdcraft.domain import InputError, MissingError
from pdcraft.trial.body_surface import SURFACE_FORMULAS, body_surface_m2
from pdcraft.trial.population import Population

SETS = [library.parameters(n) for n in (
    "species/human", "species/relapsed_myeloma_population", "kinetics/clr1404_pbpk")]  # fmt: skip
PARAMETERS = SETS[0].merged(*SETS[1:])
PLACES = ("red marrow", "total body")
REFERENCE = jnp.array([[1120.0, 73_000.0], [1300.0, 57_000.0]])
PAIR = ("plasma.albumin", "liver.function", 0.6)


def drawn(n=4000, **changes):
    return Population(PARAMETERS, PLACES, REFERENCE, 5, **changes).draw(jnp.arange(n))


def column(patients, name):
    return np.asarray(patients.parameters.value[:, patients.parameters.names.index(name)])


def test_a_correlation_is_what_was_asked_for_and_leaves_the_others_alone():
    alone, together = drawn(), drawn(correlations=(PAIR,))
    logs = [np.log(column(together, n)) for n in PAIR[:2]]
    assert np.corrcoef(*logs)[0, 1] == pytest.approx(0.6, abs=0.03)  # 1/sqrt(4000) twice
    for name in ("plasma.ldl", "tumour.uptake_ratio", "plasma.albumin"):
        np.testing.assert_array_equal(column(alone, name), column(together, name))
    spread = np.log(column(together, "liver.function")).std()
    assert spread == pytest.approx(np.sqrt(np.log1p(0.20**2)), rel=0.05)


def test_a_patient_is_the_same_alone_and_in_a_crowd():
    population = Population(PARAMETERS, PLACES, REFERENCE, 5, correlations=(PAIR,))
    crowd, one = population.draw(jnp.arange(40)), population.draw(jnp.array([17]))
    np.testing.assert_allclose(crowd.parameters.value[17], one.parameters.value[0], rtol=1e-14)


def test_correlations_that_nobody_can_have_are_refused():
    a, b, c = "plasma.albumin", "plasma.ldl", "liver.function"
    with pytest.raises(InputError, match="positive definite"):
        drawn(1, correlations=((a, b, 0.9), (b, c, 0.9), (a, c, -0.9)))
    with pytest.raises(InputError, match="differ between patients"):
        drawn(1, correlations=((a, "rate.exponent", 0.5),))
    with pytest.raises(MissingError, match="albumin"):
        drawn(1, correlations=((a, "plasma.albumen", 0.5),))


def test_body_surface_has_a_name():
    with pytest.raises(MissingError, match="mosteller"):
        drawn(1, surface="mostellar")
    by = {f: float(drawn(1, surface=f).body_surface_m2[0]) for f in SURFACE_FORMULAS}
    assert len(set(by.values())) == len(by)
    # the formulas agree to a few percent for an ordinary adult
    all_ = [body_surface_m2(176.0, 73.0, f) for f in SURFACE_FORMULAS]
    assert max(all_) / min(all_) < 1.05
    with pytest.raises(InputError, match="greater than 0"):
        body_surface_m2(0.0, 70.0, "dubois")
