import itertools

import pytest
from scipy.stats import beta

from pdcraft.domain import InputError
from pdcraft.trial import BOIN, MTPI, MTPI2, Design, I3Plus3, Keyboard, StopAt
from pdcraft.trial.mtpi import _equal_intervals

RULES = [
    Keyboard(0.25), MTPI(0.25), MTPI2(0.25), I3Plus3(0.25, low=0.2, high=0.3), BOIN(0.25),
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_the_table_of_the_protocol_is_what_the_trial_does(rule):
    design = Design((rule,), levels=3)
    for row in rule.decision_table(12):
        for dlt in range(row.n + 1):
            advice = design.advise(f"1NNN 2{'T' * dlt + 'N' * (row.n - dlt)}")
            wanted = "stay"
            if row.escalate_if_at_most is not None and dlt <= row.escalate_if_at_most:
                wanted = "escalate"
            if row.deescalate_if_at_least is not None and dlt >= row.deescalate_if_at_least:
                wanted = "de-escalate"
            assert (advice.decision, bool(advice.reason)) == (wanted, True), (row, dlt)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
@pytest.mark.parametrize("wrong", [0.0, 1.0, -0.1, 25.0, float("nan")])
def test_a_target_or_a_probability_outside_0_to_1_is_refused(rule, wrong):
    interval = {"low": 0.2, "high": 0.3} if isinstance(rule, I3Plus3) else {}
    with pytest.raises(InputError, match=r"target = .* must lie between 0 and 1"):
        type(rule)(wrong, **interval)
    with pytest.raises(InputError, match=r"eliminate_above = .* must lie between 0 and 1"):
        type(rule)(0.25, eliminate_above=wrong, **interval)
    with pytest.raises(InputError, match="least_n = 0"):
        type(rule)(0.25, least_n=0, **interval)


def test_keys_and_margins_must_fit_into_0_to_1():
    for margin in (0.0, -0.05, 0.35):
        with pytest.raises(InputError, match="target key"):
            Keyboard(0.3, margin=margin)
    for rule in (MTPI, MTPI2):
        with pytest.raises(InputError, match=r"low_margin = 0\.3"):
            rule(0.3, low_margin=0.3)
        with pytest.raises(InputError, match=r"high_margin = 0\.7"):
            rule(0.3, high_margin=0.7)
    with pytest.raises(InputError, match="holds the target"):
        I3Plus3(0.3, low=0.35, high=0.4)


def test_the_strongest_key_has_the_largest_probability():
    # Beta(3, 8) after 2 of 9, keys 0.2 wide around 0.3
    rate = beta(3, 8)
    mass = [rate.cdf(b) - rate.cdf(a) for a, b in [(0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8)]]
    assert mass[1] == max(mass)
    assert Keyboard(0.3, margin=0.1).verdict(9, 2).decision == "stay"
    assert Keyboard(0.5, margin=0.1).verdict(9, 2).decision == "escalate"  # (0.2, 0.4) wins again


def test_rests_of_the_keyboard_at_0_and_1_are_no_keys():
    # After 0 of 30 most of the posterior lies below 0.05, where the keyboard of 0.33 has no key.
    assert Keyboard(0.33).verdict(30, 0).why.endswith("0.08 to 0.18")
    assert MTPI2(0.33).verdict(30, 0).why.startswith("0.00 to 0.08")


@pytest.mark.parametrize(("target", "below", "above"), [(0.25, 0.05, 0.05), (0.33, 0.03, 0.07)])
def test_intervals_of_mtpi_2_are_of_one_length_but_for_the_ends(target, below, above):
    edges, middle = _equal_intervals(target, below, above)
    assert edges[0] == 0 and edges[-1] == 1
    assert edges[middle] == pytest.approx(target - below)
    lengths = [b - a for a, b in itertools.pairwise(edges)]
    assert lengths[1:-1] == pytest.approx([below + above] * (len(lengths) - 2))
    assert 0 < lengths[0] <= below + above + 1e-9 and 0 < lengths[-1] <= below + above + 1e-9


def test_the_i3_plus_3_looks_twice_before_it_goes_down():
    rule = I3Plus3(0.30, low=0.25, high=0.35)
    # 1 of 2 is above the interval, but 0 of 2 would be below it; 2 of 5 is above, 1 of 5 below
    assert rule.verdict(2, 1).decision == rule.verdict(5, 2).decision == "stay"
    assert rule.verdict(6, 3).decision == "de-escalate"  # 2 of 6 would be within


def test_the_end_of_the_trial_keeps_the_mtd_of_each_design():
    for rule in RULES:
        advice = Design((rule, StopAt(9)), levels=3).advise("1NNN 2NNN 3NTT")
        assert (advice.decision, advice.mtd) == ("stop", 2)
