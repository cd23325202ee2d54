import numpy as np
import pytest

from pdcraft.trial import (
    BOIN,
    CRM,
    MTPI2,
    Coherent,
    DecisionTable,
    Design,
    I3Plus3,
    Keyboard,
    NoSkipping,
    OneLevelUp,
    StopAt,
    StopWhenTooToxic,
)
from pdcraft.trial.compare import _one_by_one
from pdcraft.trial.oc import _merge_many, _merge_one_by_one

CELLS = tuple(
    tuple("E" if y < n / 4 else "S" if y < n / 2 else "DU" if n > 4 else "D" for y in range(n + 1))
    for n in range(1, 25)
)
CRM_3 = CRM(0.3, (0.1, 0.3, 0.5), estimator="posterior mean")
DESIGNS = {
    "BOIN": Design((BOIN(0.3), StopAt(19)), 3),
    "BOIN, safe, bounded": Design(
        (StopWhenTooToxic(0.3, 0.8), BOIN(0.3, bound_mtd=True), NoSkipping(), StopAt(18)), 3
    ),
    "BOIN by fours": Design((BOIN(0.2), StopAt(18)), 3, 4),
    "keyboard": Design((Keyboard(0.25), StopAt(18)), 3),
    "mTPI-2": Design((MTPI2(0.3), StopAt(15)), 3),
    "i3+3": Design((I3Plus3(0.3, 0.25, 0.35), StopAt(18)), 3),
    "table": Design((DecisionTable(0.3, CELLS), StopAt(18)), 3),
    "CRM": Design((CRM_3, StopAt(15)), 3),
    "CRM restricted": Design((CRM_3, OneLevelUp(), Coherent(0.3), StopAt(15)), 3),
    "CRM, safe": Design((StopWhenTooToxic(0.3, 0.9), CRM_3, NoSkipping(), StopAt(15)), 3),
}
P = np.array([[0.1, 0.3, 0.5], [0.4, 0.5, 0.7]])


@pytest.mark.parametrize("name", DESIGNS)
def test_states_judged_together_and_one_by_one_give_the_same_characteristics(name):
    many, single = _merge_many(DESIGNS[name], P), _merge_one_by_one(DESIGNS[name], P)
    assert many.states == single.states
    for what in (many, single):
        assert what.weight.sum(axis=0) == pytest.approx(1, abs=1e-12)
    for level in range(4):  # rounding of a few thousand sums
        chosen, other = (x.weight.T @ (x.mtd == level) for x in (many, single))
        assert chosen == pytest.approx(other, abs=1e-12)
    assert many.weight.T @ many.n == pytest.approx(single.weight.T @ single.n, abs=1e-10)
    assert many.weight.T @ many.dlt == pytest.approx(single.weight.T @ single.dlt, abs=1e-10)


@pytest.mark.parametrize("name", DESIGNS)
def test_trials_simulated_together_are_those_simulated_one_by_one(name):
    from pdcraft.trial import simulate

    tolerance = np.random.default_rng(3).random((300, 40))
    found = simulate(DESIGNS[name], P[0], tolerance)
    never = np.ones_like(tolerance)
    rates = np.asarray(P[0]), np.zeros(len(P[0]))
    level, mtd = _one_by_one(DESIGNS[name], rates, (tolerance, never))
    assert np.all(found.mtd == mtd)
    treated = found.level.shape[1]
    assert np.all(found.level == level[:, :treated]) and not level[:, treated:].any()
