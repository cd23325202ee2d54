"""Patients of a trial's pool in shards: dose after dose, each only to who has recovered."""

from __future__ import annotations

import io
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr
from jaxtyping import Float
from numpy.typing import NDArray

from pdcraft import library
from pdcraft.biology import Death, Progression, ctcae_limits
from pdcraft.domain import Course, NumericalError, Patient, Regimen
from pdcraft.domain.random import normals
from pdcraft.domain.units import HOURS_PER_DAY
from pdcraft.study.shards import SHARD, treat_many, write_whole
from pdcraft.study.trial_prepare import TrialPlan
from pdcraft.trial import Trajectories
from pdcraft.trial.accrual import DAYS_PER_MONTH


def compute(plan: TrialPlan, level: int, shard: int) -> dict[str, NDArray]:
    """Everything kept of the patients of one shard at one level (both counted from 0).

    After every dose the course is followed as if it were the last one; counts of that course decide
    on the next dose. Times are in days after the first dose, ``inf`` for what does not happen.

    Raises
    ------
    NumericalError
        If a number is not finite; the message says of which patient.
    """
    schedule, rules = plan.schedules[level], plan.next_dose[level]
    patients = plan.river.population.draw(jnp.arange(shard * SHARD, (shard + 1) * SHARD))
    activity = _activities(plan, level, patients)
    given = np.full(activity.shape, np.inf)
    given[:, 0] = 0.0
    leaves = _leaves_d(plan, patients)
    until = np.full(SHARD, np.inf)
    course = _treat(plan, patients, activity, given)
    for k, rule in enumerate(rules, start=1):
        until = np.minimum(_happens_d(course, Progression.events[0]), leaves)
        until = np.minimum(until, _happens_d(course, Death.events[0]))
        gap = schedule.planned_d[k] - schedule.planned_d[k - 1]
        planned = np.maximum(schedule.planned_d[k], given[:, k - 1] + gap)
        seen = _seen(plan, course, schedule.planned_d, given, until)
        given[:, k] = rule.given_d(seen, planned_d=planned, until_d=until)
        course = _treat(plan, patients, activity, given)
    seen = _seen(plan, course, schedule.planned_d, given, until)
    return _finite(_kept(plan, patients, course, seen, activity, leaves), plan)


def save(plan: TrialPlan, level: int, shard: int, path: Path) -> None:
    """Compute one shard and keep it in a file, without patients beyond the study's number."""
    kept = compute(plan, level, shard)
    n = min(SHARD, plan.study.study.patients - shard * SHARD)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{name: values[:n] for name, values in kept.items()})
    write_whole(path, buffer.getvalue())


def _treat(
    plan: TrialPlan,
    patients: Patient,
    activity: Float[np.ndarray, "patient dose"],
    given: Float[np.ndarray, "patient dose"],
) -> Course:
    """The river with the doses that were given; the others are there with nothing in them."""
    n, most = len(activity), plan.most_doses
    time_h, MBq = np.zeros((n, most)), np.zeros((n, most))
    is_given = np.isfinite(given)
    time_h[:, : given.shape[1]] = np.where(is_given, given, 0.0) * HOURS_PER_DAY
    MBq[:, : given.shape[1]] = np.where(is_given, activity, 0.0)
    time_h = np.maximum.accumulate(time_h, axis=1)  # what is not given comes with the one before
    infusion = np.full((n, most), plan.study.kinetics.infusion)
    regimen = Regimen(jnp.asarray(time_h), jnp.asarray(infusion), jnp.asarray(MBq))
    return treat_many(plan.river.plan, patients, regimen)


def _activities(
    plan: TrialPlan, level: int, patients: Patient
) -> Float[np.ndarray, "patient dose"]:
    """Activity of every dose of every patient, after a tracer where doses are in Gy. MBq."""
    schedule, per_MBq = plan.schedules[level], None
    if schedule.unit.place:
        tracer = np.full((SHARD, 1), plan.tracer_MBq)
        course = _treat(plan, patients, tracer, np.zeros((SHARD, 1)))
        at = course.dose_rate.space.index(schedule.unit.place)
        per_MBq = np.asarray(course.dose_rate.integrate().total_Gy)[:, at] / plan.tracer_MBq
    return np.stack(
        [schedule.unit.activity_MBq(a, patients, per_MBq) for a in schedule.amounts], axis=1
    )


def _seen(
    plan: TrialPlan, course: Course, planned: tuple[float, ...], given: NDArray, until: NDArray
) -> Trajectories:
    effect = course.effect
    counts = np.asarray(effect.course)
    return Trajectories(
        np.asarray(plan.river.plan.clock.time_h) / HOURS_PER_DAY,
        {marker: counts[:, m] for m, marker in enumerate(effect.markers)},
        np.asarray(planned), given, until,
    )  # fmt: skip


def _happens_d(course: Course, event: str) -> Float[np.ndarray, "patient"]:
    """Day of an event; ``inf`` where it does not happen during follow-up."""
    i = course.outcome.index(event)
    happened = np.asarray(course.outcome.happened)[:, i]
    return np.where(happened, np.asarray(course.outcome.time_h)[:, i] / HOURS_PER_DAY, np.inf)


def _leaves_d(plan: TrialPlan, patients: Patient) -> Float[np.ndarray, "patient"]:
    """Day on which a patient leaves for other reasons than death, at a constant rate."""
    rate = plan.study.leaving.per_month / DAYS_PER_MONTH
    if rate == 0.0:
        return np.full(SHARD, np.inf)
    z = normals(plan.study.study.seed, ["leaves"], jnp.asarray(patients.number))[0]
    return -np.log(np.asarray(ndtr(z))) / rate


def _kept(
    plan: TrialPlan,
    patients: Patient,
    course: Course,
    seen: Trajectories,
    activity: NDArray,
    leaves: NDArray,
) -> dict[str, NDArray]:
    outcome = course.outcome
    died = _happens_d(course, Death.events[0])
    lineages = ("platelets", "neutrophils")
    counts = np.stack([seen.counts[m] for m in lineages], axis=1)
    version = plan.study.assessment.ctcae
    table = library.ctcae(version)
    worst = [float(ctcae_limits(table, m, version)[3] or np.nan) for m in lineages]
    return {
        "number": np.asarray(patients.number),
        "given_d": seen.given_d,
        "given_MBq": np.where(np.isfinite(seen.given_d), activity, 0.0),
        "dose_Gy": np.asarray(course.dose_rate.integrate().total_Gy),
        "dlt_d": plan.dlt.day(seen),
        "dlt_rule": plan.dlt.rule(seen),
        "leaves_d": np.minimum(died, leaves),
        "nadir": counts.min(axis=2),
        "nadir_d": seen.day[counts.argmin(axis=2)],
        "grade4_days": np.stack(
            [seen.days_below(m, x, died) for m, x in zip(lineages, worst, strict=True)], axis=1
        ),
        "event_value": np.asarray(outcome.value),
        "event_grade": np.asarray(outcome.grade),
        "event_time_h": np.asarray(outcome.time_h),
        "event_happened": np.asarray(outcome.happened),
    }


def _finite(kept: dict[str, NDArray], plan: TrialPlan) -> dict[str, NDArray]:
    for name in ("dose_Gy", "given_MBq", "nadir", "event_value", "event_time_h"):
        bad = ~np.isfinite(kept[name].reshape(SHARD, -1)).all(axis=1)
        if bad.any():
            raise NumericalError(
                f"Patient {int(kept['number'][bad][0])} with {plan.disease}: {name} is not finite. "
                "The solver failed for this patient's parameters; narrow their spread or report "
                "the trial file."
            )
    return kept
