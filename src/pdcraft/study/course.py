"""The river in one file: from first injection to outcome."""

from __future__ import annotations

import equinox as eqx

from pdcraft import biology, decay, dosimetry, kinetics
from pdcraft.biology import AbstractEffect, AbstractEndpoint
from pdcraft.decay import FreeDaughters
from pdcraft.domain import (
    Activity,
    Agent,
    Amount,
    Course,
    DoseRate,
    Patient,
    Regimen,
    Samples,
)
from pdcraft.dosimetry import AbstractEngine
from pdcraft.kinetics import AbstractModel


class Plan(eqx.Module):
    """Everything that is chosen before a patient is treated.

    Attributes
    ----------
    agent
        What is given.
    kinetics
        How the molecule moves.
    engine
        How its radiation deposits energy.
    effects
        Which tissues answer, and how.
    endpoints
        What becomes of the patient.
    clock
        Instants at which counts and markers are followed. h.
    daughters
        Daughters that leave the carrier; None keeps them where their parent was.
    """

    agent: Agent
    kinetics: AbstractModel
    engine: AbstractEngine
    effects: tuple[AbstractEffect, ...]
    endpoints: tuple[AbstractEndpoint, ...]
    clock: Samples
    daughters: FreeDaughters | None = None


def expose(
    agent: Agent,
    model: AbstractModel,
    daughters: FreeDaughters | None,
    engine: AbstractEngine,
    patient: Patient,
    regimen: Regimen,
) -> tuple[Amount, Activity, DoseRate]:
    """Where the molecules go, what decays there, and the dose rate from it."""
    amount = kinetics.simulate(model, patient, regimen, agent)
    activity = decay.activity(amount, agent.payload.chain)
    if daughters is not None:
        activity = decay.relocated(activity, agent.payload.chain, daughters)
    return amount, activity, dosimetry.irradiate(engine, activity, patient.anatomy)


def treat(plan: Plan, patient: Patient, regimen: Regimen) -> Course:
    """One patient, one regimen, from first injection to outcome."""
    amount, activity, dose_rate = expose(
        plan.agent, plan.kinetics, plan.daughters, plan.engine, patient, regimen
    )
    effect = biology.respond(plan.effects, dose_rate, amount, patient, plan.clock)
    outcome = biology.foresee(plan.endpoints, effect, patient)
    return Course(amount, activity, dose_rate, effect, outcome)
