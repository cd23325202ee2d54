"""study.toml ⇄ `Study`: what a person may say about a simulation, checked key by key."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.functional_validators import BeforeValidator

from pdcraft.domain.errors import InputError, unknown
from pdcraft.domain.units import read_quantity


def _quantity(dimension: str, *, above: float | None = None) -> BeforeValidator:
    def read(text: object) -> float:
        if isinstance(text, (int, float)) and not isinstance(text, bool):
            raise InputError(f"{text!r} has no unit. Write it as text with a unit of {dimension}.")
        value = read_quantity(str(text), dimension)
        if value < 0 or (above is not None and value <= above):
            raise InputError(f"'{text}' must be {'greater than 0' if above == 0 else '0 or more'}.")
        return value

    return BeforeValidator(read)


Time = Annotated[float, _quantity("time")]
Span = Annotated[float, _quantity("time", above=0.0)]
PerSurface = Annotated[float, _quantity("activity per body surface", above=0.0)]
Count = Annotated[float, _quantity("blood count", above=0.0)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class StudyTable(_Table):
    """What is simulated."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]+$")
    title: str = ""
    agent: str
    payload: str | None = None
    disease: str = "multiple_myeloma"
    patients: int = Field(default=1000, ge=1, le=10_000_000)
    follow_up: Span = 180 * 24.0
    seed: int = Field(default=0, ge=0, lt=2**63)


class DoseTable(_Table):
    """One administration."""

    at: Time = 0.0
    activity: PerSurface


class CohortTable(_Table):
    """Patients who get the same doses."""

    name: str = Field(min_length=1)
    doses: tuple[DoseTable, ...]

    @model_validator(mode="after")
    def _in_order(self) -> CohortTable:
        if not self.doses:
            raise InputError(
                f"cohort '{self.name}' has no doses. List at least one, as "
                'doses = [{ at = "0 d", activity = "12.5 mCi/m2" }].'
            )
        for before, after in zip(self.doses, self.doses[1:], strict=False):
            if after.at < before.at:
                raise InputError(
                    f"cohort '{self.name}' has a dose on day {after.at / 24:g} after one on day "
                    f"{before.at / 24:g}. List the doses in order of time."
                )
        return self


class KineticsTable(_Table):
    """How the molecule moves."""

    model: Literal["two_pool", "pbpk"] = "two_pool"
    infusion: Time = 0.5
    thyroid_blockade: float = Field(default=0.95, ge=0.0, le=1.0)


class AssessmentTable(_Table):
    """How patients are looked at."""

    ctcae: Literal["5.0", "6.0"] = "5.0"
    visit_every: Span = 28 * 24.0


class RuleTable(_Table):
    """One way to have a dose-limiting toxicity."""

    lineage: Literal["platelets", "neutrophils"]
    below: Count
    for_at_least: Time


class ToxicityTable(_Table):
    """When a patient has a dose-limiting toxicity."""

    window: Span = 56 * 24.0
    rules: tuple[RuleTable, ...] = ()


class TrialTable(_Table):
    """One dose-escalation trial on virtual patients."""

    design: Literal["3+3", "boin", "keyboard", "mtpi", "mtpi-2", "i3+3"] = "3+3"
    variant: Literal["A", "B", "C"] = "A"
    target: float = Field(default=0.25, gt=0.0, lt=1.0)
    patients: int = Field(default=30, ge=3)
    cohorts: tuple[str, ...] = Field(min_length=1)


class Study(_Table):
    """A whole study file."""

    study: StudyTable
    cohort: tuple[CohortTable, ...]
    kinetics: KineticsTable = KineticsTable()
    assessment: AssessmentTable = AssessmentTable()
    dose_limiting_toxicity: ToxicityTable = ToxicityTable()
    trial: TrialTable | None = None
    parameters: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _hangs_together(self) -> Study:
        if not self.cohort:
            raise InputError("there is no cohort. Add at least one [[cohort]] with doses.")
        names = [c.name for c in self.cohort]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise InputError(f"cohort name '{twice[0]}' stands twice. Give each cohort its own.")
        for cohort in self.cohort:
            if cohort.doses[-1].at >= self.study.follow_up:
                raise InputError(
                    f"cohort '{cohort.name}' has a dose on day {cohort.doses[-1].at / 24:g}, at or "
                    f"after the end of follow-up on day {self.study.follow_up / 24:g}."
                )
        for name in self.trial.cohorts if self.trial else ():
            if name not in names:
                raise InputError(f"trial.cohorts: {unknown('Cohort', name, names)}")
        if self.trial and not self.dose_limiting_toxicity.rules:
            raise InputError(
                "a trial needs [dose_limiting_toxicity] rules; there are none. "
                "Without them nobody could have a toxicity that stops escalation."
            )
        if self.dose_limiting_toxicity.window > self.study.follow_up:
            raise InputError(
                f"dose_limiting_toxicity.window = {self.dose_limiting_toxicity.window / 24:g} d is "
                f"longer than study.follow_up = {self.study.follow_up / 24:g} d. Follow patients "
                "at least as long as the window."
            )
        return self


def read_study(path: str | Path) -> Study:
    """A study from its TOML file.

    Raises
    ------
    InputError
        Naming file, key, what is wrong and what would be right; every fault in the file at once.
    """
    return study_from_text(study_text(path), str(path))


def study_text(path: str | Path) -> str:
    """Text of a study file, as it stands."""
    try:
        return Path(path).read_text("utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}). Check the name.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not text in UTF-8 ({error.reason}).") from error


def study_from_text(text: str, name: str = "study.toml") -> Study:
    """A study from TOML text; ``name`` is what messages call it."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{name}: is not TOML: {error}.") from error
    try:
        return Study.model_validate(table)
    except ValidationError as error:
        raise InputError(
            "\n".join(f"{name}: {_sentence(e, table)}" for e in error.errors())
        ) from error


_FIELDS: dict[str, type[BaseModel]] = {
    "": Study, "study": StudyTable, "cohort": CohortTable, "doses": DoseTable, "trial": TrialTable,
    "kinetics": KineticsTable, "assessment": AssessmentTable, "rules": RuleTable,
    "dose_limiting_toxicity": ToxicityTable,
}  # fmt: skip


def _sentence(error: Any, table: dict[str, Any]) -> str:
    """One line of a pydantic error in our form: key, what is wrong, what would be right."""
    place = error["loc"]
    key = _key(place)
    kind, said = error["type"], error["msg"]
    if kind == "extra_forbidden":
        parent = next((p for p in reversed(place[:-1]) if isinstance(p, str)), "")
        model = _FIELDS.get(parent)
        known = list(model.model_fields) if model else []
        return f"{_key(place[:-1]) or 'the file'}: {unknown('Key', str(place[-1]), known)}"
    if kind == "missing":
        return f"{key} is missing. Add it."
    if kind == "value_error":
        return f"{key + ': ' if key else ''}{error['ctx']['error']!s}"
    if kind == "literal_error":
        return f"{key} = {error['input']!r} is not known. Known: {error['ctx']['expected']}."
    return f"{key} = {error['input']!r}: {said[0].lower()}{said[1:]}."


def _key(place: tuple[str | int, ...]) -> str:
    """``("cohort", 0, "doses", 1)`` as ``cohort[1].doses[2]`` (counted from 1)."""
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
