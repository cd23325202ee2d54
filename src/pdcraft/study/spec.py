"""study.toml ⇄ `Study`: what a person may say about a simulation, checked key by key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from pdcraft.domain.errors import InputError, unknown
from pdcraft.study.kinetics_spec import KineticsTable, PopulationTable
from pdcraft.study.toml_table import (
    Activity,
    Count,
    DrugMass,
    Given,
    Span,
    Time,
    TomlTable,
    table_from_text,
)


class StudyTable(TomlTable):
    """What is simulated."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]+$")
    title: str = ""
    agent: str
    payload: str | None = None
    species: Literal["human", "mouse"] = "human"
    disease: str = "multiple_myeloma"
    xenograft: str | None = None
    patients: int = Field(default=1000, ge=1, le=10_000_000)
    follow_up: Span = 180 * 24.0
    seed: int = Field(default=0, ge=0, lt=2**63)


class DoseTable(TomlTable):
    """One administration: an activity, or for a cytotoxic the mass of the drug on the carrier."""

    at: Time = 0.0
    activity: Activity | None = None
    mass: DrugMass | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> DoseTable:
        if (self.activity is None) == (self.mass is None):
            raise InputError(
                'a dose is an activity, as activity = "12.5 mCi/m2", or for a cytotoxic payload a '
                'mass of drug, as mass = "100 mg/m2": one of them.'
            )
        return self

    @property
    def given(self) -> Given:
        """The activity or the mass."""
        return self.activity or self.mass  # type: ignore[return-value]


class CohortTable(TomlTable):
    """Patients who get the same doses."""

    name: str = Field(min_length=1)
    doses: tuple[DoseTable, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> CohortTable:
        for before, after in zip(self.doses, self.doses[1:], strict=False):
            if after.at < before.at:
                raise InputError(
                    f"cohort '{self.name}' has a dose on day {after.at / 24:g} after one on day "
                    f"{before.at / 24:g}. List the doses in order of time."
                )
        return self


class AssessmentTable(TomlTable):
    """How patients are looked at."""

    ctcae: Literal["5.0", "6.0"] = "5.0"
    visit_every: Span = 28 * 24.0
    complications: tuple[str, ...] = ()


class UncertaintyTable(TomlTable):
    """Whether patients live with typical values, or in draws of what calibration left undecided."""

    draws: int = Field(default=0, ge=0, le=200)


class ParameterTable(TomlTable):
    """A typical value in place of the library's: a number, or one that is known to a CV only."""

    value: float
    cv: float = Field(default=0.0, ge=0.0, le=10.0)

    @model_validator(mode="after")
    def _log_normal(self) -> ParameterTable:
        if self.cv and self.value <= 0.0:
            raise InputError(
                f"value = {self.value:g} with a cv: what it may be is log-normal, so it must be "
                "greater than 0."
            )
        return self


def _number_or_table(given: object) -> object:
    return {"value": given} if isinstance(given, (int, float)) else given


OneParameter = Annotated[ParameterTable, BeforeValidator(_number_or_table)]


class RuleTable(TomlTable):
    """One way to have a dose-limiting toxicity."""

    lineage: Literal["platelets", "neutrophils"]
    below: Count
    for_at_least: Time


class ToxicityTable(TomlTable):
    """When a patient has a dose-limiting toxicity."""

    window: Span = 56 * 24.0
    rules: tuple[RuleTable, ...] = ()


class TrialTable(TomlTable):
    """One dose-escalation trial on virtual patients."""

    design: Literal["3+3", "boin", "keyboard", "mtpi", "mtpi-2", "i3+3"] = "3+3"
    variant: Literal["A", "B", "C"] = "A"
    target: float = Field(default=0.25, gt=0.0, lt=1.0)
    patients: int = Field(default=30, ge=3)
    cohorts: tuple[str, ...] = Field(min_length=1)


class Study(TomlTable):
    """A whole study file."""

    study: StudyTable
    cohort: tuple[CohortTable, ...]
    kinetics: KineticsTable = KineticsTable()
    population: PopulationTable = PopulationTable()
    assessment: AssessmentTable = AssessmentTable()
    dose_limiting_toxicity: ToxicityTable = ToxicityTable()
    uncertainty: UncertaintyTable = UncertaintyTable()
    trial: TrialTable | None = None
    parameters: dict[str, OneParameter] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _hangs_together(self) -> Study:
        if not self.cohort:
            raise InputError("there is no cohort. Add at least one [[cohort]] with doses.")
        names = [c.name for c in self.cohort]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise InputError(f"cohort name '{twice[0]}' stands twice. Give each cohort its own.")
        self._doses_agree()
        if self.study.species == "mouse":
            self._kinetics_of_mice()
        for cohort in self.cohort:
            if cohort.doses and cohort.doses[-1].at >= self.study.follow_up:
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
        human = self.study.species == "human"
        if self.assessment.complications and not human:
            raise InputError(
                "assessment.complications are those of patients: no tolerance of a mouse's organ "
                "is on the shelf. Leave them out."
            )
        uncertain = [name for name, given in self.parameters.items() if given.cv]
        if uncertain and not (human and self.uncertainty.draws > 1):
            raise InputError(
                f"parameters.{uncertain[0]} has a cv, and nothing is drawn from it: "
                + ("ask for draws, as [uncertainty] draws = 50, or leave the cv away." if human
                   else "mice live with typical values; give a number.")
            )  # fmt: skip
        if human and self.dose_limiting_toxicity.window > self.study.follow_up:
            raise InputError(
                f"dose_limiting_toxicity.window = {self.dose_limiting_toxicity.window / 24:g} d is "
                f"longer than study.follow_up = {self.study.follow_up / 24:g} d. Follow patients "
                "at least as long as the window."
            )
        return self

    def _kinetics_of_mice(self) -> None:
        """Refuse what the kinetics of a mouse do not know."""
        for key, foreign in (
            ("lesion", self.kinetics.lesion),
            ("model", self.kinetics.model != "pbpk"),
        ):
            if foreign:
                raise InputError(
                    f"kinetics.{key} is for patients: a mouse has its xenograft for a lesion and "
                    'moves the carrier by model = "pbpk". Leave it out.'
                )

    def _doses_agree(self) -> None:
        """Refuse patients without doses, and doses of different kinds."""
        mouse = self.study.species == "mouse"
        for cohort in self.cohort:
            if not cohort.doses and not mouse:
                raise InputError(
                    f"cohort '{cohort.name}' has no doses. List at least one, as "
                    'doses = [{ at = "0 d", activity = "12.5 mCi/m2" }].'
                )
        kinds = {d.given.dimension: d.given.unit for c in self.cohort for d in c.doses}
        if len(kinds) != 1:
            raise InputError(
                f"doses are given in {', '.join(kinds.values()) or 'no unit'}. Give all doses of a "
                "study in one kind of unit, at least in one cohort."
            )
        if mouse and "surface" in next(iter(kinds)):
            raise InputError(
                f"doses are given in {next(iter(kinds.values()))}; a mouse is dosed by itself or "
                'by its mass. Write activity = "5 MBq" or "200 MBq/kg"; of a drug '
                'mass = "20 mg/kg".'
            )
        if mouse == (self.study.xenograft is None):
            raise InputError(
                'a study of mice names its tumour, as xenograft = "a2780"; patients have a '
                "disease and no xenograft."
            )

    @property
    def unit(self) -> Given:
        """The first dose: its dimension and unit are those of the study."""
        return next(d.given for c in self.cohort for d in c.doses)


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
    return table_from_text(Study, text, name)
