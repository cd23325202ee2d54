import numpy as np
import pytest

from pdcraft.domain import InputError
from pdcraft.trial import BOIN, Design, StopAt, ThreePlusThree, operating_characteristics
from pdcraft.trial.design import AbstractRule


def test_selection_by_the_3_plus_3_is_a_product_over_levels():
    p = np.array([0.05, 0.15, 0.3, 0.45])
    q = 1 - p
    up = q**3 + 3 * p * q**5
    oc = operating_characteristics(Design((ThreePlusThree("A"),), 4), p)
    reach = np.cumprod(up)
    np.testing.assert_allclose(oc.selected, reach * np.append(1 - up[1:], 1.0), rtol=1e-13)
    np.testing.assert_allclose(oc.none, 1 - up[0], rtol=1e-13)
    visited = np.append(1.0, reach[:-1])
    np.testing.assert_allclose(oc.patients, visited * (3 + 9 * p * q**2), rtol=1e-13)


def test_many_scenarios_give_the_same_as_one_by_one():
    design = Design((BOIN(0.3), StopAt(9)), 3)
    rates = np.array([[[0.1, 0.2, 0.3], [0.3, 0.4, 0.5]]])
    together = operating_characteristics(design, rates)
    alone = operating_characteristics(design, rates[0, 1])
    assert together.selected.shape == (1, 2, 3) and together.none.shape == (1, 2)
    np.testing.assert_allclose(together.selected[0, 1], alone.selected, rtol=1e-14)
    np.testing.assert_allclose(together.stopped_early[0, 1], alone.stopped_early, rtol=1e-14)


def test_a_trial_stops_early_only_when_level_1_is_closed():
    oc = operating_characteristics(Design((BOIN(0.3), StopAt(6)), 2), [1.0, 1.0])
    assert oc.stopped_early == 1 and oc.none == 1 and oc.patients.tolist() == [3, 0]
    oc = operating_characteristics(Design((BOIN(0.3), StopAt(6)), 2), [0.0, 0.0])
    assert oc.stopped_early == 0 and oc.selected.tolist() == [0, 1]


class Remembering(AbstractRule):
    def advise(self, history, advice):
        return advice


@pytest.mark.parametrize(
    ("rules", "rates", "says"),
    [
        ((ThreePlusThree("A"),), [0.1, 0.2], "one rate for each of the 3 levels"),
        ((ThreePlusThree("A"),), 0.1, "one rate for each of the 3 levels"),
        ((ThreePlusThree("A"),), [0.1, 0.2, 20.0], "must lie between 0 and 1"),
        ((ThreePlusThree("A"),), [0.1, 0.2, float("nan")], "must lie between 0 and 1"),
        ((ThreePlusThree("A"), Remembering()), [0.1, 0.2, 0.3], "Remembering may read more"),
    ],
)
def test_bad_input_is_refused(rules, rates, says):
    with pytest.raises(InputError, match=says):
        operating_characteristics(Design(rules, 3), rates)


def test_a_design_without_end_is_refused():
    with pytest.raises(InputError, match="Add StopAt"):
        operating_characteristics(Design((BOIN(0.3),), 1, cohort_size=100), [0.0])
