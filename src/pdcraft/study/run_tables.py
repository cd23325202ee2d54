"""Shards of a run → its tables, cohort by cohort: of patients or of mice, of nuclide or drug."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from pdcraft import library
from pdcraft.study import late_effects, mouse_results, outlook, results, shards
from pdcraft.study.assumptions import assumption_rows, validity_rows
from pdcraft.study.prepare import Prepared
from pdcraft.study.spec import CohortTable

Progress = Callable[[str, int, int], None]


def tables_of(
    prepared: Prepared,
    files: list[tuple[CohortTable, list[Path]]],
    *,
    trial: results.Rows,
    progress: Progress,
) -> dict[str, results.Table]:
    """All tables of a run that hold something, by name; of a trial's path its rows are given."""
    columns = {**results.COLUMNS, **outlook.COLUMNS, **mouse_results.COLUMNS,
               **late_effects.COLUMNS}  # fmt: skip
    rows: dict[str, results.Rows] = {name: [] for name in columns}
    of_cohort = _of_mice if prepared.study.study.species == "mouse" else _of_patients
    for done, (cohort, paths) in enumerate(files):
        progress("tables", done, len(files))
        for name, more in of_cohort(prepared, cohort, shards.unpack(paths)).items():
            rows[name] += more
    rows["trial"] = trial
    rows["assumptions"] = assumption_rows(prepared)
    if prepared.study.study.species == "human":
        rows["ctcae"] = [
            [r["lineage"], r["version"], int(r["grade"]), r["low"], r["high"], r["unit"]]
            for r in library.ctcae(prepared.study.assessment.ctcae)
        ]
    rows["validity"] = validity_rows(prepared)
    return {
        name: (columns[name], content)
        for name, content in rows.items()
        if content or name in ("validity",)
    }


def _of_payload(
    prepared: Prepared, name: str, kept: dict[str, NDArray], targets: Sequence[str],
    sources: Sequence[str],
) -> dict[str, results.Rows]:  # fmt: skip
    """Doses and activities of a radionuclide, or concentrations of a drug."""
    given = {"given": results.given(name, kept, prepared.plan.agent)}
    if prepared.plan.agent.payload.drug is None:
        return {
            **given,
            "doses": results.doses(name, kept, targets, prepared.study.uncertainty.draws),
            "curves_activity": results.curves_activity(name, kept, sources, shards.CURVE_DAYS),
        }
    places = [mouse_results.reported(p) for p in shards.drug_places(prepared.plan.kinetics)]
    return {
        **given,
        "exposure": results.exposure(name, kept, places),
        "curves_drug": results.curves_drug(name, kept, places, shards.CURVE_DAYS),
    }


def _of_patients(
    prepared: Prepared, cohort: CohortTable, kept: dict[str, NDArray]
) -> dict[str, results.Rows]:
    """Rows of all tables for one cohort of patients."""
    plan, name = prepared.plan, cohort.name
    events = [e for endpoint in plan.endpoints for e in endpoint.events]
    markers = [pair for e in plan.effects for pair in zip(e.markers, e.marker_units, strict=True)]
    days = np.asarray(plan.clock.time_h) / 24.0
    draws, visits = prepared.study.uncertainty.draws, prepared.study.assessment.visit_every / 24.0
    parameters = prepared.population.draw(jnp.arange(1)).parameters.names
    return {
        **_of_payload(prepared, name, kept, prepared.population.regions, plan.kinetics.places),
        "toxicity": results.toxicity(
            name, kept, events, markers, days, draws, _worst(prepared.study.assessment.ctcae)
        ),
        "response": results.response(name, kept, events, draws),
        "complications": late_effects.complication_rows(
            prepared.study, name, kept, events, [t for e in plan.effects for t in e.tissues]
        ),
        "quality_of_life": results.quality_of_life(name, kept, events, draws),
        "km": results.kaplan_meier(name, kept, events, draws),
        "curves_plasma": results.curves_plasma(name, kept, shards.CURVE_DAYS),
        "curves_markers": results.curves_markers(name, kept, markers, days),
        "waterfall": results.waterfall(name, kept, events),
        "swimmer": results.swimmer(name, kept, events),
        "window": outlook.window(name, total_given(prepared, cohort), kept, events, draws),
        "support": outlook.support(name, kept, events),
        "curves_support": outlook.curves_support(name, kept, [m for m, _ in markers], days),
        "spider": outlook.spider(name, kept, [m for m, _ in markers], days, visits),
        "sensitivity": outlook.sensitivity(name, kept, events, parameters),
    }


def _worst(version: str) -> dict[str, int]:
    """Highest grade that a count can reach, by lineage: anaemia of grade 4 has no limit."""
    rows = [r for r in library.ctcae(version) if str(r["high"]) != "0"]
    return {r["lineage"]: max(int(q["grade"]) for q in rows if q["lineage"] == r["lineage"])
            for r in rows}  # fmt: skip


def _of_mice(
    prepared: Prepared, cohort: CohortTable, kept: dict[str, NDArray]
) -> dict[str, results.Rows]:
    """Rows of all tables for one group of mice."""
    plan, name = prepared.plan, cohort.name
    targets, sources = prepared.population.regions, plan.kinetics.places
    kept = mouse_results.without_empty(kept, targets, sources)
    events = [e for endpoint in plan.endpoints for e in endpoint.events]
    days = np.asarray(plan.clock.time_h) / 24.0
    volume = [("tumour volume", "mm3")]
    return {
        **_of_payload(
            prepared, name, kept, mouse_results.named(targets), mouse_results.named(sources)
        ),
        "growth": mouse_results.growth(name, kept, events),
        "km": mouse_results.survival(name, kept, events),
        "curves_markers": results.curves_markers(name, kept, volume, days),
    }


def total_given(prepared: Prepared, cohort: CohortTable) -> float:
    """All doses of a cohort together, in the study's own unit."""
    return sum(d.given.value for d in cohort.doses) / prepared.study.unit.factor
