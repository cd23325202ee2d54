"""A study file becomes a results folder, which an interruption at any moment does not spoil."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import pdcraft
from pdcraft import library
from pdcraft.domain import Course, InputError, Patient, PdcraftError, Regimen, ValidityWarning
from pdcraft.domain.units import MBQ_PER_MCI
from pdcraft.study import results, shards, workers
from pdcraft.study.assumptions import assumption_rows, cited, validity_rows
from pdcraft.study.designs import design_named
from pdcraft.study.prepare import Prepared, prepare
from pdcraft.study.spec import CohortTable, Study, study_from_text, study_text
from pdcraft.trial import conduct

SCHEMA = 1
Progress = Callable[[str, int, int], None]


def run(
    study_file: str | Path,
    *,
    out: str | Path | None = None,
    patients: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    resume: bool = False,
    progress: Progress = lambda what, done, total: None,
) -> Path:
    """Simulate a study and leave its results in a folder.

    Parameters
    ----------
    study_file
        The study's TOML file.
    out
        Results folder; by default ``results/<study name>``.
    patients, seed
        Instead of what the file says.
    threads
        Shards computed at once, each by a process of its own. The results do not depend on it.
    resume
        Go on with an interrupted run in the same folder.
    progress
        Told (what, done, total) as work goes on.

    Returns
    -------
    Path
        The folder, with ``manifest.json`` written last.

    Raises
    ------
    InputError
        If the study is not right, or the folder holds something else. Nothing is overwritten.
    """
    text = study_text(study_file)
    study = _changed(study_from_text(text, str(study_file)), patients, seed)
    if threads < 1:
        raise InputError(f"threads = {threads} must be 1 or more.")
    folder = Path(out) if out else Path("results") / study.study.name
    try:
        prepared = prepare(study)
    except PdcraftError as error:
        raise type(error)(f"{study_file}: {error}") from error
    claim = _claim(text, prepared)
    if _claimed(folder, claim, resume=resume):
        return folder
    shards.write_whole(folder / "study.toml", text.encode())
    files = _compute(prepared, folder, threads, progress)
    tables = _tables(prepared, files, progress)
    for where, message, _ in tables["validity"][1]:
        warnings.warn(f"{where}: {message}", ValidityWarning, stacklevel=2)
    for name, table in tables.items():
        shards.write_whole(folder / "tables" / f"{name}.csv", results.to_csv(table))
    keys = cited(prepared)
    shards.write_whole(folder / "sources.bib", library.cite(keys).encode())
    shards.write_whole(folder / "manifest.json", _manifest(claim, prepared, folder, tables))
    progress("run", 1, 1)
    return folder


def _changed(study: Study, patients: int | None, seed: int | None) -> Study:
    asked = {"patients": patients, "seed": seed}
    for key, least in (("patients", 1), ("seed", 0)):
        value = asked[key]
        if value is not None and value < least:
            raise InputError(f"{key} = {value} must be {least} or more.")
    new = {k: v for k, v in asked.items() if v is not None}
    return study.model_copy(update={"study": study.study.model_copy(update=new)})


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _claim(text: str, prepared: Prepared) -> dict[str, Any]:
    """What makes this run this run: study, version, seed, numbers read."""
    every = sorted((*prepared.parameters.values(), *prepared.engine_parameters.values()),
                   key=lambda p: p.name)  # fmt: skip
    agent, engine = prepared.plan.agent, prepared.plan.engine
    arrays = [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves((agent, engine))]
    return {
        "schema": SCHEMA,
        "pdcraft": pdcraft.__version__,
        "study_sha256": _sha(text.encode()),
        "numbers_sha256": _sha(repr(every).encode() + b"".join(arrays)),
        "seed": prepared.study.study.seed,
        "patients_per_cohort": prepared.study.study.patients,
    }


def _claimed(folder: Path, claim: dict[str, Any], *, resume: bool) -> bool:
    """Check the folder; True if this very run is already complete in it."""
    manifest = folder / "manifest.json"
    if not folder.exists() or not any(folder.iterdir()):
        shards.write_whole(manifest, _json({**claim, "complete": False}))
        return False
    if not manifest.exists():
        raise InputError(
            f"{folder} exists and holds no pdcraft results. Choose another folder with --out."
        )
    found = _read_manifest(manifest)
    other = [k for k in claim if found.get(k) != claim[k]]
    if other:
        said = "; ".join(
            f"{k} is {_short(found.get(k))} there and {_short(claim[k])} here" for k in other
        )
        raise InputError(
            f"{folder} holds results of another study or version: {said}. "
            "Choose another folder with --out; nothing was overwritten."
        )
    if not resume:
        state = "complete" if found.get("complete") else "begun"
        raise InputError(
            f"{folder} already holds this study, {state}. Go on with --resume, or choose another "
            "folder with --out."
        )
    for half in folder.rglob("*.half"):
        half.unlink()
    return bool(found.get("complete"))


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise InputError(f"{path} is not readable ({error}). Choose another --out.") from error


def _short(value: object) -> str:
    text = str(value)
    return text[:8] + "…" if len(text) == 64 else text


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _compute(
    prepared: Prepared, folder: Path, threads: int, progress: Progress
) -> list[tuple[CohortTable, list[Path]]]:
    """Every shard of every cohort, computed or found; cohorts in order with their files."""
    count = -(-prepared.study.study.patients // shards.SHARD)
    files = [
        (c, [folder / "arrays" / f"cohort-{i + 1}" / f"shard-{k:05d}.npz" for k in range(count)])
        for i, c in enumerate(prepared.study.cohort)
    ]
    every = [(i, k, path) for i, (_, paths) in enumerate(files) for k, path in enumerate(paths)]
    todo = [task for task in every if not task[2].exists()]
    done = len(every) - len(todo)
    progress("patients", done, len(every))
    for _ in workers.each(prepared, todo, threads):
        done += 1
        progress("patients", done, len(every))
    return files


def _tables(
    prepared: Prepared, files: list[tuple[CohortTable, list[Path]]], progress: Progress
) -> dict[str, results.Table]:
    plan = prepared.plan
    events = [e for endpoint in plan.endpoints for e in endpoint.events]
    markers = [pair for e in plan.effects for pair in zip(e.markers, e.marker_units, strict=True)]
    places, sources = prepared.population.regions, plan.kinetics.places
    marker_days = np.asarray(plan.clock.time_h) / 24.0
    rows: dict[str, results.Rows] = {name: [] for name in results.COLUMNS}
    for done, (cohort, paths) in enumerate(files):
        progress("tables", done, len(files))
        kept = shards.unpack(paths)
        name = cohort.name
        rows["doses"] += results.doses(name, kept, places)
        rows["toxicity"] += results.toxicity(
            name, kept, events, [m for m, _ in markers], marker_days
        )
        rows["response"] += results.response(name, kept, events)
        rows["km"] += results.kaplan_meier(name, kept, events)
        rows["curves_activity"] += results.curves_activity(name, kept, sources, shards.CURVE_DAYS)
        rows["curves_plasma"] += results.curves_plasma(name, kept, shards.CURVE_DAYS)
        rows["curves_markers"] += results.curves_markers(name, kept, markers, marker_days)
        rows["waterfall"] += results.waterfall(name, kept, events)
        rows["swimmer"] += results.swimmer(name, kept, events)
    rows["trial"] = _trial(prepared, progress) if prepared.study.trial else []
    rows["assumptions"] = assumption_rows(prepared)
    rows["ctcae"] = [
        [r["lineage"], r["version"], int(r["grade"]), r["low"], r["high"], r["unit"]]
        for r in library.ctcae(prepared.study.assessment.ctcae)
    ]
    rows["validity"] = validity_rows(prepared)
    return {
        name: (results.COLUMNS[name], content)
        for name, content in rows.items()
        if content or name in ("validity",)
    }


def _trial(prepared: Prepared, progress: Progress) -> results.Rows:
    """One path of the design on the virtual patients, with the reason of every decision."""
    spec = prepared.study.trial
    if spec is None:
        return []
    progress("trial", 0, 1)
    by_name = {c.name: c for c in prepared.study.cohort}
    levels = [by_name[name] for name in spec.cohorts]
    design = design_named(
        spec.design, levels=len(levels), target=spec.target, patients=spec.patients,
        variant=spec.variant,
    )  # fmt: skip

    def population(start: int, n: int) -> Patient:
        if n > shards.SHARD:
            raise InputError(f"A cohort of {n} is more than {shards.SHARD}; treat fewer at once.")
        shard = prepared.population.draw(jnp.arange(start, start + shards.SHARD))
        return jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)[:n]), shard)

    def regimen_of(cohort: CohortTable) -> Callable[[Patient], Regimen]:
        return lambda patients: prepared.regimens(cohort, patients)

    def treat_batch(patients: Patient, regimens: Regimen) -> Course:
        return shards.treat_many(prepared.plan, patients, regimens)

    result = conduct(
        design, population, treat_batch, prepared.study.study.seed,
        regimens=[regimen_of(c) for c in levels], is_dlt="dose-limiting toxicity",
    )  # fmt: skip
    total = [sum(d.activity for d in c.doses) / MBQ_PER_MCI for c in levels]
    return [
        [levels[c.level - 1].name, total[c.level - 1], c.n, c.dlt, c.decision, c.reason]
        for c in result.cohorts
    ]


def _manifest(
    claim: dict[str, Any], prepared: Prepared, folder: Path, tables: dict[str, results.Table]
) -> bytes:
    study = prepared.study
    validity = tables["validity"][1]
    cohorts = [
        {
            "name": c.name,
            "label": c.name,
            "dose_mCi_per_m2": [d.activity / MBQ_PER_MCI for d in c.doses],
            "day": [d.at / 24.0 for d in c.doses],
            "total_mCi_per_m2": sum(d.activity for d in c.doses) / MBQ_PER_MCI,
            "n": study.study.patients,
        }
        for c in study.cohort
    ]
    arrays = sorted((folder / "arrays").rglob("*.npz"))
    versions = ("jax", "jaxlib", "equinox", "diffrax", "numpy", "scipy", "radioactivedecay",
                "icrp107-database")  # fmt: skip
    return _json({
        **claim,
        "complete": True,
        "study": {
            "name": study.study.name, "title": study.study.title,
            "agent": prepared.plan.agent.name, "disease": study.study.disease,
            "seed": study.study.seed, "patients_per_cohort": study.study.patients,
            "days": study.study.follow_up / 24.0, "ctcae": study.assessment.ctcae,
            "design": study.trial.design if study.trial else "",
            "visit_every_d": study.assessment.visit_every / 24.0,
            "infusion_h": study.kinetics.infusion,
        },
        "cohorts": cohorts,
        "warnings": [{"where": r[0], "message": r[1]} for r in validity],
        "libraries": {name: importlib.metadata.version(name) for name in versions},
        "tables": {f"{n}.csv": _sha(results.to_csv(t)) for n, t in sorted(tables.items())},
        "arrays": {str(p.relative_to(folder)): _sha(p.read_bytes()) for p in arrays},
    })  # fmt: skip
