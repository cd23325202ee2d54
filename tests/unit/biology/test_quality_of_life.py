"""Scores as the manual computes them; a course that falls with burden and toxicity."""

import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft.biology import QualityOfLife, SupportiveCare, qlq_c30_score
from pdcraft.domain import InputError
from pdcraft.library import read_toml


def test_half_of_the_answers_are_enough_and_less_is_not():
    assert float(qlq_c30_score([1, np.nan], "symptom")) == 0.0
    assert np.isnan(float(qlq_c30_score([1, np.nan, np.nan], "symptom")))


def test_an_unknown_scale_is_refused():
    with pytest.raises(InputError, match="Choose from"):
        qlq_c30_score([1, 2], "financial")


@pytest.fixture
def judged(make_patient, with_course):
    health = {k: v["value"] for k, v in read_toml("endpoints", "quality_of_life").items()
              if k != "meta"}  # fmt: skip

    def run(burden, haemoglobin=11.0, platelets=150.0):
        days = 101
        course = {"haemoglobin": haemoglobin, "platelets": platelets, "neutrophils": 3.0}
        rows = {k: jnp.broadcast_to(jnp.asarray(v, float), (days,)) for k, v in course.items()}
        effect = with_course(**{"burden": jnp.broadcast_to(jnp.asarray(burden, float), (days,))},
                             **rows)  # fmt: skip
        named = tuple("tumour burden" if m == "burden" else m for m in effect.markers)
        effect = type(effect)(
            effect.tissues, effect.BED_Gy, effect.EQD2_Gy, effect.survival, named,
            effect.marker_units, effect.clock, effect.course,
        )  # fmt: skip
        changes = {k.replace(".", "__"): v for k, v in health.items()}
        return QualityOfLife().foresee(effect, make_patient(**changes))

    return run


def test_nothing_changes_while_nothing_happens(judged):
    outcome = judged(1.0)
    assert float(outcome.value[0]) == 0.0 and not bool(outcome.happened[0])


def test_growth_lowers_it_and_the_fall_is_dated(judged):
    burden = jnp.where(jnp.arange(101) < 50, 1.0, 8.0)
    outcome = judged(burden)
    assert float(outcome.value[0]) == pytest.approx(-15.0 * 51 / 101, abs=0.3)
    assert bool(outcome.happened[0]) and float(outcome.time_h[0]) == 50 * 24.0


def test_a_fall_that_passes_is_none(judged):
    platelets = jnp.where((jnp.arange(101) > 30) & (jnp.arange(101) < 50), 20.0, 150.0)
    outcome = judged(1.0, platelets=platelets)
    assert float(outcome.value[0]) < 0 and not bool(outcome.happened[0])


def test_support_is_counted_and_dated(with_course, make_patient):
    effect = with_course(a=jnp.array([0.0, 0.0, 1.0, 2.0]), b=jnp.zeros(4), c=jnp.zeros(4))
    effect = type(effect)(
        effect.tissues, effect.BED_Gy, effect.EQD2_Gy, effect.survival,
        ("platelet transfusions", "red cell transfusions", "G-CSF days"),
        effect.marker_units, effect.clock, effect.course,
    )  # fmt: skip
    outcome = SupportiveCare().foresee(effect, make_patient())
    assert outcome.value.tolist() == [2.0, 0.0, 0.0]
    assert outcome.happened.tolist() == [True, False, False]
    assert float(outcome.time_h[0]) == 48.0
