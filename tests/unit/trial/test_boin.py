import pytest

from pdcraft.domain import InputError, ValidityWarning
from pdcraft.trial import BOIN, Design, History, StopAt, StopWhenTooToxic, toxic_probability


@pytest.mark.parametrize("target", [0.0, 1.0, -0.2, 30.0, float("nan")])
def test_a_target_outside_0_to_1_is_refused(target):
    with pytest.raises(InputError, match="must lie between 0 and 1"):
        BOIN(target)


def test_rates_must_enclose_the_target():
    with pytest.raises(InputError, match="on both sides of the target"):
        BOIN(0.3, p_safe=0.35)
    with pytest.raises(InputError, match="on both sides of the target"):
        BOIN(0.8)  # 1.4 times 0.8 is no probability


def test_elimination_needs_a_probability():
    with pytest.raises(InputError, match="eliminate_above = 95"):
        BOIN(0.3, eliminate_above=95)


def test_a_target_that_was_not_studied_warns():
    with pytest.warns(ValidityWarning, match="outside 0.05 to 0.6"):
        BOIN(0.02)


@pytest.mark.parametrize(
    ("history", "decision", "next_level", "ceiling"),
    [
        ("1NNN", "escalate", 2, 3),
        ("1NNT", "stay", 1, 3),
        ("1NTT", "stay", 1, 3),
        ("1TTT", "stop", None, 3),
        ("1NNN 2NTT", "de-escalate", 1, 3),
        ("1NNN 2TTT", "de-escalate", 1, 1),
        ("1NNN 2TTT 1NNN", "stay", 1, 1),
        ("1NNN 2NNN 3NNN", "stay", 3, 3),
    ],
)
def test_decisions_by_the_counts(history, decision, next_level, ceiling):
    advice = Design((BOIN(0.30),), levels=3).advise(history)
    assert (advice.decision, advice.next_level, advice.ceiling) == (decision, next_level, ceiling)


def test_closing_a_level_says_why():
    advice = Design((BOIN(0.30),), levels=3).advise("1NNN 2TTT")
    assert advice.reason == (
        "3 of 3 patients with a dose-limiting toxicity at level 2: its rate is above 0.3 with "
        "probability 0.992 > 0.95, so level 2 and higher are closed: down to level 1"
    )


def test_the_table_of_the_protocol_is_what_the_rule_does():
    design = Design((BOIN(0.25),), levels=3)
    for row in BOIN(0.25).decision_table(18):
        for dlt in range(row.n + 1):
            history = History.of_counts((3, row.n), (0, dlt), level=2)
            advice = design.advise(history)
            wanted = "stay"
            if dlt <= row.escalate_if_at_most:
                wanted = "escalate"
            if dlt >= row.deescalate_if_at_least:
                wanted = "de-escalate"
            assert advice.decision == wanted, str(history)
            eliminated = row.eliminate_if_at_least is not None and dlt >= row.eliminate_if_at_least
            assert (advice.ceiling == 1) == eliminated


def test_of_equal_estimates_below_the_target_the_highest_level_is_the_mtd():
    assert BOIN(0.30).select_mtd("1NNN 2NNN 3NNN") == 3


def test_of_equal_estimates_above_the_target_the_lowest_level_is_the_mtd():
    assert BOIN(0.30).select_mtd("1NTNTNN 2NTNTNN") == 1
    assert BOIN(0.50).select_mtd("1NTNTNN 2NTNTNN") == 2


def test_no_level_is_the_mtd_when_the_lowest_is_closed():
    assert BOIN(0.30).select_mtd("1TTT") is None
    assert BOIN(0.30).select_mtd("") is None


def test_a_bound_on_the_mtd_leaves_out_rates_above_lambda_d():
    assert BOIN(0.30).select_mtd("1NTT") == 1
    assert BOIN(0.30, bound_mtd=True).select_mtd("1NTT") is None
    assert BOIN(0.30, bound_mtd=True).select_mtd("1NNN 2NTNTN") == 1
    assert BOIN(0.30).select_mtd("1NNN 2NTNTN") == 2


def test_the_posterior_agrees_with_the_integral_over_the_rate():
    # Beta(3, 2) above 0.3: 1 - (4 x^3 - 3 x^4)
    assert toxic_probability(0.3, 3, 2) == pytest.approx(1 - (4 * 0.3**3 - 3 * 0.3**4), rel=1e-14)


def test_the_end_of_the_trial_keeps_the_choice_of_the_mtd():
    advice = Design((BOIN(0.30), StopAt(6)), levels=3).advise("1NNN 2NTT")
    assert (advice.decision, advice.mtd) == ("stop", 1)


def test_the_last_cohort_is_made_smaller():
    advice = Design((BOIN(0.30), StopAt(8)), levels=3).advise("1NNN 2NNN")
    assert (advice.next_level, advice.size) == (3, 2)
    assert advice.reasons[-1] == "2 of 8 patients are left for the last cohort"
    with pytest.raises(InputError, match="patients = 0"):
        StopAt(0)


def test_the_safety_stop_is_stricter_than_elimination():
    rules = (StopWhenTooToxic(0.30, probability=0.90), BOIN(0.30))
    assert Design(rules, levels=3).advise("1NTT").stops  # 0.916 with 2 of 3
    assert not Design(rules[1:], levels=3).advise("1NTT").stops
    assert not Design(rules, levels=3).advise("1NNT").stops
    assert not Design(rules, levels=3, cohort_size=2).advise("1TT").stops  # fewer than three


@pytest.mark.parametrize("wrong", [{"target": 0}, {"probability": 1.0}, {"level": 0}])
def test_the_safety_stop_refuses_what_cannot_be(wrong):
    with pytest.raises(InputError):
        StopWhenTooToxic(**({"target": 0.3, "probability": 0.9} | wrong))
