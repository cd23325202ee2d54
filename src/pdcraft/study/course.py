"""The river in one file: from first injection to outcome."""

from __future__ import annotations

import equinox as eqx

from pdcraft import biology, decay, dosimetry, kinetics
from pdcraft.biology import AbstractEffect, AbstractEndpoint
from pdcraft.decay import FreeDaughters
from pdcraft.domain import Agent, Course, Patient, Regimen, Samples
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


def treat(plan: Plan, patient: Patient, regimen: Regimen) -> Course:
    """One patient, one regimen, from first injection to outcome."""
    amount = kinetics.simulate(plan.kinetics, patient, regimen, plan.agent)
    activity = decay.activity(amount, plan.agent.payload.chain)
    if plan.daughters is not None:
        activity = decay.relocated(activity, plan.agent.payload.chain, plan.daughters)
    dose_rate = dosimetry.irradiate(plan.engine, activity, patient.anatomy)
    effect = biology.respond(plan.effects, dose_rate, amount, patient, plan.clock)
    outcome = biology.foresee(plan.endpoints, effect, patient)
    return Course(amount, activity, dose_rate, effect, outcome)
