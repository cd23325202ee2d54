"""Saturable paclitaxel against its linear limit and its own balance."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft import library
from pdcraft.domain import InputError, Values
from pdcraft.kinetics import Paclitaxel, infusion_ug_per_h

P = library.parameters("kinetics/paclitaxel")
model = Paclitaxel(Values(tuple(P), jnp.array([p.value for p in P.values()])))
TIME = jnp.concatenate([jnp.linspace(0.0, 3.0, 61), jnp.geomspace(3.1, 4000.0, 150)])


def test_no_drug_is_lost_from_the_books():
    amounts = model.amounts_ug(infusion_ug_per_h(450_000.0, 0.5), TIME)
    after = np.asarray(amounts)[TIME >= 0.5]
    np.testing.assert_allclose(after.sum(axis=1), 450_000.0, rtol=1e-5)
    assert after.min() > -1e-3


def test_a_small_dose_has_the_clearance_of_the_linear_limit():
    # Vmax/Km of the loss is the clearance when little is there: 8070/40.2 = 200.7 L/h.
    dose = 10.0
    amounts = model.amounts_ug(infusion_ug_per_h(dose, 0.5), TIME)
    C = np.asarray(model.concentration_ug_per_L(amounts))
    area = np.trapezoid(C, np.asarray(TIME))
    lost = float(amounts[-1, 3]) / dose
    assert lost / (area / dose) == pytest.approx(8070.0 / 40.2, rel=0.02)  # trapezoids


def test_a_large_dose_is_cleared_more_slowly_than_in_proportion():
    def exposure(dose):
        amounts = model.amounts_ug(infusion_ug_per_h(dose, 0.5), TIME)
        C = np.asarray(model.concentration_ug_per_L(amounts))
        return np.trapezoid(C, np.asarray(TIME)) / dose

    assert exposure(450_000.0) > 1.5 * exposure(1_000.0)


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="greater than 0"):
        infusion_ug_per_h(1.0, 0.0)
    with pytest.raises(InputError, match="two rising"):
        model.amounts_ug(infusion_ug_per_h(1.0, 1.0), jnp.array([1.0]))
