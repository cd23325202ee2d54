import pytest

from pdcraft.app import protocol
from pdcraft.domain import InputError, MissingError
from pdcraft.study import study_from_text
from pdcraft.study.designs import DESIGNS, design_named


@pytest.mark.parametrize("name", DESIGNS)
def test_every_design_goes_up_after_no_toxicity_and_says_why(name):
    advice = design_named(name, levels=3).advise("1NNN")
    assert advice.next_level == 2
    assert advice.reasons


@pytest.mark.parametrize("name", DESIGNS)
def test_every_design_comes_to_an_end(name):
    design = design_named(name, levels=2, patients=9)
    assert design.advise("1NNN 2NNN 2NNN" if name != "3+3" else "1NNN 2NTT").next_level is None


def test_an_unknown_design_is_told_the_known():
    with pytest.raises(MissingError, match=r"Known: 3\+3, boin"):
        design_named("bion", levels=3)


def test_a_trial_smaller_than_a_cohort_is_refused():
    with pytest.raises(InputError, match="a cohort of 3 or more"):
        design_named("boin", levels=3, patients=2)


def test_the_table_of_a_protocol_is_the_published_one():
    text = "\n".join(protocol.lines(protocol.Asked("boin", target=0.3, patients=6)))
    # Liu and Yuan 2015, target 0.30: 6 patients: up at 1, down from 3, close from 4
    assert text.splitlines()[-1].split() == ["6", "1", "3", "4"]


def test_rates_that_cannot_be_read_are_named():
    with pytest.raises(InputError, match="Write one rate for each level"):
        list(protocol.lines(protocol.Asked("boin", levels=2, patients=6, rates="0.1,x")))


def test_a_study_may_ask_for_another_design(example):
    text = example.read_text("utf-8").replace('design  = "3+3"', 'design = "boin"\ntarget = 0.3')
    assert study_from_text(text).trial.target == 0.3
    with pytest.raises(InputError, match=r"trial.target"):
        study_from_text(text.replace("target = 0.3", "target = 1.3"))
