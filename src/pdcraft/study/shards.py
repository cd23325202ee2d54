"""Patients in shards: computed by one compiled program, kept in files that are whole or absent."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from pdcraft.domain import NumericalError, Patient, Regimen
from pdcraft.kinetics.two_pool import plasma_ng_per_mL
from pdcraft.study.course import Plan, treat

SHARD = 250
"""Patients per shard: one size for every run, so that the same program computes every patient."""

Observed = dict[str, Array]


def observe(
    plan: Plan, patient: Patient, regimen: Regimen, curve_h: Float[Array, "time"]
) -> Observed:
    """What is kept of one patient's course: doses, curves, markers and events."""
    course = treat(plan, patient, regimen)
    given = regimen.activity_MBq.sum()
    single = jnp.float32
    carrier_ug = given * patient.parameters["carrier.mass_per_activity"]
    plasma = plasma_ng_per_mL(
        course.amount, regimen, curve_h,
        carrier_ug=carrier_ug, plasma_mL=patient.parameters["plasma.volume"],
    )  # fmt: skip
    return {
        "number": patient.number,
        "given_MBq": given,
        "dose_Gy": course.dose_rate.integrate().total_Gy,
        "BED_Gy": course.effect.BED_Gy,
        "survival": course.effect.survival,
        "activity_MBq": course.activity.at(curve_h).sum(axis=-1).astype(single),
        "plasma_ng_per_mL": plasma.astype(single),
        "markers": course.effect.course.astype(single),
        "event_value": course.outcome.value,
        "event_grade": course.outcome.grade,
        "event_time_h": course.outcome.time_h,
        "event_happened": course.outcome.happened,
    }


@eqx.filter_jit
def observe_many(
    plan: Plan, patients: Patient, regimens: Regimen, curve_h: Float[Array, "time"]
) -> Observed:
    """`observe` for a batch; patients and regimens have a leading axis."""
    return jax.vmap(lambda p, r: observe(plan, p, r, curve_h))(patients, regimens)


def compute(
    plan: Plan,
    draw: Callable[[Array], Patient],
    regimens: Callable[[Patient], Regimen],
    shard: int,
    curve_h: Float[Array, "time"],
) -> dict[str, NDArray]:
    """Everything kept of the patients of one shard.

    Raises
    ------
    NumericalError
        If a number is not finite; the message says of which patient.
    """
    patients = draw(jnp.arange(shard * SHARD, (shard + 1) * SHARD))
    kept = {
        k: np.asarray(v)
        for k, v in observe_many(plan, patients, regimens(patients), curve_h).items()
    }
    for name, values in kept.items():
        bad = ~np.isfinite(values.reshape(SHARD, -1)).all(axis=1)
        if bad.any():
            raise NumericalError(
                f"Patient {int(kept['number'][bad][0])}: {name} is not finite. The solver failed "
                "for this patient's parameters; narrow their spread or report the study file."
            )
    return kept


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is seen whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".half")
    with half.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    half.replace(path)


def pack(arrays: dict[str, NDArray], n: int) -> bytes:
    """The first ``n`` patients of a shard as the bytes of an ``.npz`` file, always the same."""
    buffer = io.BytesIO()
    np.savez(buffer, **{k: v[:n] for k, v in arrays.items()})
    return buffer.getvalue()


def unpack(paths: list[Path]) -> dict[str, NDArray]:
    """Patients of several shard files, one after the other."""
    parts = [dict(np.load(path)) for path in paths]
    return {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}
