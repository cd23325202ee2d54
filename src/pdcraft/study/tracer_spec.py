"""patient.toml → `TracerStudy`: one patient, what he was given, and what is planned."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from pdcraft.domain.errors import InputError
from pdcraft.study.kinetics_spec import KineticsTable
from pdcraft.study.spec import DoseTable, Study, study_text
from pdcraft.study.toml_table import (
    AbsorbedDose,
    Activity,
    Length,
    Mass,
    Time,
    TomlTable,
    table_from_text,
)

_FOLLOWED_h = 84 * 24.0


class PatientTable(TomlTable):
    """Whose body it is."""

    sex: Literal["male", "female"]
    body_mass: Mass
    height: Length
    disease: str = "multiple_myeloma"


class TracerTable(TomlTable):
    """What was given for the measurements, at 0 h."""

    agent: str
    activity: Activity
    infusion: Time = 0.0
    draws: int = Field(default=1000, ge=100, le=10_000)
    seed: int = Field(default=0, ge=0, lt=2**63)


class TherapyTable(TomlTable):
    """What is planned. Its infusion is that of [kinetics]."""

    agent: str
    payload: str | None = None
    doses: tuple[DoseTable, ...] = Field(min_length=1)


class TracerStudy(TomlTable):
    """A whole file of one patient."""

    patient: PatientTable
    tracer: TracerTable
    therapy: TherapyTable
    kinetics: KineticsTable = KineticsTable()
    limits: dict[str, AbsorbedDose] = Field(default_factory=dict)
    parameters: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _hangs_together(self) -> TracerStudy:
        if self.tracer.activity.dimension != "activity":
            raise InputError(
                f"tracer.activity is in {self.tracer.activity.unit}; give what the patient got, as "
                'activity = "185 MBq".'
            )
        if any(dose.activity is None for dose in self.therapy.doses):
            raise InputError("therapy.doses are activities: a drug leaves no absorbed dose.")
        return self

    @property
    def study(self) -> Study:
        """The therapy as a study of one cohort."""
        last = self.therapy.doses[-1].at
        return Study.model_validate({
            "study": {
                "name": "one_patient", "agent": self.therapy.agent,
                "payload": self.therapy.payload, "disease": self.patient.disease, "patients": 1,
                "follow_up": f"{last + _FOLLOWED_h:g} h",
            },
            "cohort": [{
                "name": "planned",
                "doses": [
                    {"at": f"{d.at:g} h", "activity": d.activity} for d in self.therapy.doses
                ],
            }],
            "kinetics": self.kinetics, "parameters": self.parameters,
        })  # fmt: skip


def is_of_one_patient(path: str | Path) -> bool:
    """Whether a TOML file has a table [tracer]."""
    try:
        return "tracer" in tomllib.loads(study_text(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: is not TOML: {error}.") from error


def read_tracer(path: str | Path) -> TracerStudy:
    """The patient and the plan that a file describes.

    Raises
    ------
    InputError
        Naming file, key, what is wrong and what would be right; every fault in the file at once.
    """
    return table_from_text(TracerStudy, study_text(path), str(path))
