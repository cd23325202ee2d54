from itertools import pairwise

import pytest

from pdcraft.domain import InputError
from pdcraft.trial import Design, ThreePlusThree


@pytest.mark.parametrize(
    ("variant", "history", "decision", "next_level", "mtd"),
    [
        ("A", "1NNN", "escalate", 2, None),
        ("A", "1NNT", "expand", 1, None),
        ("A", "1NNT 1NNN", "escalate", 2, None),
        ("A", "1NNT 1NNT", "stop", None, None),
        ("A", "1NNN 2NTT", "stop", None, 1),
        ("A", "1NNN 2NNN 3NNN", "stop", None, 3),
        ("B", "1NNN 2NTT", "de-escalate", 1, None),
        ("B", "1NNN 2NTT 1NNT", "stop", None, 1),
        ("B", "1NNN 2NTT 1NTT", "stop", None, None),
        ("B", "1NNT 1NNN 2TTT", "stop", None, 1),
        ("B", "1NNN 2NNN 3NNN", "expand", 3, None),
        ("B", "1NNN 2NNN 3NNN 3NNT", "stop", None, 3),
        ("B", "1NNN 2NNN 3NNN 3NTT", "de-escalate", 2, None),
        ("B", "1NNN 2NNN 3NTT 2NTT", "de-escalate", 1, None),
        ("C", "1NNN 2NTT", "de-escalate", 1, None),
        ("C", "1NNN 2NNN 3NNN", "stop", None, 3),
    ],
)
def test_decisions_of_the_variants(variant, history, decision, next_level, mtd):
    advice = Design((ThreePlusThree(variant),), levels=3).advise(history)
    assert (advice.decision, advice.next_level, advice.mtd) == (decision, next_level, mtd)


@pytest.mark.parametrize(
    ("variant", "history", "reason"),
    [
        ("B", "1NNN 2NTT", "2 of 3 patients with a dose-limiting toxicity at level 2: too toxic, "
         "three more at level 1 to make six"),
        ("B", "1NNN 2NTT 1NNT", "1 of 6 patients with a dose-limiting toxicity at level 1, and "
         "level 2 is too toxic: level 1 is the MTD"),
        ("B", "1NNT 1NNN 2NTT", "2 of 3 patients with a dose-limiting toxicity at level 2: too "
         "toxic, 1 of 6 patients had one at level 1, which is the MTD"),
        ("A", "1NNN 2NNN 3NNN", "0 of 3 patients with a dose-limiting toxicity at level 3, the "
         "highest open one: level 3 is the MTD"),
        ("A", "1TTN", "2 of 3 patients with a dose-limiting toxicity at level 1: too toxic, and "
         "there is no lower level"),
    ],
)  # fmt: skip
def test_every_decision_says_why(variant, history, reason):
    assert Design((ThreePlusThree(variant),), levels=3).advise(history).reason == reason


def test_an_unknown_variant_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"'D' is not known\. Known: A: never goes down"):
        ThreePlusThree("D")


def test_cohorts_are_of_three():
    with pytest.raises(InputError, match="cohorts of 3, not of 2"):
        Design((ThreePlusThree("A"),), levels=3, cohort_size=2).advise("1NN")
    with pytest.raises(InputError, match="level 1 of '1NNNN' has 4"):
        Design((ThreePlusThree("A"),), levels=3).advise("1NNNN")


def test_the_number_of_trials_of_variant_a_follows_its_recursion():
    counts = [len(Design((ThreePlusThree("A"),), k).paths()) for k in range(1, 6)]
    assert counts[0] == 7
    assert all(b == 2 * a + 5 for a, b in pairwise(counts))
