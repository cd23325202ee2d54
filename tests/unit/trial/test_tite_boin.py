import pytest

from pdcraft.domain import InputError
from pdcraft.trial import BOIN, TITEBOIN, Design

RULE = TITEBOIN(BOIN(0.30), window_h=100.0)


def test_complete_outcomes_give_boin():
    for n in (3, 6, 9):
        for dlt in range(n + 1):
            closed = BOIN(0.30).eliminate_at(n)
            found = RULE.decide(n, dlt, pending_h=()).decision
            wanted = BOIN(0.30).verdict(n, dlt).decision
            assert found == ("eliminate" if closed is not None and dlt >= closed else wanted)
    assert Design((RULE,), 3).advise("1NNN 2NTT") == Design((BOIN(0.30),), 3).advise("1NNN 2NTT")


def test_patients_count_by_the_share_of_the_window_they_passed():
    assert RULE.effective_n(6, (25.0, 75.0)) == pytest.approx(5.0)
    assert RULE.rate(6, 2, pending_h=(25.0, 75.0)) == pytest.approx(0.4)
    assert RULE.decide(6, 2, pending_h=(25.0, 75.0)).decision == "de-escalate"
    assert RULE.decide(6, 2, pending_h=()).decision == "stay"


def test_more_follow_up_never_goes_lower():
    order = ["de-escalate", "stay", "escalate"]
    for dlt in range(4):
        decisions = [
            order.index(RULE.decide(9, dlt, pending_h=(t, t, t)).decision)
            for t in (0.0, 20.0, 60.0, 100.0)
        ]
        assert decisions == sorted(decisions)


def test_accrual_waits_for_half_of_the_patients():
    assert RULE.decide(6, 0, pending_h=(50.0,) * 4).decision == "suspend"
    assert RULE.decide(6, 0, pending_h=(50.0,) * 3).decision == "escalate"
    assert RULE.decide(6, 4, pending_h=(50.0,) * 2).decision == "eliminate"


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: TITEBOIN(BOIN(0.30), window_h=0.0), "window_h = 0 h"),
        (lambda: TITEBOIN(BOIN(0.30), window_h=1.0, most_pending=50), "most_pending = 50"),
        (lambda: RULE.rate(3, 2, pending_h=(1.0, 1.0)), "do not fit into n = 3"),
        (lambda: RULE.rate(3, 0, pending_h=(101.0,)), "must lie within the window"),
        (lambda: RULE.rate(2, 0, pending_h=(0.0, 0.0)), "leaves nothing observed"),
    ],
)
def test_bad_input_is_refused(call, says):
    with pytest.raises(InputError, match=says):
        call()
