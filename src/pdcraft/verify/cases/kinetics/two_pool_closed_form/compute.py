"""Plasma of the reference man after a bolus of 370 MBq."""

import jax.numpy as jnp

from pdcraft import kinetics
from pdcraft.domain import Regimen
from pdcraft.study import DOSIMETRY_STUDY, prepare, reference_patient, study_from_text

_HOURS = (0, 6, 24, 72, 168, 504, 1008)


def compute() -> dict[str, float]:
    prepared = prepare(study_from_text(DOSIMETRY_STUDY))
    man = reference_patient(prepared)
    given = Regimen.of([370.0], time_h=[0.0], duration_h=0.0)
    amount = kinetics.simulate(kinetics.TwoPool(), man, given, prepared.plan.agent)
    C = kinetics.plasma_ng_per_mL(
        amount, given, jnp.array(_HOURS, float), plasma_mL=man.parameters["plasma.volume"],
        carrier_ug=370.0 * man.parameters["carrier.mass_per_activity"],
    )  # fmt: skip
    return {f"concentration {t} h after a bolus": float(c) for t, c in zip(_HOURS, C, strict=True)}
