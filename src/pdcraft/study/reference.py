"""The reference patient of a study: typical values, no spread, no myeloma."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp

from pdcraft.domain import ParameterSet, Patient, Spread
from pdcraft.study.prepare import Prepared

DOSIMETRY_STUDY = """
[study]
name = "dosimetry_study"
title = "One administration of CLR 131, as in the dosimetry study NCT00925275"
agent = "clr131"
patients = 8
follow_up = "42 d"
[[cohort]]
name = "one"
doses = [{ at = "0 d", activity = "5 mCi/m2" }]
[kinetics]
model = "two_pool"
[dose_limiting_toxicity]
window = "42 d"
"""
"""Text of the study in which CLR1404 kinetics were published; calibration and checks use it."""


def reference_patient(
    prepared: Prepared, values: dict[str, float] | None = None, *, sex: str = "male"
) -> Patient:
    """The reference man or woman without myeloma.

    Parameters
    ----------
    prepared
        The study.
    values
        Typical values to use instead of the library's, by parameter name.
    sex
        ``"male"`` or ``"female"``.

    Returns
    -------
    Patient
        Without a leading axis; the tumour's mass is a millionth of the marrow's if ``values`` say
        nothing of it.
    """
    fixed = {
        "marrow.infiltration": 1e-6,
        **(values or {}),
        "population.male_share": 2.0 if sex == "male" else -1.0,  # a certainty, either way
    }
    typical = ParameterSet(
        f"reference {sex}",
        tuple(
            replace(p, spread=Spread(), value=fixed.get(p.name, p.value))
            for p in prepared.parameters.values()
        ),
    )
    population = replace(prepared.population, parameters=typical, seed=0, beliefs=None)
    return jax.tree.map(lambda leaf: leaf[0], population.draw(jnp.arange(1)))
