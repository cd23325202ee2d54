"""Response, progression and death on M-protein courses drawn by hand."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft.biology import (
    Assessments,
    BestResponse,
    Death,
    Progression,
    ProgressionFreeSurvival,
    foresee,
)
from pdcraft.domain import InputError

QUIET = dict(m_protein__noise=0.0, m_protein__noise_share=0.0, death__rate=1e-12)


def visits(*g_per_L, every_d=28):
    """M-protein that is as given at the visits and straight between them."""
    days = jnp.arange((len(g_per_L) - 1) * every_d + 1)
    return jnp.interp(days, jnp.arange(len(g_per_L)) * every_d, jnp.array(g_per_L, float))


@pytest.fixture
def judge(make_patient, with_course):
    def run(*g_per_L, **changes):
        patient = make_patient(**{**QUIET, **changes})
        effect = with_course(M_protein=visits(*g_per_L))
        return foresee((BestResponse(), Progression(), ProgressionFreeSurvival()), effect, patient)

    return run


@pytest.mark.parametrize(
    ("course", "code"),
    [
        ((40, 19, 19, 30), 3),
        ((40, 19, 30, 19, 30), 2),  # the 50 % was never confirmed; 25 % was
        ((40, 3, 3, 3), 4),
        ((40, 0.1, 0.1), 5),
        ((40, 35, 35, 35), 1),
        ((40, 55, 60, 60), 0),
        ((40, 19, 19, 30, 35), 3),
    ],
)
def test_the_best_category_is_the_best_confirmed_one(judge, course, code):
    assert int(judge(*course).grade[0]) == code


def test_best_change_is_the_lowest_visit(judge):
    assert float(judge(40, 30, 10, 20).value[0]) == pytest.approx(-75.0)


def test_progression_needs_the_next_visit(judge):
    confirmed, single = judge(40, 20, 26, 27), judge(40, 20, 26, 20, 20)
    assert bool(confirmed.happened[1]) and float(confirmed.time_h[1]) / 24 == 56.0
    assert not bool(single.happened[1]) and float(single.time_h[1]) / 24 == 112.0


def test_a_response_after_progression_does_not_count(judge):
    assert int(judge(40, 38, 50, 52, 10, 10).grade[0]) == 0
    assert int(judge(40, 38, 38, 50, 52, 10, 10).grade[0]) == 1


def test_too_few_visits_cannot_be_judged(judge):
    outcome = judge(40, 10)
    assert not bool(outcome.happened[0]) and int(outcome.grade[0]) == 1


def test_death_ends_the_visits_and_the_progression_free_time(make_patient, with_course):
    effect = with_course(M_protein=visits(40, 20, 30, 40, 50))
    patient = make_patient(**{**QUIET, "death__rate": 1.0})
    outcome = foresee((Progression(), Death(), ProgressionFreeSurvival()), effect, patient)
    assert outcome.happened.tolist() == [False, True, True]
    assert float(outcome.time_h[1]) == float(outcome.time_h[2]) < 28 * 24.0
    assert outcome.grade.tolist() == [0, 5, 5]


def test_a_patient_keeps_his_draws_whoever_comes_with_him(make_patient, with_course):
    effect = with_course(M_protein=visits(40, 30, 20, 20, 20))
    ends = (BestResponse(), Death())
    one = jax.jit(
        lambda n: foresee(ends, effect, eqx.tree_at(lambda p: p.number, make_patient(), n)).value
    )
    many = jax.vmap(one)(jnp.arange(5))
    assert np.array_equal(many[3], one(jnp.asarray(3)))
    assert len(np.unique(many[:, 0])) == 5


def test_another_seed_is_another_draw(make_patient, with_course):
    effect = with_course(M_protein=visits(40, 30, 20))
    values = [
        float(BestResponse(Assessments(seed=s)).foresee(effect, make_patient()).value[0])
        for s in (0, 1)
    ]
    assert values[0] != values[1]


def test_measurement_error_has_the_published_size(make_patient, with_course):
    effect = with_course(M_protein=jnp.full(29, 20.0))
    seen = jax.vmap(
        lambda n: (
            Assessments()
            .observe(effect, eqx.tree_at(lambda p: p.number, make_patient(), n))
            .level[0]
        )
    )(jnp.arange(4000))
    expected = np.hypot(0.832, 0.0633 * 20.0)
    assert float(seen.std()) == pytest.approx(expected, rel=0.05)
    assert float(seen.mean()) == pytest.approx(20.0, abs=4 * expected / np.sqrt(4000))


def test_a_schedule_that_confirms_nothing_is_refused():
    with pytest.raises(InputError, match="baseline and two visits"):
        Assessments(most=2)


@pytest.mark.parametrize(("day", "counts"), [(80.0, True), (90.0, False)])
def test_a_death_after_the_last_scheduled_visit_is_not_an_event(
    make_patient, with_course, day, counts
):
    """Visits on days 0, 28, 56 and 84 of 100: who dies on day 90 was last seen on day 84."""
    effect = with_course(M_protein=jnp.full(101, 40.0))
    unit = float(Assessments().death_h(effect, make_patient(**{**QUIET, "death__rate": 1.0})))
    patient = make_patient(**{**QUIET, "death__rate": unit / (24.0 * day)})
    outcome = foresee((ProgressionFreeSurvival(),), effect, patient)
    assert bool(outcome.happened[0]) is counts
    assert float(outcome.time_h[0]) / 24 == pytest.approx(day if counts else 84.0)
