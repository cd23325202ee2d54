import numpy as np
import pytest

from pdcraft.domain import InputError, ValidityWarning
from pdcraft.trial import (
    BOIN,
    CRM,
    Design,
    DoseCap,
    Followed,
    RollingSix,
    StopAt,
    StopAtLevel,
    StopWhenPrecise,
    StopWhenTooToxic,
)
from pdcraft.trial.oc import _merge_many, _merge_one_by_one

CAP = DoseCap("red marrow", (0.8, 1.3, 1.9, 2.4), limit_Gy=2.0)
ENDED = {
    "enough at a level": (BOIN(0.3), StopAtLevel(6), StopAt(24)),
    "precise": (BOIN(0.3), StopWhenPrecise(0.1, 0.5, 0.7), StopAt(24)),
    "capped": (CAP, BOIN(0.3), StopAt(18)),
    "capped CRM": (CAP, CRM(0.3, (0.1, 0.2, 0.3, 0.4), estimator="plug-in"), StopAt(12)),
}
P = np.array([[0.05, 0.2, 0.4, 0.5]])


@pytest.mark.parametrize("name", ENDED)
def test_rules_say_the_same_for_many_histories_and_for_one(name):
    design = Design(ENDED[name], 4)
    many, single = _merge_many(design, P), _merge_one_by_one(design, P)
    assert many.states == single.states
    for level in range(5):  # rounding of a few thousand sums
        chosen, other = (x.weight[:, 0] @ (x.mtd == level) for x in (many, single))
        assert chosen == pytest.approx(other, abs=1e-12)
    assert many.weight.T @ many.n == pytest.approx(single.weight.T @ single.n, abs=1e-10)


def test_no_patient_is_treated_above_the_dose_cap():
    oc = Design((CAP, BOIN(0.3), StopAt(18)), 4).operating_characteristics([0.01] * 4)
    assert oc.patients[3] == 0 and oc.selected[3] == 0 and oc.patients[2] > 3


def test_a_cap_above_all_levels_changes_nothing():
    open_ = Design((DoseCap("kidneys", (1, 2, 3), 23.0), BOIN(0.3), StopAt(12)), 3)
    free = Design((BOIN(0.3), StopAt(12)), 3)
    p = (0.1, 0.3, 0.5)
    assert np.all(
        open_.operating_characteristics(p).selected == free.operating_characteristics(p).selected
    )


def test_rolling_six_hears_who_is_under_observation():
    design = Design((RollingSix(),), 3, 1)
    open_ = Followed((1, 1, 1), (False,) * 3, (28.0, 28.0, 10.0), 28.0)
    assert design.hear(open_).next_level == 1  # the fourth, while the third is under observation
    known = Followed((1, 1, 1), (False,) * 3, (28.0,) * 3, 28.0)
    assert design.hear(known).next_level == 2
    full = Followed((1,) * 6, (False,) * 6, (28.0, 28.0, 5.0, 4.0, 2.0, 1.0), 28.0)
    assert design.hear(full).decision == "wait"
    late = Followed((1,) * 4 + (2,), (True, True, False, False, False), (9.0,) * 5, 28.0)
    assert design.hear(late).stops and design.hear(late).mtd is None


def test_rolling_six_goes_back_to_fill_six_at_the_level_below():
    advice = Design((RollingSix(),), 3, 1).advise("1N 1N 1N 2T 2T")
    assert advice.decision == "de-escalate" and advice.next_level == 1
    assert Design((RollingSix(),), 3, 1).advise("1NNN 2T 2T 1N 1N 1N").mtd == 1


def test_the_python_of_a_protocol_reads_as_one_sentence():
    design = Design((BOIN(0.30), StopAt(30)), 5).stop_if(n_at_dose=12).no_skip()
    assert [type(rule).__name__ for rule in design.rules] == [
        "BOIN", "StopAt", "StopAtLevel", "NoSkipping",
    ]  # fmt: skip
    assert design.fit("1NNN 2NNN").recommend().next_level == 3
    assert design.decision_table()[-1].n == 30
    assert len(design.paths(cohorts=2)) == 13
    exact = design.operating_characteristics([[0.1] * 5, [0.3] * 5])
    drawn = design.operating_characteristics([[0.1] * 5, [0.3] * 5], method="mc", n=500)
    assert exact.selected.shape == (2, 5) and len(drawn) == 2
    first = Design((BOIN(0.3), StopAt(9)), 2).stop_if(too_toxic=(0.3, 0.9), precise=(0.2, 0.4, 0.9))
    assert isinstance(first.rules[0], StopWhenTooToxic)
    assert isinstance(first.rules[-1], StopWhenPrecise)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: StopAtLevel(0), "at least 1"),
        (lambda: StopWhenPrecise(0.4, 0.2, 0.9), "must rise within 0 to 1"),
        (lambda: StopWhenPrecise(0.2, 0.4, 1.0), "between 0 and 1"),
        (lambda: DoseCap("kidneys", (2.0, 1.0), 23.0), "Order the levels by dose"),
        (lambda: DoseCap("kidneys", (2.0, 3.0), 1.0), "Begin with a lower level"),
        (lambda: DoseCap("kidneys", (2.0, 3.0), 0.0), "greater than 0 Gy"),
        (lambda: RollingSix().decide(7, 0, pending=0), "at most 6"),
        (lambda: Design((BOIN(0.3),), 3).stop_if(), "needs a reason"),
        (lambda: Design((RollingSix(),), 3).decision_table(), "decide by more than the counts"),
        (lambda: Design((BOIN(0.3),), 3).decision_table(), "Say how many patients"),
        (
            lambda: Design((BOIN(0.3), StopAt(6)), 1).operating_characteristics([0.1], method="x"),
            "'exact' or 'mc'",
        ),
        (lambda: Design((CAP, BOIN(0.3)), 3), "made for 4 levels"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(make, says):
    with pytest.raises(InputError, match=says):
        make()


def test_a_design_that_waits_says_how_many_it_would_count_as_free_of_toxicity():
    design = Design((BOIN(0.25), StopAt(12)), 2)
    now = Followed((1, 1, 1), (False,) * 3, (56.0, 20.0, 3.0), window_d=56.0)
    with pytest.warns(ValidityWarning, match="BOIN cannot weigh.*2 of 3 at level 1.*for 56 d"):
        assert design.hear(now).next_level == 2
    whole = Followed((1, 1, 1), (False, True, False), (56.0, 20.0, 56.0), window_d=56.0)
    assert design.hear(whole).next_level == 1  # nobody is under observation: no warning
