import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from pdcraft.domain import InputError
from pdcraft.trial import (
    GroupSequential,
    OBrienFlemingLike,
    PocockLike,
    error_spending,
    event_probability,
    obrien_fleming,
    patients_for_events,
    pocock,
    schoenfeld_events,
)


@pytest.mark.parametrize("drift", [0.0, 2.5])
def test_rejection_agrees_with_the_multivariate_normal_distribution(drift):
    information, critical = np.array([0.3, 0.7, 1.0]), (2.6, 2.3, 2.1)
    found = GroupSequential(tuple(information), critical).rejects(drift)
    mean = drift * np.sqrt(information)
    cov = np.sqrt(np.minimum.outer(information, information) / np.maximum.outer(*[information] * 2))
    assert found[0] == pytest.approx(norm.sf(2.6 - mean[0]), rel=1e-12)
    for k in (2, 3):
        stays = multivariate_normal(mean[:k], cov[:k, :k], maxpts=2_000_000, abseps=1e-7).cdf(
            np.array(critical[:k])
        )
        assert 1 - found[:k].sum() == pytest.approx(stays, abs=2e-6)


def test_one_look_is_the_usual_test():
    for design in (obrien_fleming(1, alpha=0.025), pocock(1, alpha=0.025)):
        assert design.critical[0] == pytest.approx(norm.isf(0.025), rel=1e-10)
    assert pocock(1, alpha=0.025).rejects(3.0)[0] == pytest.approx(norm.sf(norm.isf(0.025) - 3.0))


@pytest.mark.parametrize("spending", [OBrienFlemingLike(), PocockLike()])
def test_error_is_spent_as_planned(spending):
    information = (30.0, 80.0, 120.0, 200.0)
    design = error_spending(information, alpha=0.025, spending=spending)
    planned = [spending.spent(i / 200, 0.025) for i in information]
    assert np.cumsum(design.rejects(0.0)) == pytest.approx(planned, rel=1e-8)
    assert planned[-1] == pytest.approx(0.025)
    again = error_spending((0.15, 0.4, 0.6, 1.0), alpha=0.025, spending=spending)
    assert design.critical == pytest.approx(again.critical)


def test_looks_save_information_when_there_is_an_effect():
    design = obrien_fleming(4, alpha=0.025)
    assert design.expected_information(0.0) > 0.98
    assert design.expected_information(4.0) < 0.7
    assert design.rejects(3.2).sum() < norm.sf(norm.isf(0.025) - 3.2)


def test_an_effect_to_the_other_side_is_not_found():
    assert obrien_fleming(3, alpha=0.025).rejects(-3.0).sum() < 1e-5


def test_schoenfeld_is_symmetric_in_the_direction_of_the_effect():
    lower = schoenfeld_events(0.5, alpha=0.025, power=0.9)
    assert lower == pytest.approx(schoenfeld_events(2.0, alpha=0.025, power=0.9))
    assert lower == pytest.approx(4 * (1.959964 + 1.281552) ** 2 / math.log(2) ** 2, rel=1e-6)
    uneven = schoenfeld_events(0.5, alpha=0.025, power=0.9, share_treated=0.75)
    assert uneven == pytest.approx(lower * 0.25 / (0.75 * 0.25))


def test_the_probability_of_an_event_is_the_mean_over_accrual():
    rate = math.log(2) / 10
    came = np.linspace(0, 24, 200_001)
    wanted = np.mean(1 - np.exp(-rate * (24 + 6 - came)))
    assert event_probability(10.0, accrual_h=24.0, followup_h=6.0) == pytest.approx(
        wanted, rel=1e-6
    )
    assert event_probability(10.0, accrual_h=1e-6, followup_h=10.0) == pytest.approx(0.5, rel=1e-5)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: obrien_fleming(3, alpha=0.6), "alpha = 0.6"),
        (lambda: pocock(0, alpha=0.025), "looks must be at least 1"),
        (lambda: GroupSequential((0.5, 0.5), (2.0, 2.0)), "must rise"),
        (lambda: GroupSequential((0.5, 1.0), (2.0,)), "one for each"),
        (lambda: schoenfeld_events(1.0, alpha=0.025, power=0.8), "equal hazards"),
        (lambda: schoenfeld_events(-0.7, alpha=0.025, power=0.8), "hazard_ratio = -0.7"),
        (lambda: schoenfeld_events(0.7, alpha=0.025, power=80.0), "power = 80"),
        (lambda: schoenfeld_events(0.7, alpha=0.5, power=0.1), "must be greater than alpha"),
        (lambda: event_probability(0.0, accrual_h=1.0, followup_h=1.0), "median_h = 0 h"),
        (
            lambda: patients_for_events(
                0.0, hazard_ratio=0.7, median_control_h=1.0, accrual_h=1.0, followup_h=0.0
            ),
            "events = 0",
        ),
    ],
)
def test_bad_input_is_refused(call, says):
    with pytest.raises(InputError, match=says):
        call()
