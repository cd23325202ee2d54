"""Virtual patients of a trial file, to be treated from Python."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pdcraft.study import trial_shards
from pdcraft.study.shards import SHARD
from pdcraft.study.spec import study_text
from pdcraft.study.trial_data import PoolData
from pdcraft.study.trial_prepare import TrialPlan, trial_plan
from pdcraft.study.trial_spec import trial_from_text
from pdcraft.trial import DLT, AbstractPatients, NextDose, Outcomes, Schedule


@dataclass(frozen=True)
class VirtualPatients(AbstractPatients):
    """The first patients of a trial file's population.

    Attributes
    ----------
    plan
        The river, and what the file says.
    n
        How many.
    """

    plan: TrialPlan
    n: int

    def outcomes(self, dose: tuple[Schedule, ...], *, dlt: DLT, next_dose: NextDose) -> Outcomes:
        """What becomes of each of them under each schedule, by the river."""
        rules = tuple((next_dose,) * (len(s.amounts) - 1) for s in dose)
        plan = replace(self.plan, schedules=dose, next_dose=rules, dlt=dlt)
        kept = []
        for level in range(len(dose)):
            parts = [trial_shards.compute(plan, level, k) for k in range(-(-self.n // SHARD))]
            kept.append({k: np.concatenate([p[k] for p in parts])[: self.n] for k in parts[0]})
        return PoolData(plan, tuple(kept)).outcomes([s.name for s in dose])


def virtual_patients(trial_file: str | Path, n: int, *, disease: str = "") -> VirtualPatients:
    """Patients of a trial file, of its first disease unless another is named.

    Raises
    ------
    InputError, MissingError
        If the file is not right.
    """
    study = trial_from_text(study_text(trial_file), str(trial_file))
    return VirtualPatients(trial_plan(study, disease or study.study.diseases[0], {}), n)
