import numpy as np
import pytest

from pdcraft.app import protocol
from pdcraft.domain import InputError, MissingError, ValidityWarning
from pdcraft.study import study_from_text
from pdcraft.study.designs import DESIGNS, TOO_TOXIC, Choices, design_named
from pdcraft.trial import BOIN, Conduct, DoseCap, Outcomes, Regular, simulate_trials

DOSES = {"blrm": {"doses": (10.0, 20.0, 30.0)}}
SEEN = {"boin12": ("1NNE", 2), "accelerated-titration": ("1N", 2)}


@pytest.mark.parametrize("name", DESIGNS)
def test_every_design_goes_up_after_no_toxicity_and_says_why(name):
    seen, level = SEEN.get(name, ("1NNN", 2))
    advice = design_named(name, levels=3, choices=Choices(**DOSES.get(name, {}))).advise(seen)
    assert advice.next_level == level
    assert advice.reasons


@pytest.mark.parametrize("name", DESIGNS)
def test_every_design_comes_to_an_end(name):
    doses = {"doses": (10.0, 20.0)} if name == "blrm" else {}
    design = design_named(name, levels=2, choices=Choices(patients=9, **doses))
    seen = {"3+3": "1NNN 2NTT", "boin12": "1NNE 2NNE 2NNE"}.get(name, "1NNN 2NNN 2NNN")
    assert design.advise(seen).next_level is None


@pytest.mark.parametrize("name", ["boin", "keyboard", "mtpi", "mtpi-2", "i3+3", "crm"])
def test_one_probability_stops_every_design_that_closes_levels(name):
    # 2 of 3 at level 1, target 0.25: Pr(p > 0.25) = 1 - I_0.25(3, 2) = 0.949
    for above, stops in ((TOO_TOXIC, False), (0.94, True)):
        design = design_named(name, levels=3, choices=Choices(too_toxic=above))
        assert design.advise("1NTT").stops == stops
    assert BOIN(0.25).eliminate_above == TOO_TOXIC


def test_behaviours_come_with_a_choice():
    asked = Choices(
        stop_at_level=9, precise=(0.1, 0.4, 0.8), titration=True,
        caps=(DoseCap("kidneys", (5.0, 10.0, 25.0), 23.0),),
    )  # fmt: skip
    design = design_named("boin", levels=3, choices=asked)
    assert [type(rule).__name__ for rule in design.rules] == [
        "DoseCap", "BOIN", "AcceleratedTitration", "StopAtLevel", "StopWhenPrecise", "StopAt",
    ]  # fmt: skip
    assert design.advise("").size == 1
    assert design.advise("1N 2N").next_level == 2  # the cap closes level 3


def test_a_choice_that_a_design_does_not_have_is_refused():
    with pytest.raises(InputError, match=r"'3\+3' has no titration; boin, keyboard.*have"):
        design_named("3+3", levels=3, choices=Choices(titration=True))
    with pytest.raises(InputError, match="skeleton holds 2 prior rates, the design has 3 levels"):
        design_named("crm", levels=3, choices=Choices(skeleton=(0.1, 0.2)))
    with pytest.raises(InputError, match="needs doses"):
        design_named("blrm", levels=3)


def test_an_unknown_design_is_told_the_known():
    with pytest.raises(MissingError, match=r"Did you mean 'boin'\? Known: 3\+3, accel"):
        design_named("bion", levels=3)


def test_a_trial_smaller_than_a_cohort_is_refused():
    with pytest.raises(InputError, match="a cohort of 3 or more"):
        design_named("boin", levels=3, choices=Choices(patients=2))


def test_the_table_of_a_protocol_is_the_published_one():
    options = ("--target", "0.3", "--patients=6")
    text = "\n".join(protocol.lines(protocol.Asked("boin", options=options)))
    # Liu and Yuan 2015, target 0.30: 6 patients: up at 1, down from 3, close from 4
    assert text.splitlines()[-1].split() == ["6", "1", "3", "4"]


def test_rates_that_cannot_be_read_are_named():
    with pytest.raises(InputError, match="Write one rate for each level"):
        list(protocol.lines(protocol.Asked("boin", levels=2, rates="0.1,x")))


def test_a_study_may_ask_for_another_design(example):
    text = example.read_text("utf-8").replace('design  = "3+3"', 'design = "boin"\ntarget = 0.3')
    assert study_from_text(text).trial.target == 0.3
    with pytest.raises(InputError, match=r"trial.target"):
        study_from_text(text.replace("target = 0.3", "target = 1.3"))


@pytest.mark.parametrize("name", [n for n in DESIGNS if n not in ("tite-crm", "tite-boin")])
def test_every_design_that_cannot_handle_delayed_outcomes_says_what_it_misses(name):
    doses = {"doses": (1.0, 2.0)} if name == "blrm" else {}
    design = design_named(name, levels=2, choices=Choices(patients=6, **doses))
    efficacy_by_d = 56.0 if name == "boin12" else None
    conduct = Conduct(design, Regular(30.0), watch_d=28.0, efficacy_by_d=efficacy_by_d)
    late = np.where(np.arange(400)[:, None] % 4 == 0, 40.0, np.inf) * np.ones(2)  # all on day 40
    never = np.full((400, 2), np.inf)
    outcomes = Outcomes(("a", "b"), late, 56.0, never, never)
    with pytest.warns(ValidityWarning, match="misses.*a: 25 of 25 %, b: 25 of 25 %"):
        simulate_trials({name: conduct}, outcomes, trials=20, per_trial=20, seed=1)
