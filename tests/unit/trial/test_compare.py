import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import binomtest

from pdcraft.domain import InputError
from pdcraft.trial import (
    BOIN,
    BOIN12,
    CRM,
    Coherent,
    Conduct,
    Design,
    OneLevelUp,
    Regular,
    StopAt,
    ThreePlusThree,
    Utilities,
    compare,
    known_rates,
    operating_characteristics,
    share_error,
    simulate,
    simulate_trials,
)

P = (0.1, 0.3, 0.5)
DESIGNS = {
    "3+3": Design((ThreePlusThree("B"),), 3),
    "BOIN": Design((BOIN(0.3), StopAt(15)), 3),
    "CRM": Design(
        (CRM(0.3, (0.1, 0.3, 0.5), estimator="plug-in"), OneLevelUp(), Coherent(0.3), StopAt(15)), 3
    ),
}


def test_simulated_designs_agree_with_their_exact_characteristics():
    found = compare(DESIGNS, P, trials=3_000, seed=5)
    for name, design in DESIGNS.items():
        exact, mc = operating_characteristics(design, P), found[name]
        se = np.maximum(mc.selected_se, 1e-3)
        assert np.all(np.abs(mc.selected - exact.selected) < 4 * se), name
        assert np.all(np.abs(mc.patients - exact.patients) < 4 * mc.patients_se), name
        assert np.all(np.abs(mc.dlt - exact.dlt) < 4 * mc.dlt_se), name
        assert mc.selected.sum() + mc.none == pytest.approx(1)


def test_a_trial_is_what_the_design_advises_patient_by_patient():
    tolerance = np.random.default_rng(2).random((50, 40))
    for design in DESIGNS.values():
        found = simulate(design, P, tolerance)
        for t in range(50):
            text, i = "", 0
            while not (advice := design.advise(text)).stops:
                toxic = tolerance[t, i : i + advice.size] < P[advice.next_level - 1]
                text += f" {advice.next_level}{''.join('T' if y else 'N' for y in toxic)}"
                assert np.all(found.level[t, i : i + advice.size] == advice.next_level)
                assert found.toxic[t, i : i + advice.size].tolist() == toxic.tolist()
                i += advice.size
            assert found.mtd[t] == (advice.mtd or 0)
            assert not found.level[t, i:].any() and not found.toxic[t, i:].any()


def test_designs_meet_the_same_patients():
    same = {"a": DESIGNS["BOIN"], "b": DESIGNS["BOIN"]}
    found = compare(same, P, trials=100, seed=1)
    difference, error = found["a"].selected_more_than(found["b"])
    assert not difference.any() and not error.any()
    pair = compare(DESIGNS, P, trials=1_000, seed=1)
    _, paired = pair["BOIN"].selected_more_than(pair["CRM"])
    apart = np.hypot(pair["BOIN"].selected_se, pair["CRM"].selected_se)
    assert np.all(paired < apart)


def test_a_rule_that_reads_more_than_counts_can_be_simulated():
    rule = BOIN12(0.35, 0.25, Utilities(neither=40, both=60))
    efficacy = np.full(3, 0.5), np.full((4, 9), 0.3)
    found = simulate(Design((rule, StopAt(9)), 3), P, np.full((4, 9), 0.99), efficacy=efficacy)
    assert found.effective is not None and found.effective.all()
    assert (found.level > 0).sum(axis=1).tolist() == [9] * 4


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"designs": DESIGNS | {"two": Design((BOIN(0.3),), 2)}}, "same number of levels"),
        ({"designs": {}}, "same number of levels"),
        ({"dlt_probability": (0.1, 0.3)}, "one rate for each of the 3 levels"),
        ({"dlt_probability": (0.3, 0.1, 0.2)}, "must not fall"),
        ({"dlt_probability": (0.1, 0.3, 5.0)}, "between 0 and 1"),
        ({"trials": 0}, "trials = 0"),
        ({"designs": {"endless": Design((BOIN(0.3),), 3)}}, "Add StopAt"),
    ],
)
def test_bad_input_is_refused(change, says):
    given = {"designs": DESIGNS, "dlt_probability": P, "trials": 2, "seed": 1} | change
    with pytest.raises(InputError, match=says):
        compare(**given)


def test_tolerances_outside_0_to_1_are_refused():
    with pytest.raises(InputError, match="values from 0 to 1"):
        simulate(DESIGNS["BOIN"], P, np.full((2, 15), 1.5))


def test_what_no_trial_did_has_an_error_that_is_not_zero():
    design = Design((BOIN(0.25), StopAt(6)), 3)
    found = compare({"a": design}, (0.0, 0.0, 0.0), trials=400, seed=1)["a"]
    assert found.selected[0] == 0.0
    # half the width of Wilson's interval with z = 1 at 0 of 400: ((0.5/400) * 2 / (1 + 1/400)) / 2
    assert found.selected_se[0] == pytest.approx(0.5 / 401, rel=1e-12)
    assert found.dlt_se[1] == pytest.approx(0.5 / 401, rel=1e-12)
    assert found.selected.sum() + found.none == 1.0


def test_a_share_has_wilsons_interval_as_its_error():
    for p, n in ((0.0, 50), (0.3, 50), (1.0, 50), (0.5, 10_000)):
        interval = binomtest(round(p * n), n).proportion_ci(2 * ndtr(1) - 1, method="wilson")
        assert share_error(np.array(p), n) == pytest.approx(
            (interval.high - interval.low) / 2, rel=1e-9
        )


def test_boin12_is_compared_by_efficacy_too():
    rule = BOIN12(0.35, 0.25, Utilities(neither=40, both=60))
    designs = {"BOIN12": Design((rule, StopAt(18)), 3), "BOIN": Design((BOIN(0.25), StopAt(18)), 3)}
    tox, eff = (0.05, 0.15, 0.30), (0.1, 0.5, 0.5)
    found = compare(designs, tox, efficacy_probability=eff, trials=600, seed=2)
    for one in found.values():  # rates of what is counted are those that were put in
        for seen, se, rate in ((one.dlt, one.dlt_se, tox), (one.efficacy, one.efficacy_se, eff)):
            assert np.all(np.abs(seen - np.array(rate) * one.patients) < 5 * se)
    assert found["BOIN12"].selected[1] > found["BOIN"].selected[1]
    with pytest.raises(InputError, match="decides by efficacy too"):
        compare(designs, tox, trials=10, seed=1)
    with pytest.raises(InputError, match="one probability for each of the 3 levels"):
        compare(designs, tox, efficacy_probability=(0.1, 0.2), trials=10, seed=1)


def test_boin12_in_calendar_time_has_the_same_law():
    design = Design((BOIN12(0.35, 0.25, Utilities(40, 60)), StopAt(12)), 3)
    tox, eff = (0.05, 0.2, 0.4), (0.2, 0.4, 0.5)
    drawn = compare({"": design}, tox, efficacy_probability=eff, trials=1500, seed=3)[""]
    patients = known_rates(tox, patients=30_000, seed=4, response_probability=eff)
    conduct = Conduct(design, Regular(30.0), efficacy_by_d=28.0)
    timed = simulate_trials({"": conduct}, patients, trials=1500, per_trial=40, seed=3)[""]
    share, se = timed.estimate(timed.chosen)
    apart = np.abs(share[1:] - drawn.selected) / np.hypot(se[1:], drawn.selected_se)
    assert np.all(apart < 4)
