"""Shards of a trial's pool, for every disease and scenario, on one process or several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pdcraft.study import trial_shards, workers
from pdcraft.study.trial_prepare import TrialPlan, trial_plan
from pdcraft.study.trial_spec import TrialStudy


class Whose(NamedTuple):
    """A pool of patients: their disease, and the scenario, empty for the library's numbers."""

    disease: str
    scenario: str = ""


class Task(NamedTuple):
    """One shard of one level, and the file that keeps it; counted from 0."""

    whose: Whose
    level: int
    shard: int
    path: Path


_mine: dict[Whose, TrialPlan] = {}  # what this process prepared
_study: list[TrialStudy] = []


def plan_of(study: TrialStudy, whose: Whose) -> TrialPlan:
    """Everything for one pool, its size and parameters by the scenario."""
    scenario = next((s for s in study.scenario if s.name == whose.scenario), None)
    if scenario is None:
        return trial_plan(study, whose.disease, {})
    head = study.study.model_copy(update={"patients": min(study.study.patients, scenario.patients)})
    fewer = study.model_copy(update={"study": head})
    return trial_plan(fewer, whose.disease, scenario.parameters)


def each(
    study: TrialStudy, plans: dict[Whose, TrialPlan], tasks: Sequence[Task], processes: int
) -> Iterator[None]:
    """Compute and save every shard; yields after each, in order."""
    if processes == 1 or len(tasks) < 2:
        for task in tasks:
            trial_shards.save(plans[task.whose], task.level, task.shard, task.path)
            yield
        return
    yield from workers.spread(_save, tasks, processes, begin=_begin, study=study)


def _begin(study: TrialStudy) -> None:
    _study.append(study)


def _save(task: Task) -> None:
    if task.whose not in _mine:
        _mine[task.whose] = plan_of(_study[0], task.whose)
    trial_shards.save(_mine[task.whose], task.level, task.shard, task.path)
