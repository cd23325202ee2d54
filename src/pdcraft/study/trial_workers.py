"""Shards of a trial's pool, for every disease and scenario, on one process or several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pdcraft.study import trial_shards, workers
from pdcraft.study.trial_prepare import TrialPlan, trial_plan, with_parameters
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


def plan_of(study: TrialStudy, whose: Whose, base: TrialPlan | None = None) -> TrialPlan:
    """Everything for one pool; a scenario's size and numbers are put into the plan of its disease.

    Raises
    ------
    MissingError, InputError
        If a name is not in the library, or a number is missing.
    """
    scenario = next((s for s in study.scenario if s.name == whose.scenario), None)
    base = trial_plan(study, whose.disease, {}) if base is None else base
    if scenario is None:
        return base
    head = study.study.model_copy(update={"patients": min(study.study.patients, scenario.patients)})
    library = base.river.parameters.merged(base.river.engine_parameters)
    scaled = {name: factor * library[name].value for name, factor in scenario.factors.items()}
    changed = {**scenario.parameters, **scaled}
    return with_parameters(base, study.model_copy(update={"study": head}), changed, scenario.draws)


def each(
    study: TrialStudy, plans: dict[Whose, TrialPlan], tasks: Sequence[Task], processes: int
) -> Iterator[None]:
    """Compute and save every shard; yields after each, in order."""
    if processes == 1 or len(tasks) < 2:
        with workers.keeping_memory():
            for task in tasks:
                trial_shards.save(plans[task.whose], task.level, task.shard, task.path)
                yield
        return
    yield from workers.spread(_save, tasks, processes, begin=_begin, study=study)


def _begin(study: TrialStudy) -> None:
    _study.append(study)


def _save(task: Task) -> None:
    if task.whose not in _mine:
        first = Whose(task.whose.disease)
        if first not in _mine:
            _mine[first] = plan_of(_study[0], first)
        _mine[task.whose] = plan_of(_study[0], task.whose, _mine[first])
    trial_shards.save(_mine[task.whose], task.level, task.shard, task.path)
