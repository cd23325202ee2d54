"""A study file becomes a results folder, which an interruption at any moment does not spoil."""

from __future__ import annotations

import importlib.metadata
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import pdcraft
from pdcraft import library
from pdcraft.domain import Course, InputError, Patient, PdcraftError, Regimen, ValidityWarning
from pdcraft.study import results, shards, workers
from pdcraft.study.assumptions import cited
from pdcraft.study.claim import as_json, claimed, numbers_sha256, sha256
from pdcraft.study.designs import Choices, design_named
from pdcraft.study.prepare import Prepared, prepare
from pdcraft.study.run_tables import Progress, tables_of, total_given
from pdcraft.study.spec import CohortTable, Study, study_from_text, study_text
from pdcraft.trial import conduct

SCHEMA = 1


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
    if claimed(folder, claim, resume=resume):
        return folder
    shards.write_whole(folder / "study.toml", text.encode())
    files = _compute(prepared, folder, threads, progress)
    tables = tables_of(prepared, files, trial=_trial(prepared, progress), progress=progress)
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


def _claim(text: str, prepared: Prepared) -> dict[str, Any]:
    """What makes this run this run: study, version, seed, numbers read."""
    return {
        "schema": SCHEMA,
        "pdcraft": pdcraft.__version__,
        "study_sha256": sha256(text.encode()),
        "numbers_sha256": numbers_sha256(prepared),
        "seed": prepared.study.study.seed,
        "patients_per_cohort": prepared.study.study.patients,
    }


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


def _trial(prepared: Prepared, progress: Progress) -> results.Rows:
    """One path of the design on the virtual patients, with the reason of every decision."""
    spec = prepared.study.trial
    if spec is None:
        return []
    progress("trial", 0, 1)
    by_name = {c.name: c for c in prepared.study.cohort}
    levels = [by_name[name] for name in spec.cohorts]
    choices = Choices(target=spec.target, patients=spec.patients)
    if spec.design == "3+3":
        choices = replace(choices, variant=spec.variant)
    design = design_named(spec.design, levels=len(levels), choices=choices)

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
    total = [total_given(prepared, c) for c in levels]
    return [
        [levels[c.level - 1].name, total[c.level - 1], c.n, c.dlt, c.decision, c.reason]
        for c in result.cohorts
    ]


def _manifest(
    claim: dict[str, Any], prepared: Prepared, folder: Path, tables: dict[str, results.Table]
) -> bytes:
    study, drug = prepared.study, prepared.plan.agent.payload.drug
    validity = tables["validity"][1]
    cohorts = [
        {
            "name": c.name,
            "label": c.name,
            "dose": [d.given.value / study.unit.factor for d in c.doses],
            "day": [d.at / 24.0 for d in c.doses],
            "total": total_given(prepared, c),
            "n": study.study.patients,
        }
        for c in study.cohort
    ]
    arrays = sorted((folder / "arrays").rglob("*.npz"))
    versions = ("jax", "jaxlib", "equinox", "diffrax", "numpy", "scipy", "radioactivedecay",
                "icrp107-database")  # fmt: skip
    return as_json({
        **claim,
        "complete": True,
        "study": {
            "name": study.study.name, "title": study.study.title,
            "agent": prepared.plan.agent.name, "dose_unit": study.unit.unit,
            "drug": drug.name if drug else "", "species": study.study.species,
            "disease": study.study.disease, "xenograft": study.study.xenograft or "",
            "seed": study.study.seed, "patients_per_cohort": study.study.patients,
            "days": study.study.follow_up / 24.0, "ctcae": study.assessment.ctcae,
            "design": study.trial.design if study.trial else "",
            "visit_every_d": study.assessment.visit_every / 24.0,
            "infusion_h": study.kinetics.infusion,
            "draws": study.uncertainty.draws,
        },
        "cohorts": cohorts,
        "warnings": [{"where": r[0], "message": r[1]} for r in validity],
        "libraries": {name: importlib.metadata.version(name) for name in versions},
        "tables": {f"{n}.csv": sha256(results.to_csv(t)) for n, t in sorted(tables.items())},
        "arrays": {str(p.relative_to(folder)): sha256(p.read_bytes()) for p in arrays},
    })  # fmt: skip
