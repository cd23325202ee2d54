"""trial.toml ⇄ `TrialStudy`: what a person may say about a trial on virtual patients."""

from __future__ import annotations

import itertools
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from pdcraft.domain.errors import InputError, unknown
from pdcraft.domain.units import dimension_of, read_quantity
from pdcraft.study.kinetics_spec import KineticsTable, PopulationTable
from pdcraft.study.spec import AssessmentTable, study_text
from pdcraft.study.toml_table import Count, Share, Span, Time, TomlTable, table_from_text
from pdcraft.study.trial_design_spec import EscalationTable

DOSE_UNITS = {
    "activity per body surface": "mCi/m2", "activity per body mass": "MBq/kg",
    "activity": "MBq", "absorbed dose": "Gy",
}  # fmt: skip
"""Dimension of a level's amounts, and the unit in which reports give it."""


class TrialHeadTable(TomlTable):
    """What is simulated."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]+$")
    title: str = ""
    agent: str
    payload: str | None = None
    diseases: tuple[str, ...] = ("multiple_myeloma",)
    patients: int = Field(default=1000, ge=10, le=1_000_000)
    follow_up: Span = 180 * 24.0
    seed: int = Field(default=0, ge=0, lt=2**63)


class LevelDoseTable(TomlTable):
    """One planned dose, in the trial's own unit."""

    at: Time = 0.0
    amount: str
    when: str | None = None

    @field_validator("amount")
    @classmethod
    def _has_unit(cls, text: str) -> str:
        if dimension_of(text) not in DOSE_UNITS:
            raise InputError(
                f"'{text}' is no dose of a trial. Write it in mCi/m2, MBq/kg, MBq, or (a dose to a "
                "region, prescribed after a tracer) in Gy."
            )
        return text

    @property
    def dimension(self) -> str:
        """Dimension of the amount."""
        return dimension_of(self.amount)

    @property
    def value(self) -> float:
        """In the house unit of its dimension."""
        return read_quantity(self.amount, self.dimension)


class LevelTable(TomlTable):
    """A dose level or regimen."""

    name: str = Field(min_length=1)
    doses: tuple[LevelDoseTable, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _of_one_unit_and_in_order(self) -> LevelTable:
        if len({d.dimension for d in self.doses}) > 1:
            raise InputError(f"level '{self.name}' mixes units of dose. Use one for all its doses.")
        days = [d.at for d in self.doses]
        if days[0] != 0 or any(a >= b for a, b in itertools.pairwise(days)):
            raise InputError(
                f"level '{self.name}': its doses must begin on day 0 and follow one another."
            )
        if any(d.value <= 0 for d in self.doses):
            raise InputError(f"level '{self.name}' has a dose of 0. Leave it out.")
        return self


class PrescriptionTable(TomlTable):
    """How a dose in Gy is prescribed: to which region, by which tracer, how well measured."""

    region: str = "red marrow"
    tracer: str = "185 MBq"
    error: float = Field(default=0.0, ge=0.0, lt=2.0)

    @field_validator("tracer")
    @classmethod
    def _is_activity(cls, text: str) -> str:
        read_quantity(text, "activity")
        return text


class NextDoseTable(TomlTable):
    """When a dose after the first is given."""

    name: str = Field(min_length=1)
    platelets: Count | None = None
    neutrophils: Count | None = None
    latest_delay: Time = 0.0
    look_every: Span = 7 * 24.0

    @property
    def least(self) -> dict[str, float]:
        """Counts that are needed."""
        asked = {"platelets": self.platelets, "neutrophils": self.neutrophils}
        return {marker: count for marker, count in asked.items() if count is not None}


class TrialRuleTable(TomlTable):
    """One way to have a dose-limiting toxicity."""

    lineage: Literal["platelets", "neutrophils"] | None = None
    below: Count | None = None
    grade: Literal[3, 4] | None = None
    for_at_least: Time = 0.0
    not_back_to: Count | None = None
    by: Span | None = None
    next_dose_delayed_by_more_than: Time | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> TrialRuleTable:
        counts = [k for k in ("below", "grade", "not_back_to") if getattr(self, k) is not None]
        delay = self.next_dose_delayed_by_more_than is not None
        if delay == bool(counts) or len(counts) > 1:
            raise InputError(
                "a rule says one thing: below, grade, not_back_to (with by), or "
                "next_dose_delayed_by_more_than. Split it into several rules."
            )
        if counts and self.lineage is None:
            raise InputError("a rule on counts needs its lineage, platelets or neutrophils.")
        if ("not_back_to" in counts) != (self.by is not None):
            raise InputError("not_back_to and by go together: the count, and by which day.")
        return self


class TrialToxicityTable(TomlTable):
    """When a patient has a dose-limiting toxicity."""

    window: Span = 56 * 24.0
    rules: tuple[TrialRuleTable, ...] = Field(min_length=1)


class AccrualTable(TomlTable):
    """How patients come."""

    process: Literal["poisson", "regular"] = "poisson"
    per_month: float = Field(gt=0.0)
    sites: int = Field(default=1, ge=1)
    ramp_up: Time = 0.0

    @field_validator("per_month", mode="before")
    @classmethod
    def _somebody_comes(cls, value: float) -> float:
        if not float(value) > 0:
            raise InputError(
                f"per_month = {value} must be greater than 0: with no accrual the trial never "
                "ends. Give the patients that one site enrols in a month."
            )
        return value


class LeavingTable(TomlTable):
    """Patients who leave for other reasons than death."""

    per_month: float = Field(default=0.0, ge=0.0, lt=1.0)


class ComparisonTable(TomlTable):
    """Regimens compared on the same patients, and what a randomised trial would see."""

    reference: str
    others: tuple[str, ...] = Field(min_length=1)
    per_arm: int = Field(default=40, ge=2, le=100_000)
    trials: int = Field(default=1000, ge=20, le=1_000_000)


class PhaseTwoTable(TomlTable):
    """Single-arm trials by Simon's two stages, one for each disease."""

    regimen: str
    with_second_course: str | None = None
    uninteresting: Share = 0.10
    interesting: Share = 0.30
    alpha: Share = 0.05
    beta: Share = 0.20
    kind: Literal["optimal", "minimax"] = "optimal"
    response: Literal["MR", "PR", "VGPR"] = "PR"
    assessed_by: Span = 112 * 24.0
    trials: int = Field(default=1000, ge=20, le=1_000_000)

    @model_validator(mode="after")
    def _rises(self) -> PhaseTwoTable:
        if self.uninteresting >= self.interesting:
            raise InputError(
                f"uninteresting = {self.uninteresting:g} must be below interesting = "
                f"{self.interesting:g}."
            )
        return self


class OptimisationTable(TomlTable):
    """Randomised regimens with efficacy and toxicity, and BOIN12 on the same patients."""

    regimens: tuple[str, ...] = Field(min_length=2)
    per_arm: tuple[int, ...] = (20, 40)
    toxicity_limit: Share = 0.35
    efficacy_limit: Share = 0.20
    utility_neither: float = Field(default=40.0, ge=0.0, le=100.0)
    utility_both: float = Field(default=60.0, ge=0.0, le=100.0)
    response: Literal["MR", "PR", "VGPR"] = "PR"
    efficacy_by: Span = 112 * 24.0
    boin12_patients: int | None = Field(default=36, ge=3, le=200)
    trials: int = Field(default=1000, ge=20, le=1_000_000)


class ScenarioTable(TomlTable):
    """Other numbers of the library, to see how far conclusions rest on them.

    ``parameters`` replace the library's, ``factors`` multiply them (in every disease its own);
    with ``draws``, patients live in so many draws of what calibration left undecided.
    """

    name: str = Field(min_length=1)
    parameters: dict[str, float] = Field(default_factory=dict)
    factors: dict[str, Annotated[float, Field(gt=0.0)]] = Field(default_factory=dict)
    draws: int = Field(default=0, ge=0, le=200)
    patients: int = Field(default=250, ge=10, le=1_000_000)

    @model_validator(mode="after")
    def _changes_something(self) -> ScenarioTable:
        if not self.parameters and not self.factors and not self.draws:
            raise InputError(
                f"scenario '{self.name}' changes nothing. Give it parameters, factors or draws."
            )
        if 0 < self.draws and self.patients < 2 * self.draws:
            raise InputError(
                f"scenario '{self.name}': {self.patients} patients in {self.draws} draws are too "
                "few to tell draws from patients. Give at least two patients for each draw."
            )
        return self


class TrialStudy(TomlTable):
    """A whole trial file."""

    study: TrialHeadTable
    level: tuple[LevelTable, ...] = Field(min_length=1)
    dose_limiting_toxicity: TrialToxicityTable
    next_dose: tuple[NextDoseTable, ...] = ()
    prescription: PrescriptionTable = PrescriptionTable()
    accrual: AccrualTable | None = None
    leaving: LeavingTable = LeavingTable()
    kinetics: KineticsTable = KineticsTable()
    population: PopulationTable = PopulationTable()
    assessment: AssessmentTable = AssessmentTable()
    escalation: EscalationTable | None = None
    comparison: ComparisonTable | None = None
    phase2: PhaseTwoTable | None = None
    optimisation: OptimisationTable | None = None
    scenario: tuple[ScenarioTable, ...] = ()
    parameters: dict[str, float] = Field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the levels, in order."""
        return tuple(level.name for level in self.level)

    @model_validator(mode="after")
    def _hangs_together(self) -> TrialStudy:
        names = self.names
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise InputError(f"level name '{twice[0]}' stands twice. Give each level its own.")
        self._check_questions()
        if self.assessment.complications:
            raise InputError(
                "assessment.complications are reported by `pdcraft run`; trials ask for what "
                "happens within follow-up. Leave them out."
            )
        for key, name in self._levels_named():
            if name not in names:
                raise InputError(f"{key}: {unknown('Level', name, names)}")
        self._check_doses()
        self._check_times()
        return self

    def _check_questions(self) -> None:
        asked = [self.escalation, self.comparison, self.phase2, self.optimisation]
        if all(a is None for a in asked):
            raise InputError(
                "nothing is asked. Add [escalation], [comparison], [phase2] or [optimisation]."
            )
        timed = self.escalation or self.phase2 or self.optimisation
        if timed and self.accrual is None:
            raise InputError(
                "a trial takes place in time: add [accrual] with per_month, the patients that come "
                "in a month."
            )

    def _levels_named(self) -> list[tuple[str, str]]:
        """Every place where a level is named, with its key."""
        found = [
            ("escalation.levels", n) for n in (self.escalation.levels if self.escalation else ())
        ]
        if self.comparison:
            found += [("comparison.reference", self.comparison.reference)]
            found += [("comparison.others", n) for n in self.comparison.others]
        if self.phase2:
            found += [("phase2.regimen", self.phase2.regimen)]
            if self.phase2.with_second_course:
                found += [("phase2.with_second_course", self.phase2.with_second_course)]
        if self.optimisation:
            found += [("optimisation.regimens", n) for n in self.optimisation.regimens]
        return found

    def _check_doses(self) -> None:
        rules = [rule.name for rule in self.next_dose]
        for level in self.level:
            for dose in level.doses:
                if dose.when is not None and dose.when not in rules:
                    raise InputError(
                        f"level '{level.name}', when: {unknown('Rule', dose.when, rules)}"
                    )
            if level.doses[-1].at >= self.study.follow_up:
                raise InputError(
                    f"level '{level.name}' has a dose on day {level.doses[-1].at / 24:g}, at or "
                    f"after the end of follow-up on day {self.study.follow_up / 24:g}."
                )

    def _check_times(self) -> None:
        window, end = self.dose_limiting_toxicity.window, self.study.follow_up
        if window > end:
            raise InputError(
                f"dose_limiting_toxicity.window = {window / 24:g} d is longer than study.follow_up "
                f"= {end / 24:g} d. Follow patients at least as long as the window."
            )
        for design in self.escalation.design if self.escalation else ():
            if design.watch is not None and design.watch > window:
                raise InputError(
                    f"design '{design.label}' watches for {design.watch / 24:g} d, longer than "
                    f"dose_limiting_toxicity.window = {window / 24:g} d. Lengthen the window."
                )
        if self.phase2 and self.phase2.assessed_by > end:
            raise InputError("phase2.assessed_by is longer than study.follow_up. Follow longer.")
        if self.optimisation and self.optimisation.efficacy_by > end:
            raise InputError(
                "optimisation.efficacy_by is longer than study.follow_up. Follow longer."
            )


def trial_from_text(text: str, name: str = "trial.toml") -> TrialStudy:
    """A trial study from TOML text; ``name`` is what messages call it.

    Raises
    ------
    InputError
        Naming file, key, what is wrong and what would be right; every fault in the file at once.
    """
    return table_from_text(TrialStudy, text, name)


def read_trial(path: str) -> TrialStudy:
    """A trial study from its TOML file; errors as `trial_from_text`."""
    return trial_from_text(study_text(path), str(path))
