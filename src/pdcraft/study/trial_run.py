"""A trial file becomes a results folder: patients by shards, then trials, then tables."""

from __future__ import annotations

import importlib.metadata
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pdcraft
from pdcraft import library
from pdcraft.domain import InputError, PdcraftError, ValidityWarning
from pdcraft.study import results, shards
from pdcraft.study.assumptions import assumption_rows, cited, validity_rows
from pdcraft.study.claim import as_json, claimed, numbers_sha256, sha256
from pdcraft.study.results import Rows, Table
from pdcraft.study.spec import study_text
from pdcraft.study.trial_assumptions import own_assumptions
from pdcraft.study.trial_comparison import BASE, EFFECTS, SEEN, effect_rows, seen_rows
from pdcraft.study.trial_data import PoolData
from pdcraft.study.trial_escalation import escalation_designs, escalation_tables
from pdcraft.study.trial_levels import DLT_RULES, LEVELS, level_rows, rule_rows
from pdcraft.study.trial_optimisation import optimisation_tables
from pdcraft.study.trial_phase2 import CURVES, PHASE2, curve_rows, phase2_rows, simon_of
from pdcraft.study.trial_prepare import TrialPlan
from pdcraft.study.trial_spec import TrialStudy, trial_from_text
from pdcraft.study.trial_workers import Task, Whose, each, plan_of
from pdcraft.trial import Pool

SCHEMA = 2
Progress = Callable[[str, int, int], None]


def run_trial(
    trial_file: str | Path,
    *,
    out: str | Path | None = None,
    patients: int | None = None,
    trials: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    resume: bool = False,
    progress: Progress = lambda what, done, total: None,
) -> Path:
    """Simulate the trials of a file and leave their results in a folder.

    Parameters
    ----------
    trial_file
        Its TOML file.
    out
        Results folder; by default ``results/<study name>``.
    patients, trials, seed
        Instead of what the file says; ``patients`` also bounds those of the scenarios.
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
        If the file is not right, or the folder holds something else. Nothing is overwritten.
    """
    text = study_text(trial_file)
    study = _changed(trial_from_text(text, str(trial_file)), patients, trials, seed)
    if threads < 1:
        raise InputError(f"threads = {threads} must be 1 or more.")
    folder = Path(out) if out else Path("results") / study.study.name
    try:
        plans: dict[Whose, TrialPlan] = {}
        for whose in _pools(study):
            plans[whose] = plan_of(study, whose, plans.get(Whose(whose.disease)))
        _check(study, next(iter(plans.values())))
    except PdcraftError as error:
        raise type(error)(f"{trial_file}: {error}") from error
    claim = _claim(text, study, plans)
    if claimed(folder, claim, resume=resume):
        return folder
    shards.write_whole(folder / "study.toml", text.encode())
    pools = _compute(study, plans, folder, threads, progress)
    progress("trials", 0, 1)
    tables = _tables(study, plans, pools)
    for where, message, _ in tables["validity"][1]:
        warnings.warn(f"{where}: {message}", ValidityWarning, stacklevel=2)
    for name, table in tables.items():
        shards.write_whole(folder / "tables" / f"{name}.csv", results.to_csv(table))
    keys = set().union(*(cited(plan.river) for plan in plans.values()))
    shards.write_whole(folder / "sources.bib", library.cite(keys).encode())
    shards.write_whole(folder / "manifest.json", _manifest(claim, study, plans, folder, tables))
    progress("run", 1, 1)
    return folder


def _changed(
    study: TrialStudy, patients: int | None, trials: int | None, seed: int | None
) -> TrialStudy:
    for key, value, least in (
        ("patients", patients, 10),
        ("trials", trials, 20),
        ("seed", seed, 0),
    ):
        if value is not None and value < least:
            raise InputError(f"{key} = {value} must be {least} or more.")
    head = {k: v for k, v in {"patients": patients, "seed": seed}.items() if v is not None}
    update: dict[str, Any] = {"study": study.study.model_copy(update=head)}
    for name in ("escalation", "comparison", "phase2", "optimisation"):
        part = getattr(study, name)
        if part is not None and trials is not None:
            update[name] = part.model_copy(update={"trials": trials})
    return study.model_copy(update=update)


def _pools(study: TrialStudy) -> list[Whose]:
    """Pools of patients: every disease, and every scenario where regimens are compared."""
    scenarios = [s.name for s in study.scenario] if _pairs(study) else []
    return [Whose(d, s) for d in study.study.diseases for s in ("", *scenarios)]


def _check(study: TrialStudy, plan: TrialPlan) -> None:
    """Refuse designs that cannot be and pools that are too small, before patients are simulated."""
    escalation_designs(plan, study)
    patients, seed = study.study.patients, study.study.seed
    if study.comparison:
        Pool(patients, 2 * study.comparison.per_arm, seed)
    if study.phase2:
        Pool(patients, simon_of(study.phase2).n, seed)
    if study.optimisation:
        most = max(study.optimisation.per_arm, default=1)
        Pool(patients, len(study.optimisation.regimens) * most, seed)


def _pairs(study: TrialStudy) -> list[tuple[str, str]]:
    """Regimens compared in the same patients."""
    pairs: list[tuple[str, str]] = []
    if study.comparison:
        pairs += [(study.comparison.reference, other) for other in study.comparison.others]
    if study.phase2 and study.phase2.with_second_course:
        pairs += [(study.phase2.regimen, study.phase2.with_second_course)]
    return pairs


def _claim(text: str, study: TrialStudy, plans: dict[Whose, TrialPlan]) -> dict[str, Any]:
    """What makes this run this run."""
    numbers = "".join(numbers_sha256(plan.river) for plan in plans.values())
    asked = (study.escalation, study.comparison, study.phase2, study.optimisation)
    return {
        "schema": SCHEMA, "kind": "trial", "pdcraft": pdcraft.__version__,
        "study_sha256": sha256(text.encode()), "numbers_sha256": sha256(numbers.encode()),
        "seed": study.study.seed, "patients_per_level": study.study.patients,
        "trials": max(a.trials for a in asked if a is not None),
    }  # fmt: skip


def _levels_of(study: TrialStudy, whose: Whose) -> list[int]:
    """Levels simulated for a pool: all, or for a scenario those that are compared."""
    names = {name for pair in _pairs(study) for name in pair}
    return [i for i, name in enumerate(study.names) if not whose.scenario or name in names]


def _compute(
    study: TrialStudy,
    plans: dict[Whose, TrialPlan],
    folder: Path,
    threads: int,
    progress: Progress,
) -> dict[Whose, PoolData]:
    """Every shard of every level and pool, computed or found."""
    files: dict[Whose, list[list[Path]]] = {}
    tasks: list[Task] = []
    for number, (whose, plan) in enumerate(plans.items(), start=1):
        count = -(-plan.study.study.patients // shards.SHARD)
        files[whose] = [[] for _ in study.level]
        for level in _levels_of(study, whose):
            place = folder / "arrays" / f"pool-{number}" / f"level-{level + 1}"
            files[whose][level] = [place / f"shard-{k:05d}.npz" for k in range(count)]
            tasks += [Task(whose, level, k, p) for k, p in enumerate(files[whose][level])]
    todo = _alternating([task for task in tasks if not task.path.exists()])
    done = len(tasks) - len(todo)
    progress("patients", done, len(tasks))
    for _ in each(study, plans, todo, threads):
        done += 1
        progress("patients", done, len(tasks))
    return {whose: PoolData.of_files(plans[whose], files[whose]) for whose in plans}


def _alternating(tasks: list[Task]) -> list[Task]:
    """One task of every disease, then another: processes compile different programs, and share."""
    turn: Counter[str] = Counter()
    order = []
    for task in tasks:
        order.append(turn[task.whose.disease])
        turn[task.whose.disease] += 1
    return [tasks[i] for i in sorted(range(len(tasks)), key=order.__getitem__)]


def _tables(
    study: TrialStudy, plans: dict[Whose, TrialPlan], pools: dict[Whose, PoolData]
) -> dict[str, Table]:
    base = [data for whose, data in pools.items() if not whose.scenario]
    tables: dict[str, Table] = {
        "levels": (LEVELS, _all(level_rows(d) for d in base)),
        "dlt_rules": (DLT_RULES, _all(rule_rows(d) for d in base)),
        "effects": (EFFECTS, _effects(study, pools)),
        "seen": (SEEN, _all(seen_rows(d, study) for d in base)),
        "phase2": (PHASE2, _all(phase2_rows(d, study) for d in base)),
        "km": (CURVES, _all(curve_rows(d, _shown(study)) for d in base)),
    }  # fmt: skip
    escalation, said = escalation_tables(base[0], study)
    tables |= escalation | optimisation_tables(base[0], study)
    tables["assumptions"] = (results.COLUMNS["assumptions"], _assumptions(study, plans))
    validity: Rows = _all(validity_rows(d.plan.river) for d in base)
    validity += _said(said)
    tables = {name: table for name, table in tables.items() if table[1]}
    tables["validity"] = (results.COLUMNS["validity"], _once(validity))
    return tables


def _said(messages: list[str]) -> Rows:
    """Warnings of designs as rows of ``validity.csv``."""
    return [["design", message, ""] for message in messages]


def _effects(study: TrialStudy, pools: dict[Whose, PoolData]) -> Rows:
    return _all(
        effect_rows(data, a, b, scenario=whose.scenario or BASE)
        for whose, data in pools.items()
        for a, b in _pairs(study)
    )


def _shown(study: TrialStudy) -> tuple[str, ...]:
    """Levels whose curves of survival are drawn."""
    return tuple(dict.fromkeys(name for pair in _pairs(study) for name in pair))


def _assumptions(study: TrialStudy, plans: dict[Whose, TrialPlan]) -> Rows:
    rows: Rows = own_assumptions(study, next(iter(plans.values())))
    for whose, plan in plans.items():
        if not whose.scenario:
            rows += [
                row for row in assumption_rows(plan.river)
                if not str(row[0]).startswith("dose_limiting_toxicity")
            ]  # fmt: skip
    return _once(rows)


def _all(parts: Iterable[Rows]) -> Rows:
    return [row for part in parts for row in part]


def _once(rows: Rows) -> Rows:
    """Every row once, in order."""
    different: dict[tuple[object, ...], list[object]] = {tuple(row): row for row in rows}
    return list(different.values())


def _manifest(
    claim: dict[str, Any],
    study: TrialStudy,
    plans: dict[Whose, TrialPlan],
    folder: Path,
    tables: dict[str, Table],
) -> bytes:
    head = study.study
    arrays = sorted((folder / "arrays").rglob("*.npz"))
    versions = ("jax", "jaxlib", "equinox", "numpy", "scipy", "radioactivedecay")
    parts = ("escalation", "comparison", "phase2", "optimisation")
    return as_json({
        **claim, "complete": True,
        "study": {
            "name": head.name, "title": head.title,
            "agent": next(iter(plans.values())).river.plan.agent.name,
            "diseases": list(head.diseases), "seed": head.seed, "patients": head.patients,
            "days": head.follow_up / 24.0, "ctcae": study.assessment.ctcae,
            "window_d": study.dose_limiting_toxicity.window / 24.0,
            "asked": {n: getattr(study, n).model_dump(mode="json")
                      for n in parts if getattr(study, n) is not None},
            "accrual": study.accrual.model_dump(mode="json") if study.accrual else None,
            "scenarios": [s.model_dump(mode="json") for s in study.scenario],
        },
        "warnings": [{"where": r[0], "message": r[1]} for r in tables["validity"][1]],
        "libraries": {name: importlib.metadata.version(name) for name in versions},
        "tables": {f"{n}.csv": sha256(results.to_csv(t)) for n, t in sorted(tables.items())},
        "arrays": {str(p.relative_to(folder)): sha256(p.read_bytes()) for p in arrays},
    })  # fmt: skip
