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


def test_the_dose_of_tositumomab_takes_platelets_to_about_a_fifth(counts, typical):
    # 2 Gy, and three quarters of the sensitivity of the agents together.
    assert 0.18 < counts(2.0 * 0.74)[0].min() / typical["platelets.baseline"] < 0.28


def test_a_very_large_dose_leaves_counts_positive_and_finite(counts):
    course = counts(50.0)
    assert np.isfinite(course).all() and (course[:4] > 0).all()


def test_red_cells_come_back_without_overshooting(typical):
    clock = Samples(jnp.arange(0.0, 721.0) * 24.0)
    values = {**typical, "red marrow.lasting_loss": 0.0, "support.red_cells_below": 0.0}
    row = Values(tuple(values), jnp.array(list(values.values())))
    dose = TissueDose.exponential(2.0, 156.0)
    haemoglobin = np.asarray(jax.jit(lambda: blood_counts(row, dose, clock, steps=720))())[2]
    assert haemoglobin.max() <= haemoglobin[0] * 1.001
    assert haemoglobin[-1] == pytest.approx(haemoglobin[0], rel=0.02)


def test_what_is_lost_for_good_does_not_come_back(typical, clock):
    names = tuple(typical)
    row = jnp.array(list(typical.values())).at[names.index("red marrow.lasting_loss")].set(0.1)
    dose = TissueDose.exponential(2.0, 67.0)
    long = Samples(jnp.arange(0.0, 721.0) * 24.0)
    platelets = blood_counts(Values(names, row), dose, long, steps=720)[0]
    assert float(platelets[-1] / platelets[0]) == pytest.approx(np.exp(-0.1 * 2.0), rel=0.02)


def test_transfusion_keeps_platelets_up_and_is_counted(typical, clock):
    names = tuple(typical)
    dose = TissueDose.exponential(6.0, 67.0)
    limit = names.index("support.platelets_below")

    def run(below):
        row = jnp.array(list(typical.values())).at[limit].set(below)
        return np.asarray(blood_counts(Values(names, row), dose, clock, steps=180))

    without, given = run(0.0), run(10.0)
    assert without[4].max() == 0 and given[4, -1] >= 2
    assert given[0].min() > without[0].min()
    assert (np.diff(given[4]) >= 0).all()


def test_a_drug_adds_its_lesions(typical, clock):
    names, row = tuple(typical), jnp.array(list(typical.values()))
    none = TissueDose.exponential(0.0, 67.0)
    added = jnp.minimum(jnp.arange(181.0) / 5.0, 1.0) * jnp.ones((4, 1))
    counts = blood_counts(Values(names, row), none, clock, steps=180, lesions=added)
    assert (np.asarray(counts[:2].min(axis=1)) < 0.7 * np.asarray(counts[:2, 0])).all()


def test_slow_irradiation_has_a_later_nadir(counts):
    assert counts(2.0, 156.0)[0].argmin() > counts(2.0, 20.0)[0].argmin()


def test_effect_answers_for_marrow_and_both_counts(effect):
    assert effect.marker("platelets").shape == (181,)
    assert float(effect.BED_Gy[0]) == pytest.approx(1.20091, rel=1e-5)
    assert float(effect.EQD2_Gy[0]) == pytest.approx(1.05963, rel=1e-5)
    assert 0.12 < float(effect.survival[0]) < 0.22


def test_every_parameter_it_needs_lies_in_the_library(typical):
    assert set(Marrow().needs) <= set(typical)


def test_steps_that_were_not_checked_are_marked():
    with pytest.warns(ValidityWarning, match="more steps"):
        Grid.over(Samples(jnp.array([0.0, 3650.0 * 24.0])), 100)


def test_a_model_without_steps_is_refused():
    with pytest.raises(InputError, match="at least 1"):
        Marrow(steps=0)
