"""Cmax, area and half-lives of the reference man through the public river."""

import jax.numpy as jnp

from pdcraft import kinetics
from pdcraft.domain import Regimen
from pdcraft.study import DOSIMETRY_STUDY, prepare, reference_patient, study_from_text


def compute() -> dict[str, float]:
    prepared = prepare(study_from_text(DOSIMETRY_STUDY))
    man, agent = reference_patient(prepared), prepared.plan.agent
    given = Regimen.of([370.0], time_h=[0.0])
    amount = kinetics.simulate(kinetics.TwoPool(), man, given, agent)
    t = jnp.concatenate([jnp.linspace(0, 2, 401), jnp.linspace(2, 1008, 20001)[1:]])
    C = kinetics.plasma_ng_per_mL(
        amount, given, t, plasma_mL=man.parameters["plasma.volume"],
        carrier_ug=370.0 * man.parameters["carrier.mass_per_activity"],
    )  # fmt: skip
    late, last = jnp.interp(jnp.array([840.0, 1008.0]), t, C)
    half_life = float(168.0 * jnp.log(2.0) / jnp.log(late / last))
    decay = float(agent.payload.chain.rate_per_h[0]) / float(jnp.log(2.0))
    return {
        "Cmax": float(C.max()),
        "AUC 0 to 1008 h": float(jnp.trapezoid(C, t)),
        "terminal half-life": half_life,
        "effective half-life of I-131 at that rate": 1.0 / (1.0 / half_life + decay),
    }
