import pytest
from scipy.stats import beta

from pdcraft.domain import InputError
from pdcraft.trial import BOIN12, Design, History, StopAt, Utilities

WORTH = Utilities(neither=40, both=60)
RULE = BOIN12(0.35, 0.25, WORTH)
FIVE = Design((RULE,), 5)


def test_the_benchmark_loses_half_of_what_the_limits_lose():
    at_limits = 100 * 0.65 * 0.25 + 40 * 0.65 * 0.75 + 60 * 0.35 * 0.25
    assert RULE.benchmark == pytest.approx((100 + at_limits) / 2)


def test_desirability_counts_who_had_both():
    worth = Utilities(neither=30, both=80, efficacy=90, toxicity=10)
    rule = BOIN12(0.35, 0.25, worth)
    x = (90 * 2 + 30 * 1 + 80 * 1 + 10 * 2) / 100
    wanted = beta(1 + x, 1 + 6 - x).sf(rule.benchmark / 100)
    assert rule.desirability(History.read("1NNN 2EEN 2BTT"), 2) == pytest.approx(wanted)
    both = rule.desirability(History.read("1BNT"), 1)
    apart = rule.desirability(History.read("1ETT"), 1)
    assert both != apart  # one efficacy and two toxicities either way, but other patients
    with pytest.raises(InputError, match="which patients had both"):
        rule.table((3,))


def test_the_table_is_what_the_trial_uses():
    for row in RULE.table((3,)):
        if row.dlt + row.efficacy > 3:
            continue
        none = "N" * (3 - row.dlt - row.efficacy)
        seen = History.read(f"1{none}{'T' * row.dlt}{'E' * row.efficacy}")
        assert RULE.desirability(seen, 1) == pytest.approx(row.probability, rel=1e-12)
        assert (row.rank is not None) == RULE.admits(3, row.dlt, row.efficacy)


def test_a_level_is_admitted_by_both_posteriors():
    for n, dlt, efficacy in ((3, 1, 1), (6, 4, 3), (6, 0, 0), (9, 3, 0), (9, 6, 9)):
        toxic = beta(1 + dlt, 1 + n - dlt).sf(0.35)
        futile = beta(1 + efficacy, 1 + n - efficacy).cdf(0.25)
        assert RULE.admits(n, dlt, efficacy) == (toxic < 0.95 and futile < 0.90)


def test_the_trial_stops_when_level_1_is_too_toxic():
    advice = FIVE.advise("1TTT 1TBN")
    assert advice.stops and advice.mtd is None and "no level is left" in advice.reason
    assert FIVE.advise("1NTT").next_level == 1  # not yet


def test_going_down_passes_levels_that_are_too_toxic():
    advice = FIVE.advise("1NNN 2TTT 2TNT 3TTT")
    assert (advice.next_level, advice.decision) == (1, "de-escalate")


def test_the_final_choice_is_the_most_useful_level_up_to_the_mtd():
    seen = "1NNN 2EEN 2EEE 3TEE 3EEN 4TTB"
    advice = Design((RULE, StopAt(18)), 5).advise(seen)
    read = History.read(seen)
    assert advice.stops and advice.mtd == 2
    assert RULE.desirability(read, 2) > RULE.desirability(read, 3)
    assert RULE.select("1TTT 1TTT") is None


def test_other_designs_hear_toxicity_of_patients_who_had_both():
    assert History.read("1NEB 1TBB").dlt(1) == 4
    assert History.read("1NEB 1TBB").count(1, "B") == 3


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: BOIN12(35.0, 0.25, WORTH), "toxicity_limit = 35"),
        (lambda: BOIN12(0.35, 0.0, WORTH), "efficacy_limit = 0 "),
        (lambda: BOIN12(0.35, 0.25, WORTH, too_toxic=1.0), "too_toxic = 1 "),
        (lambda: BOIN12(0.35, 0.25, WORTH, settled_at=0), "settled_at = 0"),
        (lambda: Utilities(neither=120, both=60), "neither = 120"),
        (lambda: Utilities(neither=40, both=5, toxicity=10), "both = 5"),
    ],
)
def test_bad_input_is_refused(call, says):
    with pytest.raises(InputError, match=says):
        call()
