import numpy as np
import pytest

from pdcraft.study.interval import believed
from pdcraft.study.results import kaplan_meier_curve


def test_without_draws_a_share_has_wilsons_interval():
    """Newcombe 1998, 81 of 263 at 95 %: 0.2553 to 0.3662."""
    yes = np.arange(263) < 81
    share, low, high = believed(np.arange(263), yes, 0, within=0.95)
    assert share == pytest.approx(81 / 263)
    assert (low, high) == pytest.approx((0.2553, 0.3662), abs=5e-5)


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
