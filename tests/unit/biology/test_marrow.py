"""Counts stay at the baseline without dose, fall by as much as was calibrated, and come back."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft.biology import Marrow, TissueDose, blood_counts
from pdcraft.biology.stepping import Grid
from pdcraft.domain import InputError, Samples, ValidityWarning, Values


@pytest.fixture(scope="module")
def counts(typical, clock):
    names = tuple(typical)
    row = jnp.array(list(typical.values()))
    one = jax.jit(
        lambda dose, half: blood_counts(
            Values(names, row), TissueDose.exponential(dose, half), clock
        )
    )
    return lambda dose_Gy, half_life_h=67.0: np.asarray(one(dose_Gy, half_life_h))


def test_without_dose_counts_stay_at_the_baseline(counts, typical):
    platelets, neutrophils = counts(0.0)[:2]
    assert np.allclose(platelets, typical["platelets.baseline"], rtol=1e-9)
    assert np.allclose(neutrophils, typical["neutrophils.baseline"], rtol=1e-9)


def test_the_typical_patient_has_his_nadir_four_to_seven_weeks_after_2_Gy(counts):
    days = counts(2.0)[:2].argmin(axis=1)
    assert ((28 <= days) & (days <= 49)).all()


def test_2_Gy_take_platelets_to_about_a_fifth(counts, typical):
    assert 0.18 < counts(2.0)[0].min() / typical["platelets.baseline"] < 0.26


def test_a_very_large_dose_leaves_counts_positive_and_finite(counts):
    course = counts(50.0)
    assert np.isfinite(course).all() and (course[:4] > 0).all()


def test_slow_irradiation_has_a_later_nadir(counts):
    assert counts(2.0, 156.0)[0].argmin() > counts(2.0, 20.0)[0].argmin()


def test_effect_answers_for_marrow_and_both_counts(effect):
    assert effect.marker("platelets").shape == (181,)
    assert float(effect.BED_Gy[0]) == pytest.approx(1.20091, rel=1e-5)
    assert float(effect.EQD2_Gy[0]) == pytest.approx(1.05963, rel=1e-5)
    assert 0.25 < float(effect.survival[0]) < 0.35


def test_every_parameter_it_needs_lies_in_the_library(typical):
    assert set(Marrow().needs) <= set(typical)


def test_steps_that_were_not_checked_are_marked():
    with pytest.warns(ValidityWarning, match="more steps"):
        Grid.over(Samples(jnp.array([0.0, 3650.0 * 24.0])), 100)


def test_a_model_without_steps_is_refused():
    with pytest.raises(InputError, match="at least 1"):
        Marrow(steps=0)
