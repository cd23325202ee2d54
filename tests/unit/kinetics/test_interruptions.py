"""Blockade that begins and ends, a bladder that is voided: against chained intervals."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm

from pdcraft import library
from pdcraft.domain import InputError, Regimen
from pdcraft.kinetics import PBPK, rate_matrix, subject, time_integrated_intervals

MAN, IODINE = library.physiology("adult_male"), library.graph("iodine_icrp137")
PARAMETERS, AGENT = library.parameters("kinetics/clr1404_pbpk"), library.agent("clr131")
DECAY = float(AGENT.payload.chain.rate_per_h[0])
BLOCKED, OPEN = (
    subject(MAN, PARAMETERS, {"thyroid.blockade": b}, infiltration=0.3) for b in (0.95, 0.0)
)


def matrix(who):
    """Compartments of the body without sinks, and their rate matrix."""
    graph = PBPK((MAN,), IODINE).circulation(who).graph(PBPK((MAN,), IODINE).iodine)
    K = np.asarray(rate_matrix(graph.places, graph.transfers, graph.rate_per_h))
    inside = [i for i, n in enumerate(graph.places) if n not in ("Urine", "Faeces")]
    return [graph.places[i] for i in inside], K[np.ix_(inside, inside)]


NAMES, ON = matrix(BLOCKED)
OFF = matrix(OPEN)[1]
START = jnp.zeros(len(NAMES)).at[NAMES.index("veins")].set(1.0)


def integrals(at_h=0.0, **asked):
    model = PBPK((MAN,), IODINE, **asked)
    amount = model.amount(BLOCKED, Regimen.of([1.0], time_h=[at_h], duration_h=0.0), AGENT)
    per_unit = 1.0 / ((amount.clock.rate_per_h + DECAY) * AGENT.payload.chain.nmol_per_MBq)
    held = amount.at(at_h + jnp.array([100.0, 900.0])).sum(axis=(1, 2))
    held = held / AGENT.payload.chain.nmol_per_MBq
    np.testing.assert_allclose(held, 1.0, rtol=1e-9)  # no molecule is lost
    return dict(zip(model.places, np.asarray(amount.nmol[:, 1] @ per_unit).tolist(), strict=True))


@pytest.mark.parametrize(
    ("blocked_h", "matrices", "begins"),
    [
        ((0.0, 168.0), (ON, OFF), (0.0, 168.0)),
        ((24.0, np.inf), (OFF, ON), (0.0, 24.0)),
        ((24.0, 336.0), (OFF, ON, OFF), (0.0, 24.0, 336.0)),
    ],
)
def test_the_thyroid_holds_what_chained_intervals_say(blocked_h, matrices, begins):
    x = time_integrated_intervals([jnp.asarray(K) for K in matrices], begins, START, DECAY)
    exact = float(x[NAMES.index("Thyroid1")] + x[NAMES.index("Thyroid2")])
    # the state at a switch is that of the modes, good to 5e-4 of what was given
    assert integrals(blocked_h=blocked_h)["thyroid"] == pytest.approx(exact, rel=1e-3)


def test_a_dose_sees_only_what_comes_after_it():
    late = integrals(at_h=200.0, blocked_h=(0.0, 168.0))["thyroid"]
    assert late == pytest.approx(integrals(blocked_h=(500.0, 501.0), at_h=600.0)["thyroid"])
    early = integrals(at_h=24.0, blocked_h=(24.0, np.inf))["thyroid"]
    assert early == pytest.approx(integrals()["thyroid"], rel=1e-9)


def test_a_voided_bladder_holds_the_sum_of_its_fillings():
    bladder, every = NAMES.index("UB-con"), 4.0
    K = ON.copy()
    K[:, bladder] = 0.0
    step, inverse = expm(K * every), np.linalg.inv(DECAY * np.eye(len(K)) - K)
    x, exact = np.asarray(START), 0.0
    for k in range(400):
        x = np.where(np.arange(len(x)) == bladder, 0.0, x)
        after = step @ x
        exact += (inverse @ (x - after * np.exp(-DECAY * every)))[bladder] * np.exp(
            -DECAY * every * k
        )
        x = after
    found = integrals(voiding_h=every)["urinary bladder contents"]
    # inflow within the first hours is that of the modes: 5e-4 of what was given
    assert found == pytest.approx(exact, rel=2e-3)
    assert integrals(voiding_h=12.0)["urinary bladder contents"] > 2.0 * found


def test_times_that_cannot_be_are_refused():
    with pytest.raises(InputError, match="begin at 0 h or later"):
        PBPK((MAN,), IODINE, blocked_h=(24.0, 12.0))
    with pytest.raises(InputError, match="voiding_h = 0"):
        PBPK((MAN,), IODINE, voiding_h=0.0)
