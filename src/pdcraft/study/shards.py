"""Patients in shards: computed by one compiled program, kept in files that are whole or absent."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from pdcraft import biology
from pdcraft.biology import AbstractEffect, AbstractEndpoint
from pdcraft.decay import FreeDaughters
from pdcraft.domain import (
    Activity,
    Agent,
    Amount,
    Course,
    DoseRate,
    Effect,
    NumericalError,
    Outcome,
    Patient,
    Regimen,
    Samples,
)
from pdcraft.dosimetry import AbstractEngine
from pdcraft.dosimetry.mird import is_lesion
from pdcraft.kinetics import (
    MASS_PER_ACTIVITY,
    AbstractModel,
    CytotoxicConjugate,
    plasma_ng_per_mL,
)
from pdcraft.study.course import Plan, expose
from pdcraft.study.prepare import Prepared

SHARD = 125
"""Patients per shard: one size for every run, so that the same program computes every patient."""

CURVE_DAYS = np.concatenate(
    [[0.0, 1 / 48, 1 / 24, 2 / 24, 4 / 24, 8 / 24, 0.5], np.arange(1.0, 61.0)]
)
"""Instants of activity and plasma curves. d."""


# The river in programs of their own, each given only what it reads: studies of several diseases
# share those that they have in common, and each is small enough to be compiled quickly.
@eqx.filter_jit
def _expose_shard(
    agent: Agent,
    model: AbstractModel,
    daughters: FreeDaughters | None,
    engine: AbstractEngine,
    patients: Patient,
    regimens: Regimen,
) -> tuple[Amount, Activity, DoseRate]:
    return jax.vmap(lambda p, r: expose(agent, model, daughters, engine, p, r))(patients, regimens)


@eqx.filter_jit
def _respond_shard(
    effects: tuple[AbstractEffect, ...],
    dose_rate: DoseRate,
    amount: Amount,
    patients: Patient,
    clock: Samples,
) -> Effect:
    return jax.vmap(lambda d, a, p: biology.respond(effects, d, a, p, clock))(
        dose_rate, amount, patients
    )


@eqx.filter_jit
def _foresee_shard(
    endpoints: tuple[AbstractEndpoint, ...], effect: Effect, patients: Patient
) -> Outcome:
    return jax.vmap(lambda e, p: biology.foresee(endpoints, e, p))(effect, patients)


@eqx.filter_jit
def _observe_shard(
    plan: Plan, course: Course, patients: Patient, regimens: Regimen, curve_h: Float[Array, "time"]
) -> dict[str, Array]:
    def one(c: Course, p: Patient, r: Regimen) -> dict[str, Array]:
        return observe(plan, c, p, r, curve_h)

    return jax.vmap(one)(course, patients, regimens)


def treat_many(plan: Plan, patients: Patient, regimens: Regimen) -> Course:
    """The river for a batch of at most `SHARD` patients, always by the same compiled programs.

    Parameters
    ----------
    plan
        The river's choices.
    patients, regimens
        With a leading axis. The last patient is repeated up to a whole shard and cut off again.

    Returns
    -------
    Course
        With a leading axis, one for each patient.
    """
    n = patients.number.shape[0]
    # In NumPy, where an odd number of patients costs no compilation.
    full = np.minimum(np.arange(SHARD), n - 1)
    patients, regimens = jax.tree.map(lambda leaf: np.asarray(leaf)[full], (patients, regimens))
    amount, activity, dose_rate = _expose_shard(
        plan.agent, plan.kinetics, plan.daughters, plan.engine,
        _with(patients, [plan.kinetics]), jax.tree.map(jnp.asarray, regimens),
    )  # fmt: skip
    effect = _respond_shard(
        plan.effects, dose_rate, amount, _with(patients, plan.effects), plan.clock
    )
    outcome = _foresee_shard(plan.endpoints, effect, _with(patients, plan.endpoints))
    course = Course(amount, activity, dose_rate, effect, outcome)
    return course if n == SHARD else jax.tree.map(lambda leaf: np.asarray(leaf)[:n], course)


def _with(
    patients: Patient, models: Sequence[AbstractModel | AbstractEffect | AbstractEndpoint]
) -> Patient:
    """The patients with the parameters that these models need, and nothing else."""
    names = patients.parameters.names
    needed = {n for model in models for n in model.needs}
    needed |= {n for n in names if is_lesion(n.split(".")[0])}  # each may have its own or not
    fewer = replace(patients, parameters=patients.parameters.only(needed))
    return jax.tree.map(jnp.asarray, fewer)


def observe(
    plan: Plan, course: Course, patient: Patient, regimen: Regimen, curve_h: Float[Array, "time"]
) -> dict[str, Array]:
    """What is kept of one patient's course: dose or drug, markers and events."""
    single, effect, outcome = jnp.float32, course.effect, course.outcome
    of_payload = _radiation if plan.agent.payload.drug is None else _drug
    return {
        "number": patient.number,
        "sex": patient.anatomy.sex,
        "parameters": patient.parameters.value.astype(single),
        **of_payload(plan, course, patient, regimen, curve_h),
        "survival": effect.survival,
        "markers": effect.course.astype(single),
        "event_value": outcome.value,
        "event_grade": outcome.grade,
        "event_time_h": outcome.time_h,
        "event_happened": outcome.happened,
    }


def _radiation(
    plan: Plan, course: Course, patient: Patient, regimen: Regimen, curve_h: Float[Array, "time"]
) -> dict[str, Array]:
    """Activity and doses, and the mass of carrier in plasma, labelled and unlabelled together."""
    given, single = regimen.activity_MBq.sum(), jnp.float32
    carrier_ug = given * patient.parameters[MASS_PER_ACTIVITY]
    plasma = plasma_ng_per_mL(
        course.amount, regimen, curve_h, carrier_ug=carrier_ug,
        plasma_mL=plan.kinetics.plasma_mL(patient), region=plan.kinetics.blood_region,
    )  # fmt: skip
    return {
        "given_MBq": given,
        "carrier_ug": carrier_ug,
        "dose_Gy": course.dose_rate.integrate().total_Gy,
        "BED_Gy": course.effect.BED_Gy,
        "EQD2_Gy": course.effect.EQD2_Gy,
        "activity_MBq": course.activity.at(curve_h).sum(axis=-1).astype(single),
        "plasma_ng_per_mL": plasma.astype(single),
    }


def drug_places(model: AbstractModel) -> tuple[str, ...]:
    """Where free drug is reported: plasma, and the regions in which it is set free locally."""
    return ("plasma", *model.sites) if isinstance(model, CytotoxicConjugate) else ()


def _drug(
    plan: Plan, course: Course, patient: Patient, regimen: Regimen, curve_h: Float[Array, "time"]
) -> dict[str, Array]:
    """Drug set free by the linker (bound to tissue or not), and drug still on the carrier."""
    amount, drug = course.amount, plan.agent.payload.drug
    given = regimen.given_nmol(plan.agent.payload).sum()
    ng_per_nmol = 1.0 if drug is None else drug.molar_mass_g_per_mol
    at = jnp.asarray([amount.space.index(p) for p in drug_places(plan.kinetics)])
    free = ng_per_nmol * amount.nmol[at, 1] / amount.space.mass_g[at, None]
    blood = amount.space.index(plan.kinetics.blood_region)
    carried = ng_per_nmol * amount.nmol[blood, 0] / plan.kinetics.plasma_mL(patient)
    when = amount.clock.at(curve_h)
    return {
        "given_mg": 1e-6 * ng_per_nmol * given,
        "free_ng_per_mL": (free @ when.T).astype(jnp.float32),
        "free_ug_h_per_mL": 1e-3 * free @ amount.clock.integral_h,
        "peak_ng_per_mL": free.max(axis=-1),
        "plasma_ng_per_mL": (when @ carried).astype(jnp.float32),
    }


def compute(prepared: Prepared, cohort: int, shard: int) -> dict[str, NDArray]:
    """Everything kept of the patients of one shard of a cohort (counted from 0).

    Raises
    ------
    NumericalError
        If a number is not finite; the message says of which patient.
    """
    patients = prepared.population.draw(jnp.arange(shard * SHARD, (shard + 1) * SHARD))
    given = prepared.regimens(prepared.study.cohort[cohort], patients)
    course = treat_many(prepared.plan, patients, given)
    observed = _observe_shard(
        prepared.plan, course, patients, given, jnp.asarray(CURVE_DAYS * 24.0)
    )
    kept = {name: np.asarray(values) for name, values in observed.items()}
    for name, values in kept.items():
        bad = ~np.isfinite(values.reshape(SHARD, -1)).all(axis=1)
        if bad.any():
            raise NumericalError(
                f"Patient {int(kept['number'][bad][0])}: {name} is not finite. The solver failed "
                "for this patient's parameters; narrow their spread or report the study file."
            )
    return kept


def save(prepared: Prepared, cohort: int, shard: int, path: Path) -> None:
    """Compute one shard and keep it in a file, without patients beyond the study's number."""
    kept = compute(prepared, cohort, shard)
    n = min(SHARD, prepared.study.study.patients - shard * SHARD)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{name: values[:n] for name, values in kept.items()})
    write_whole(path, buffer.getvalue())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is seen whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".half")
    with half.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    half.replace(path)


def unpack(paths: list[Path]) -> dict[str, NDArray]:
    """Patients of several shard files, one after the other."""
    parts = [dict(np.load(path)) for path in paths]
    return {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}
