"""The corridor: the only room that knows the order of the others.

In: a study file. Out: a results folder, or, patient by patient, a `Course`.
`course.py` is the river in fifteen lines; `spec.py` what a study file may say; `prepare.py` turns
it into models, population and regimens; `shards.py` and `workers.py` compute patients and keep
them; `results.py` makes tables of them; `run.py` does it all and survives being interrupted.
Files whose names begin with ``trial_`` do the same for ``pdcraft trial``, `trial_run.py` all of it.
"""

from __future__ import annotations

from pathlib import Path

import jax.numpy as jnp

from pdcraft.domain import Patient
from pdcraft.study.assumptions import cited
from pdcraft.study.course import Plan, treat
from pdcraft.study.prepare import Prepared, prepare
from pdcraft.study.reference import DOSIMETRY_STUDY, reference_patient
from pdcraft.study.run import run
from pdcraft.study.spec import Study, read_study, study_from_text
from pdcraft.study.trial_run import run_trial
from pdcraft.study.trial_spec import TrialStudy, read_trial, trial_from_text
from pdcraft.study.virtual_patients import virtual_patients

__all__ = [
    "DOSIMETRY_STUDY", "Plan", "Prepared", "Study", "TrialStudy", "patients", "plan", "prepare",
    "read_study", "read_trial", "reference_patient", "run", "run_trial", "study_from_text", "treat",
    "trial_from_text", "virtual_patients", "works_cited",
]  # fmt: skip


def plan(study: Study | str | Path) -> Plan:
    """The models that a study chooses, ready for `treat`."""
    return prepare(study if isinstance(study, Study) else read_study(study)).plan


def patients(study: Study | str | Path, n: int) -> Patient:
    """The first ``n`` virtual patients of a study, with a leading axis."""
    prepared = prepare(study if isinstance(study, Study) else read_study(study))
    return prepared.population.draw(jnp.arange(n))


def works_cited(study: Study) -> set[str]:
    """Keys of ``SOURCES.bib`` that a study rests on."""
    return cited(prepare(study))
