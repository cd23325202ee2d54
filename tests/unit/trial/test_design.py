from dataclasses import dataclass, replace

import pytest

from pdcraft.domain import InputError
from pdcraft.trial import BOIN, AbstractRule, Design, History, NoSkipping, StopAt, ThreePlusThree


def test_counts_are_added_over_cohorts_of_a_level():
    seen = History.read("1NNN 2NNT 1NTT")
    assert (seen.n(1), seen.dlt(1), seen.n(2), seen.dlt(2)) == (6, 2, 3, 1)
    assert (seen.level, seen.highest, seen.total, seen.n(3)) == (1, 2, 9, 0)


def test_a_history_of_counts_ends_at_the_level_treated_last():
    assert str(History.of_counts((3, 6, 0), (0, 1, 0), level=1)) == "2NNNNNT 1NNN"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1NNN 2NXT", "Cohort 2 of '1NNN 2NXT' is '2NXT', which cannot be read"),
        ("NNN", "cannot be read"),
        ("1", "cannot be read"),
        ("1nnt", "cannot be read"),
        ("0NNN", "is at level 0. Levels count from 1."),
    ],
)
def test_an_unreadable_history_is_refused(text, says):
    with pytest.raises(InputError) as error:
        History.read(text)
    assert says in str(error.value)


def test_counts_that_cannot_be_are_refused():
    with pytest.raises(InputError, match="0 <= dlt <= n"):
        History.of_counts((3,), (4,), level=1)
    with pytest.raises(InputError, match="has no patient"):
        History.of_counts((3, 0), (0, 0), level=2)


def test_a_level_beyond_the_design_is_refused():
    design = Design((ThreePlusThree("A"),), levels=3)
    with pytest.raises(InputError, match="holds level 4; the design has levels 1 to 3"):
        design.advise("1NNN 4NNN")


@pytest.mark.parametrize("levels", [0, -1, 2.5, True])
def test_levels_must_be_positive_whole_numbers(levels):
    with pytest.raises(InputError, match=r"levels = .* must be a whole number of at least 1"):
        Design((BOIN(0.3),), levels=levels)


def test_a_design_without_rules_is_refused():
    with pytest.raises(InputError, match="one or more rules"):
        Design((), levels=3)
    with pytest.raises(InputError, match="one or more rules"):
        Design(("3+3",), levels=3)


def test_an_empty_history_begins_at_level_1():
    advice = Design((BOIN(0.3),), levels=3).advise("")
    assert (advice.decision, advice.next_level, advice.size) == ("start", 1, 3)


def test_a_trial_without_end_is_noticed():
    with pytest.raises(InputError, match=r"Add StopAt\(n\)"):
        Design((BOIN(0.3, eliminate_above=0.999999),), levels=1, cohort_size=200).paths()


def test_paths_are_cut_where_asked():
    paths = Design((BOIN(0.3),), levels=3).paths(cohorts=2)
    assert {len(path.history.cohorts) for path in paths} == {1, 2}  # 1TTT stops
    assert len(paths) == 1 + 3 * 4
    with pytest.raises(InputError, match="at least 1"):
        Design((BOIN(0.3),), levels=3).paths(cohorts=0)


@dataclass(frozen=True)
class Leap(AbstractRule):
    """A rule of a stranger: everything wrong that the design must notice."""

    to: int = 5
    says: tuple[str, ...] = ("far up",)
    raises: int = 0

    def advise(self, history, advice):
        ceiling = advice.ceiling + self.raises
        return replace(
            advice, decision="escalate", next_level=self.to, ceiling=ceiling, reasons=self.says
        )


def test_a_rule_may_not_leave_the_open_levels():
    with pytest.raises(InputError, match="Leap sends the next cohort to level 5; levels 1 to 4"):
        Design((Leap(),), levels=4).advise("1NNN")


def test_a_rule_must_give_a_reason():
    with pytest.raises(InputError, match="Leap changed the advice without a reason"):
        Design((Leap(says=()),), levels=5).advise("1NNN")


def test_a_rule_may_not_raise_the_ceiling():
    with pytest.raises(InputError, match="Leap raised the ceiling from level 5 to 6"):
        Design((Leap(raises=1),), levels=5).advise("1NNN")


def test_no_skipping_holds_back_a_leap():
    advice = Design((Leap(), NoSkipping()), levels=5).advise("1NNN 2NNN 1NNN")
    assert (advice.next_level, advice.decision) == (3, "escalate")
    assert advice.reason == "far up; level 3 has not been treated yet: level 3 before level 5"


def test_a_design_knows_what_its_rules_need():
    assert Design((BOIN(0.3), StopAt(9)), levels=2).reads_counts_only
    assert not Design((BOIN(0.3), Leap(1)), levels=2).reads_counts_only
    assert Design((BOIN(0.3), StopAt(9)), levels=2).needs_complete_outcomes
    assert not Design((StopAt(9),), levels=2).needs_complete_outcomes
