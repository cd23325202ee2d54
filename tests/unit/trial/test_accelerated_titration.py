import numpy as np
import pytest

from pdcraft.domain import InputError
from pdcraft.trial import (
    BOIN,
    AcceleratedTitration,
    Design,
    Keyboard,
    StopAt,
    ThreePlusThree,
    operating_characteristics,
)

DESIGN = Design((BOIN(0.30), AcceleratedTitration(), StopAt(12)), 3)


@pytest.mark.parametrize(
    ("seen", "level", "size", "decision"),
    [
        ("", 1, 1, "start"),
        ("1N", 2, 1, "escalate"),
        ("1T", 1, 2, "expand"),
        ("1N 2T", 2, 2, "expand"),
        ("1N 2N 3N", 3, 2, "expand"),
        ("1N 2T 2NN", 2, 3, "stay"),
        ("1N 2T 2TT", 1, 3, "de-escalate"),
    ],
)
def test_titration_ends_with_a_toxicity_or_at_the_top(seen, level, size, decision):
    advice = DESIGN.advise(seen)
    assert (advice.next_level, advice.size, advice.decision) == (level, size, decision)


def test_the_chance_of_each_end_is_a_product():
    p = np.array([0.2, 0.3, 0.4])
    design = Design((BOIN(0.30), AcceleratedTitration(), StopAt(3)), 3)
    oc = operating_characteristics(design, p)
    # of three patients: all at level 1 after a toxicity there; else one, and two at level 2, ...
    ends = np.array([0.2, 0.8 * 0.3, 0.8 * 0.7])
    assert oc.patients[0] == pytest.approx(3 * ends[0] + ends[1] + ends[2])
    assert oc.patients[1] == pytest.approx(2 * ends[1] + ends[2])
    assert oc.patients[2] == pytest.approx(ends[2])


def test_it_needs_fewer_patients_to_reach_the_top():
    p = [0.01, 0.01, 0.01]
    slow = operating_characteristics(Design((BOIN(0.30), StopAt(12)), 3), p)
    fast = operating_characteristics(DESIGN, p)
    assert fast.patients[2] > slow.patients[2] + 3


def test_cohorts_of_one_are_left_alone():
    design = Design((BOIN(0.30), AcceleratedTitration(), StopAt(12)), 3, cohort_size=1)
    assert design.advise("1N").size == 1 and design.advise("1T").size == 1


def test_the_3_plus_3_refuses_single_patients():
    with pytest.raises(InputError, match="after 3 or 6 patients"):
        Design((ThreePlusThree("A"), AcceleratedTitration()), 3).advise("1N")


def test_a_level_that_its_first_patient_closes_is_not_filled():
    # Pr(p > 0.25) after 1 of 1 is 1 - 0.25^2 = 0.9375, above 0.9: level 2 is closed
    design = Design((Keyboard(0.25, eliminate_above=0.9), AcceleratedTitration(), StopAt(18)), 3)
    advice = design.advise("1N 2T")
    assert (advice.next_level, advice.ceiling) == (1, 1)
