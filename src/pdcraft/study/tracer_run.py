"""Measured tracer and a patient's file → a folder: what the therapy would do, with intervals."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray
from scipy.stats import chi2

from pdcraft import decay, kinetics, library
from pdcraft.domain import (
    Agent,
    ParameterSet,
    Patient,
    Regimen,
    TimeActivity,
    ValidityWarning,
    unknown,
)
from pdcraft.kinetics import AbstractModel
from pdcraft.study.fit import write_fit_folder
from pdcraft.study.prepare import Prepared, prepare
from pdcraft.study.reference import reference_patient
from pdcraft.study.results import OF_ONE_SEX, Rows, Table
from pdcraft.study.tracer import (
    TracerPosterior,
    from_normals,
    therapy_doses,
    therapy_integrals,
    tracer_posterior,
)
from pdcraft.study.tracer_prior import prior_of_one
from pdcraft.study.tracer_spec import TracerStudy, read_tracer
from pdcraft.trial.individual import correlation_root

_BAND = (0.05, 0.5, 0.95)
_UNLIKELY = 1e-3


def fit_tracer(table: Path, file: Path, *, out: Path, decay_corrected: bool | None = None) -> Path:
    """Posterior of one patient's kinetics and of his therapy's doses, in a folder.

    Writes ``doses.csv`` (of the plan, before and after the measurement), ``limits.csv`` (activity
    that reaches a limit), ``integrals.csv``, ``kinetics.csv``, ``points.csv`` and ``course.csv``.

    Raises
    ------
    InputError
        As `library.time_activity`, `read_tracer` and `tracer_posterior`; nothing is written then.
    """
    asked = read_tracer(file)
    tracer = library.agent(asked.tracer.agent)
    series = library.time_activity(table, tracer.payload.name, decay_corrected=decay_corrected)
    prepared = prepare(asked.study)
    patient, given = patient_of(asked, prepared), given_of(asked)
    prior, pairs = prior_of_one(prepared.parameters, tuple(asked.parameters))
    found = tracer_posterior(
        prepared.plan.kinetics, patient, prior, series, tracer=tracer, given=given,
        correlations=pairs, draws=asked.tracer.draws, seed=asked.tracer.seed,
    )  # fmt: skip
    z = np.random.default_rng(asked.tracer.seed).standard_normal(
        (len(found.draws), len(found.names))
    )
    z = z @ correlation_root(found.names, pairs).T
    before = replace(
        found, patient=jax.vmap(lambda row: from_normals(patient, prior, found.names, row))(z)
    )
    planned = jax.tree.map(
        lambda leaf: leaf[0], prepared.regimens(prepared.study.cohort[0], found.patient)
    )
    GBq = 1e-3 * float(planned.activity_MBq.sum())
    doses, limits = _doses(asked, prepared, found, before, planned, GBq)
    points, course, fit = _courses(prepared.plan.kinetics, found, series, tracer, given)
    places, MBq_h = therapy_integrals(
        found, prepared.plan.kinetics, therapy=prepared.plan.agent, planned=planned
    )
    hours = np.quantile(1e-3 * MBq_h / GBq, _BAND, axis=0).T
    tables: dict[str, Table] = {
        "doses": (
            ("region", "Gy_p05", "Gy_p50", "Gy_p95", "Gy_per_GBq_p50", "before_Gy_p05",
             "before_Gy_p50", "before_Gy_p95"), doses,
        ),
        "limits": (
            ("region", "limit_Gy", "GBq_p05", "GBq_p50", "GBq_p95", "p_planned_exceeds"), limits,
        ),
        "integrals": (
            ("region", "tia_h_p05", "tia_h_p50", "tia_h_p95"),
            [[p, *row] for p, row in zip(places, hours, strict=True) if _has(asked, p)],
        ),
        "kinetics": (
            ("parameter", "unit", "before_p50", "p05", "p50", "p95", "width"),
            _kinetics(found, prior, prepared),
        ),
        "points": (
            ("region", "time_h", "activity_MBq", "sigma_MBq", "p05", "p50", "p95"), points,
        ),
        "course": (("region", "time_h", "p05", "p50", "p95"), course),
    }  # fmt: skip
    about = {
        "kind": "tracer", "data": Path(table).name, "tracer": tracer.name,
        "therapy": prepared.plan.agent.name, "given_MBq": float(given.activity_MBq.sum()),
        "planned_MBq": 1e3 * GBq, "draws": len(found.draws), "effective": found.effective,
        **fit, "seed": asked.tracer.seed,
        "regions": list(dict.fromkeys(m.region for m in series)),
    }  # fmt: skip
    return write_fit_folder(out, tables, about, {"patient.toml": Path(file).read_text("utf-8")})


def patient_of(asked: TracerStudy, prepared: Prepared) -> Patient:
    """The patient with his own body and typical values of all that is not known."""
    who, held = asked.patient, prepared.parameters
    kg = 1e-3 * who.body_mass
    plasma = held[f"{who.sex}.plasma_volume"].value * kg / held[f"{who.sex}.body_mass"].value
    own = {
        f"{who.sex}.body_mass": kg, f"{who.sex}.height": 0.1 * who.height,
        f"{who.sex}.plasma_volume": plasma,
        "marrow.infiltration": held["marrow.infiltration"].value,
    }  # fmt: skip
    return reference_patient(prepared, own, sex=who.sex)


def _has(asked: TracerStudy, place: str) -> bool:
    return OF_ONE_SEX.get(place, asked.patient.sex) == asked.patient.sex


def given_of(asked: TracerStudy) -> Regimen:
    """What the patient got for the measurement."""
    return Regimen.of([asked.tracer.activity.value], time_h=[0.0], duration_h=asked.tracer.infusion)


def _doses(
    asked: TracerStudy, prepared: Prepared, found: TracerPosterior, before: TracerPosterior,
    planned: Regimen, GBq: float,
) -> tuple[Rows, Rows]:  # fmt: skip
    """Rows of doses, and of the activities that reach the limits."""
    plan = prepared.plan
    (names, Gy), (_, prior_Gy) = (
        therapy_doses(p, plan.kinetics, plan.engine, therapy=plan.agent, planned=planned)
        for p in (found, before)
    )
    for region in asked.limits:
        if region not in names:
            raise unknown("limits: region", region, names)
    after, was = (np.quantile(x, _BAND, axis=0) for x in (Gy, prior_Gy))
    rows = [
        [name, *after[:, i], after[1, i] / GBq, *was[:, i]]
        for i, name in enumerate(names) if _has(asked, name)
    ]  # fmt: skip
    limits = []
    for region, most in asked.limits.items():
        own = Gy[:, list(names).index(region)]
        limits.append(
            [region, most, *np.quantile(most / own * GBq, _BAND), float((own > most).mean())]
        )
    return rows, limits


def _kinetics(found: TracerPosterior, prior: ParameterSet, prepared: Prepared) -> Rows:
    low, middle, high = np.quantile(found.draws, _BAND, axis=0)
    return [
        [name, prepared.parameters[name].unit, prior[name].value, low[i], middle[i], high[i],
         found.narrowing[name]]
        for i, name in enumerate(found.names)
    ]  # fmt: skip


@eqx.filter_jit
def _activity(
    people: Patient, model: AbstractModel, given: Regimen, tracer: Agent, time_h: Array
) -> Float[Array, "draw time place"]:
    def one(who: Patient) -> Array:
        amount = kinetics.simulate(model, who, given, tracer)
        return decay.activity(amount, tracer.payload.chain).at(time_h)[..., 0]

    return jax.vmap(one)(people)


def _courses(
    model: AbstractModel, found: TracerPosterior, series: Sequence[TimeActivity], tracer: Agent,
    given: Regimen,
) -> tuple[Rows, Rows, dict[str, object]]:  # fmt: skip
    """Rows of points and curves, and how well the median prediction meets the points."""
    points: Rows = []
    course: Rows = []
    total, n = 0.0, 0
    whole = float(given.activity_MBq.sum())
    last = max(float(m.time_h[-1]) for m in series)
    grid = np.geomspace(min(0.5, last / 100), 1.2 * last, 80)
    seen = np.unique(np.concatenate([grid, *(m.time_h for m in series)]))
    activity = np.asarray(_activity(found.patient, model, given, tracer, jnp.asarray(seen)))

    def band(place: int, time_h: NDArray) -> NDArray:
        return np.quantile(activity[:, np.searchsorted(seen, time_h), place], _BAND, axis=0).T

    for m in series:
        place, scale = list(model.places).index(m.region), 1.0 if m.unit == "MBq" else whole
        predicted = band(place, m.time_h)
        y, sigma = m.activity * scale, np.asarray(m.sigma) * scale
        points += [
            [m.region, *row] for row in np.column_stack([m.time_h, y, sigma, predicted]).tolist()
        ]
        total += float((np.log(y / predicted[:, 1]) ** 2 / np.log1p((sigma / y) ** 2)).sum())
        n += len(y)
        course += [[m.region, *row] for row in np.column_stack([grid, band(place, grid)]).tolist()]
    if chi2.sf(total, n) < _UNLIKELY:
        warnings.warn(
            f"The measurements do not fit the model: chi-square {total:.3g} of {n} points. Check "
            "regions, units, decay correction and uncertainties; the doses rest on the fit.",
            ValidityWarning,
            stacklevel=3,
        )
    fit = {"chi_square_per_point": total / n, "fits": bool(chi2.sf(total, n) >= _UNLIKELY)}
    return points, course, fit
