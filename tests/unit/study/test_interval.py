import numpy as np
import pytest

from pdcraft.study.interval import believed, believed_median
from pdcraft.study.results import kaplan_meier_curve


def test_without_draws_a_share_has_wilsons_interval():
    """Newcombe 1998, 81 of 263 at 95 %: 0.2553 to 0.3662."""
    yes = np.arange(263) < 81
    share, low, high = believed(np.arange(263), yes, 0, within=0.95)
    assert share == pytest.approx(81 / 263)
    assert (low, high) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_without_draws_a_median_has_the_interval_of_its_order():
    """Of 1 to 99, the binomial interval at 90 % lies 8.2 ranks about the 50th."""
    middle, low, high = believed_median(np.arange(99), np.arange(1.0, 100.0), 0)
    assert (middle, low, high) == pytest.approx((50.0, 41.9, 58.1), abs=0.1)


def test_with_draws_the_interval_holds_what_the_draws_came_from():
    random = np.random.default_rng(3)
    number, inside = np.arange(1000), []
    for _ in range(200):
        share = random.beta(4, 8, 50)
        _, low, high = believed(number, random.random(1000) < share[number % 50], 50)
        found = random.beta(4, 8, 500)
        inside.append(np.mean((found > low) & (found < high)))
    assert np.mean(inside) == pytest.approx(0.90, abs=0.05)  # 50 draws tell their 5 % so well


def test_draws_that_do_not_differ_leave_the_error_of_all_patients():
    random = np.random.default_rng(4)
    number, widths = np.arange(1000), []
    for _ in range(200):
        _, low, high = believed(number, random.normal(size=1000), 50)
        widths.append(high - low)
    # from the exact width (no scatter seen) to a quarter more (chance scatter taken for a real one)
    assert 1.0 <= np.median(widths) / (2 * 1.645 / np.sqrt(1000)) < 1.25


def test_a_mean_lies_in_its_interval_where_most_patients_are_alike():
    number = np.arange(1000)
    values = np.where(number == 7, -100.0, 0.0)
    mean, low, high = believed(number, values, 50)
    assert low < mean < high


def test_a_survival_band_widens_with_what_is_undecided():
    random = np.random.default_rng(5)
    number = np.arange(1000)
    rate = random.lognormal(0.0, 0.8, 50)[number % 50] / 100.0
    day = random.exponential(1.0 / rate)
    time, happened = np.minimum(day, 180.0), day < 180.0
    plain, drawn = (kaplan_meier_curve(time, happened, number, n) for n in (0, 50))
    np.testing.assert_array_equal(plain[1], drawn[1])
    width = [(c[3] - c[2])[60] for c in (plain, drawn)]
    assert width[1] > 3 * width[0]
    assert ((drawn[2] <= drawn[1]) & (drawn[1] <= drawn[3])).all()


def test_what_nobody_had_is_not_known_to_be_impossible():
    number = np.arange(1000)
    _, low, high = believed(number, np.zeros(1000, bool), 50)
    assert low == 0.0
    assert high == pytest.approx(2.7055 / 1002.7055, rel=1e-4)  # Wilson: z² / (n + z²)


def test_the_interval_of_a_median_holds_what_the_draws_came_from():
    """Medians of draws scatter by 1 beside the 2.5 of a patient: the 90 % interval is +-1.645."""
    random = np.random.default_rng(6)
    number, widths, inside = np.arange(4000), [], []
    for _ in range(60):
        centre = random.normal(size=100)
        middle, low, high = believed_median(
            number, centre[number % 100] + random.normal(0.0, 2.5, 4000), 100
        )
        assert low < middle < high
        widths.append(high - low)
        found = random.normal(size=500)
        inside.append(np.mean((found > low) & (found < high)))
    assert np.median(widths) == pytest.approx(2 * 1.645, rel=0.05)  # 60 repeats of 100 draws
    assert np.mean(inside) == pytest.approx(0.90, abs=0.02)


def test_draws_with_hardly_a_patient_do_not_spoil_the_interval_of_a_median():
    number = np.concatenate([np.arange(400), [19, 39]])
    number = number[(number % 20 != 19) | (number > 380)]
    values = np.random.default_rng(8).normal(number % 20, 1.0)
    _, low, high = believed_median(number, values, 20)
    assert 0.0 < high - low < 25.0
