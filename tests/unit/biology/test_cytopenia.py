"""Grades, recovery and dose-limiting toxicity on courses drawn by hand."""

import jax.numpy as jnp
import pytest

from pdcraft.biology import CountRule, Cytopenia, DoseLimitingToxicity, ctcae_limits
from pdcraft.domain import InputError, MissingError


def fall_to(low, *, start=200.0, back=200.0):
    """Straight down to ``low`` on day 20, straight up to ``back`` on day 60, then flat."""
    return jnp.interp(jnp.arange(91.0), jnp.array([0.0, 20.0, 60.0]), jnp.array([start, low, back]))


@pytest.fixture
def platelets(ctcae_rows):
    return Cytopenia("platelets", ctcae_limits(ctcae_rows, "platelets", "5.0"), "5.0")


def foresee(endpoint, course, make_patient, with_course):
    return endpoint.foresee(with_course(platelets=course), make_patient())


def test_nadir_grade_and_time(platelets, make_patient, with_course):
    outcome = foresee(platelets, fall_to(40.0), make_patient, with_course)
    assert outcome.events == ("thrombocytopenia", "platelet recovery")
    assert float(outcome.value[0]) == 40.0 and int(outcome.grade[0]) == 3
    assert float(outcome.time_h[0]) == 20 * 24.0 and bool(outcome.happened[0])


def test_recovery_is_the_return_to_grade_1(platelets, make_patient, with_course):
    outcome = foresee(platelets, fall_to(40.0), make_patient, with_course)
    up = 20.0 + 40.0 * (75.0 - 40.0) / 160.0
    down = 20.0 * (200.0 - 75.0) / 160.0
    assert bool(outcome.happened[1])
    assert float(outcome.time_h[1]) / 24 == pytest.approx(up)
    assert float(outcome.value[1]) == pytest.approx(up - down)


def test_who_began_in_grade_2_needs_to_return_to_grade_2_only(platelets, make_patient, with_course):
    course = fall_to(20.0, start=60.0, back=60.0)
    outcome = foresee(platelets, course, make_patient, with_course)
    assert int(outcome.grade[0]) == 4 and bool(outcome.happened[1])
    assert float(outcome.time_h[1]) / 24 == pytest.approx(20.0 + 40.0 * 30.0 / 40.0)


def test_no_fall_no_event_and_the_end_of_follow_up(platelets, make_patient, with_course):
    outcome = foresee(platelets, fall_to(180.0), make_patient, with_course)
    assert not outcome.happened.any()
    assert (outcome.time_h == 90 * 24.0).all()


def test_no_recovery_within_follow_up(platelets, make_patient, with_course):
    outcome = foresee(platelets, fall_to(40.0, back=60.0), make_patient, with_course)
    assert bool(outcome.happened[0]) and not bool(outcome.happened[1])
    assert float(outcome.time_h[1]) == 90 * 24.0


def test_versions_5_and_6_disagree_on_a_count_of_20(ctcae_rows, make_patient, with_course):
    grades = [
        int(
            foresee(
                Cytopenia("platelets", ctcae_limits(ctcae_rows, "platelets", v), v),
                fall_to(20.0), make_patient, with_course,
            ).grade[0]
        )
        for v in ("5.0", "6.0")
    ]  # fmt: skip
    assert grades == [4, 3]


@pytest.mark.parametrize(
    ("rule", "happened", "day"),
    [
        (CountRule("platelets", 50.0), True, 20.0 * 150.0 / 160.0),
        (CountRule("platelets", 50.0, 3.0), True, 20.0 * 150.0 / 160.0 + 3.0),
        (CountRule("platelets", 50.0, 3.8), False, 84.0),
        (CountRule("platelets", 39.0), False, 84.0),
    ],
)
def test_a_rule_asks_for_depth_and_length(rule, happened, day, make_patient, with_course):
    dlt = DoseLimitingToxicity((rule,), window_day=84.0)
    outcome = foresee(dlt, fall_to(40.0), make_patient, with_course)
    assert bool(outcome.happened[0]) is happened
    assert float(outcome.time_h[0]) / 24 == pytest.approx(day)


def test_what_comes_after_the_window_does_not_count(make_patient, with_course):
    dlt = DoseLimitingToxicity((CountRule("platelets", 50.0),), window_day=14.0)
    assert not bool(foresee(dlt, fall_to(40.0), make_patient, with_course).happened[0])


def test_the_first_rule_broken_is_named(make_patient, with_course):
    rules = (CountRule("platelets", 45.0), CountRule("platelets", 100.0), CountRule("platelets", 1))
    outcome = foresee(DoseLimitingToxicity(rules, 84.0), fall_to(40.0), make_patient, with_course)
    assert int(outcome.grade[0]) == 2 and float(outcome.value[0]) == 2.0


def test_what_is_refused(ctcae_rows):
    with pytest.raises(InputError, match="Choose from"):
        Cytopenia("reticulocytes", (None, 75.0, 50.0, 25.0), "5.0")
    with pytest.raises(InputError, match="falling"):
        Cytopenia("platelets", (None, 50.0, 75.0, 25.0), "5.0")
    with pytest.raises(InputError, match="at least one CountRule"):
        DoseLimitingToxicity((), 28.0)
    with pytest.raises(MissingError, match=r"platelets in version 6\.0"):
        ctcae_limits(ctcae_rows, "platelets", "4.0")
