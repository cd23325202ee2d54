"""Files of measurements → a results folder: curves of one patient, or a population model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from pdcraft import kinetics, library
from pdcraft.domain.errors import InputError
from pdcraft.domain.records import Records
from pdcraft.kinetics import estimation
from pdcraft.study.population_spec import PopulationSpec, read_population_model
from pdcraft.study.results import Rows, Table, to_csv

DRAWS = 300
"""Simulated trials behind a predictive check, and series behind a Monte Carlo uncertainty."""


def fit_curves(
    table: Path,
    nuclide: str,
    *,
    out: Path,
    decay_corrected: bool | None = None,
    common_cv: float = 0.0,
    seed: int = 0,
) -> Path:
    """Time-integrated activities of a time-activity table, in a folder.

    Writes ``curves.csv`` (every candidate with its weight), ``integrals.csv`` (averaged, with the
    uncertainty by propagation and by Monte Carlo), ``points.csv`` and ``course.csv``.

    Raises
    ------
    InputError
        As `library.time_activity` and `kinetics.fit_curves`; nothing is written then.
    """
    series = library.time_activity(table, nuclide, decay_corrected=decay_corrected)
    curves: Rows = []
    integrals: Rows = []
    points: Rows = []
    course: Rows = []
    for data in series:
        choice = kinetics.fit_curves(data, common_cv=common_cv)
        mean, sigma = choice.time_integrated()
        draws = kinetics.resample(choice, draws=DRAWS, seed=seed)
        low, high = np.quantile(draws, [0.05, 0.95])
        unit = "MBq h" if data.unit == "MBq" else "h"
        integrals.append([data.region, unit, mean, sigma, draws.mean(), draws.std(), low, high])
        for fit, weight, aicc in zip(choice.fits, choice.weight, choice.aicc, strict=True):
            area = fit.time_integrated(), fit.time_integrated_sigma()
            halves = " ".join(f"{h:.4g}" for h in fit.half_life_h)
            curves.append(
                [data.region, fit.shape.name, weight, aicc, fit.chi_square, *area, unit, halves]
            )
        fitted = choice.at(data.time_h)
        given = np.full(len(data), np.nan) if data.sigma is None else data.sigma
        points += [
            [data.region, t, y, s, f]
            for t, y, s, f in zip(data.time_h, data.activity, given, fitted, strict=True)
        ]
        drawn_h = np.linspace(0.0, float(data.time_h[-1]), 101)
        course += [[data.region, t, y] for t, y in zip(drawn_h, choice.at(drawn_h), strict=True)]
    tables: dict[str, Table] = {
        "course": (("region", "time_h", "fitted"), course),
        "integrals": (
            ("region", "unit", "tia", "sigma", "mc_mean", "mc_sd", "mc_p05", "mc_p95"), integrals,
        ),
        "curves": (
            ("region", "curve", "weight", "criterion", "chi_square", "tia", "sigma", "unit",
             "effective_half_lives_h"), curves,
        ),
        "points": (("region", "time_h", "activity", "sigma", "fitted"), points),
    }  # fmt: skip
    about = {"kind": "curves", "data": Path(table).name, "nuclide": nuclide, "seed": seed}
    return write_fit_folder(out, tables, about)


def fit_population(data: Path, model: Path, *, out: Path) -> Path:
    """A population model fitted to a NONMEM-format data set, in a folder.

    Writes ``estimates.csv``, ``individuals.csv`` (parameters of every patient), ``residuals.csv``
    (PRED, IPRED, IWRES, CWRES, NPDE), ``vpc.csv`` (prediction-corrected), ``shrinkage.csv``,
    where something varies between occasions ``occasions.csv``, and the model file itself.

    Raises
    ------
    InputError
        As `library.event_records` and `read_population_model`; nothing is written then.
    """
    spec = read_population_model(model)
    records = library.event_records(
        data, time_unit=spec.time_unit, amount_unit=spec.amount_unit, value_unit=spec.value_unit,
        covariates=spec.model.reads, carry=spec.carry, ranges=spec.ranges, dvid=spec.dvid,
    )  # fmt: skip
    begin = spec.model.with_occasions(records)
    steps = estimation.prepare(begin, records, carry=spec.carry)
    fit = estimation.fit_population(
        begin, steps, method=spec.method, standard_errors=spec.standard_errors
    )
    about = {
        "kind": "population", "data": Path(data).name, "method": fit.method,
        "objective": fit.objective, "log_likelihood": fit.log_likelihood, "aic": fit.aic,
        "observations": fit.observations, "patients": len(records.subjects),
        "standard_errors": spec.standard_errors,
        "converged": fit.converged, "message": fit.message,
        "largest_gradient": float(np.abs(fit.gradient).max(initial=0.0)),
        "condition_number": fit.condition_number, "seed": spec.seed,
        "units": {"time": "h", "amount": spec.amount_unit, "value": spec.value_unit},
        "kinds": dict(spec.kinds),
    }  # fmt: skip
    tables = _population_tables(fit, records, spec)
    return write_fit_folder(out, tables, about, {"model.toml": spec.text})


def _population_tables(
    fit: estimation.PopulationFit, records: Records, spec: PopulationSpec
) -> dict[str, Table]:
    left = estimation.shrinkage(fit)
    own = estimation.most_probable(fit.model, fit.steps)
    names = list(own.parameters)
    more = {} if fit.model.occasions is None else {"occasions": _occasions(fit, records)}
    return more | {
        "estimates": (
            ("parameter", "value", "unit", "standard_error", "rse_percent", "low_90", "high_90",
             "initial"),
            [[e.name, e.value, e.unit, e.standard_error, e.relative_percent, e.low, e.high,
              e.initial] for e in fit.estimates],
        ),
        "individuals": (
            ("patient", *names, *(f"{n}_cv" for n in names)),
            [[who, *(own.parameters[n][i] for n in names), *(own.relative_sd[n][i] for n in names)]
             for i, who in enumerate(records.subjects)],
        ),
        "residuals": _residuals(fit, records, spec),
        "vpc": _check(fit, spec),
        "shrinkage": (("effect", "shrinkage"), [[k, v] for k, v in left.items()]),
    }  # fmt: skip


def _occasions(fit: estimation.PopulationFit, records: Records) -> Table:
    was_seen, found = estimation.by_occasion(fit.model, fit.steps, fit.eta)
    between = fit.model.occasions
    labels = () if between is None else between.labels
    rows: Rows = [
        [records.subjects[i], f"{labels[k]:g}", *(x[i, k] for x in found.values())]
        for i, k in zip(*np.nonzero(was_seen), strict=True)
    ]
    return ("patient", "occasion", *found), rows


def _residuals(fit: estimation.PopulationFit, records: Records, spec: PopulationSpec) -> Table:
    found = estimation.residuals(fit)
    errors = estimation.discrepancies(fit.model, fit.steps, draws=DRAWS, seed=spec.seed)
    steps, rows = fit.steps, []
    seen, time = np.asarray(steps.is_observed), np.asarray(steps.time_h)
    value, record = np.asarray(steps.value), np.asarray(steps.record)
    kind, names = np.asarray(steps.kind), [name for name, _ in spec.kinds]
    for i, j in zip(*np.nonzero(seen), strict=True):
        line = records.rows[record[i, j]] if records.rows else record[i, j] + 1
        rows.append(
            [records.subjects[i], line, names[kind[i, j]], time[i, j], value[i, j],
             found.typical[i, j], found.individual[i, j], found.weighted[i, j],
             found.conditional[i, j], errors[i, j]]
        )  # fmt: skip
    header = (
        "patient",
        "line",
        "kind",
        "time_h",
        "value",
        "pred",
        "ipred",
        "iwres",
        "cwres",
        "npde",
    )
    return header, rows


def _check(fit: estimation.PopulationFit, spec: PopulationSpec) -> Table:
    rows: Rows = []
    for kind, (name, _) in enumerate(spec.kinds):
        check = estimation.predictive_check(
            fit.model, fit.steps, draws=DRAWS, seed=spec.seed, kind=kind
        )
        corrected = "yes" if check.is_corrected else "no"
        rows += [
            [name, check.time_h[b], p, check.observed[b, k], *check.simulated[b, k],
             int(check.count[b]), corrected]
            for b in range(len(check.time_h))
            for k, p in enumerate(check.percentiles)
        ]  # fmt: skip
    header = ("kind", "time_h", "percentile", "observed", "p05", "p50", "p95", "count",
              "corrected")  # fmt: skip
    return header, rows


def write_fit_folder(
    out: Path, tables: dict[str, Table], about: dict, texts: dict[str, str] | None = None
) -> Path:
    """All or nothing: tables go to a folder beside, which then takes its name."""
    out = Path(out)
    if out.exists() and any(out.iterdir()):
        raise InputError(f"{out} is not empty. Name another folder, or move it away.")
    draft = out.with_name(out.name + ".part")
    (draft / "tables").mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        (draft / "tables" / f"{name}.csv").write_bytes(to_csv(table))
    for name, text in (texts or {}).items():
        (draft / name).write_text(text, "utf-8", newline="\n")
    (draft / "fit.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8", newline="\n")
    if out.exists():
        out.rmdir()
    return draft.replace(out)
