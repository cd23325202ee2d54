import numpy as np
import pytest

from pdcraft.domain import InputError
from pdcraft.trial import (
    BOIN,
    BOIN12,
    CRM,
    Coherent,
    Design,
    OneLevelUp,
    StopAt,
    ThreePlusThree,
    Utilities,
    compare,
    operating_characteristics,
    simulate,
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
    found = simulate(Design((rule, StopAt(9)), 3), P, np.full((4, 9), 0.99))
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
