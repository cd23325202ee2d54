"""`TrialStudy` → what is computed: schedules, rules, designs, and the river for every disease."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pdcraft import library
from pdcraft.biology import ctcae_limits
from pdcraft.domain.units import HOURS_PER_DAY, MBQ_PER_MCI, read_quantity
from pdcraft.study.beliefs import beliefs
from pdcraft.study.prepare import Prepared, parameter_sets, prepare
from pdcraft.study.spec import (
    CohortTable,
    DoseTable,
    ParameterTable,
    Study,
    StudyTable,
    UncertaintyTable,
)
from pdcraft.study.trial_spec import LevelTable, TrialRuleTable, TrialStudy
from pdcraft.trial import (
    DLT,
    AbstractDoseUnit,
    AbstractToxicityRule,
    Below,
    Delayed,
    Fixed,
    NextDose,
    NotRecovered,
    PerMass,
    PerSurface,
    Prescribed,
    Schedule,
)


@dataclass(frozen=True)
class TrialPlan:
    """All that a trial study needs, for one disease.

    Attributes
    ----------
    study
        The file.
    disease
        Its name in the library.
    river
        Plan, population and parameters.
    schedules
        What every level gives.
    next_dose
        For every level the rule of each dose after the first.
    dlt
        The definition.
    tracer_MBq
        Activity of the tracer where doses are prescribed in Gy.
    """

    study: TrialStudy
    disease: str
    river: Prepared
    schedules: tuple[Schedule, ...]
    next_dose: tuple[tuple[NextDose, ...], ...]
    dlt: DLT
    tracer_MBq: float

    @property
    def most_doses(self) -> int:
        """Doses of the longest schedule: regimens are padded to it, so one program serves all."""
        return max(len(s.amounts) for s in self.schedules)


def trial_plan(
    study: TrialStudy, disease: str, parameters: dict[str, float], draws: int = 0
) -> TrialPlan:
    """Everything for one disease, with these parameters in place of the library's.

    With ``draws``, patients live in so many draws of what calibration left undecided.

    Raises
    ------
    MissingError
        If a name is not in the library.
    InputError
        If a model needs a parameter that is not there in its unit.
    """
    river = prepare(as_study(study, disease, parameters, draws))
    schedules = tuple(_schedule(study, level) for level in study.level)
    tracer = read_quantity(study.prescription.tracer, "activity")
    return TrialPlan(
        study, disease, river, schedules, tuple(_next_dose(study, level) for level in study.level),
        _dlt(study), tracer,
    )  # fmt: skip


def with_parameters(
    plan: TrialPlan, study: TrialStudy, parameters: dict[str, float], draws: int = 0
) -> TrialPlan:
    """The same plan with other numbers, its engine kept where it does not depend on them."""
    changed = as_study(study, plan.disease, parameters, draws)
    individual, engine = parameter_sets(changed)
    before = plan.river
    if any(engine[name].value != before.engine_parameters[name].value for name in engine):
        return trial_plan(study, plan.disease, parameters, draws)
    people = replace(
        before.population, parameters=individual, seed=study.study.seed, beliefs=beliefs(changed)
    )
    river = Prepared(changed, before.plan, people, individual, engine)
    return replace(plan, study=study, river=river)


def as_study(
    study: TrialStudy, disease: str, parameters: dict[str, float], draws: int = 0
) -> Study:
    """The same in the words of `Study`, for one disease; its cohort stands for nothing."""
    head = study.study
    return Study(
        study=StudyTable(
            name=head.name, title=head.title, agent=head.agent, payload=head.payload,
            disease=disease, patients=head.patients, seed=head.seed,
            follow_up=f"{head.follow_up} h",  # type: ignore[arg-type]
        ),
        cohort=(CohortTable(name="-", doses=(DoseTable(activity="1 MBq/m2"),)),),  # type: ignore[arg-type]
        kinetics=study.kinetics, population=study.population, assessment=study.assessment,
        uncertainty=UncertaintyTable(draws=draws),
        parameters={
            k: ParameterTable(value=v) for k, v in {**study.parameters, **parameters}.items()
        },
    )  # fmt: skip


def _schedule(study: TrialStudy, level: LevelTable) -> Schedule:
    dimension = level.doses[0].dimension
    asked = study.prescription
    units: dict[str, AbstractDoseUnit] = {
        "activity per body surface": PerSurface(), "activity per body mass": PerMass(),
        "activity": Fixed(),
        "absorbed dose": Prescribed(asked.region, study.study.seed, asked.error),
    }  # fmt: skip
    factor = MBQ_PER_MCI if dimension == "activity per body surface" else 1.0
    return Schedule(
        level.name, tuple(d.value / factor for d in level.doses),
        tuple(d.at / HOURS_PER_DAY for d in level.doses), units[dimension],
    )  # fmt: skip


def _next_dose(study: TrialStudy, level: LevelTable) -> tuple[NextDose, ...]:
    rules = {
        r.name: NextDose(r.least, r.latest_delay / HOURS_PER_DAY, r.look_every / HOURS_PER_DAY)
        for r in study.next_dose
    }
    return tuple(rules[d.when] if d.when else NextDose() for d in level.doses[1:])


def _dlt(study: TrialStudy) -> DLT:
    asked = study.dose_limiting_toxicity
    version = study.assessment.ctcae
    rules = tuple(_rule(rule, version) for rule in asked.rules)
    return DLT(rules, asked.window / HOURS_PER_DAY)


def _rule(rule: TrialRuleTable, version: str) -> AbstractToxicityRule:
    if rule.next_dose_delayed_by_more_than is not None:
        return Delayed(rule.next_dose_delayed_by_more_than / HOURS_PER_DAY)
    lineage = rule.lineage or ""
    if rule.not_back_to is not None:
        return NotRecovered(lineage, rule.not_back_to, (rule.by or 0.0) / HOURS_PER_DAY)
    days = rule.for_at_least / HOURS_PER_DAY
    if rule.grade is None:
        return Below(lineage, rule.below or 0.0, days)
    limit = ctcae_limits(library.ctcae(version), lineage, version)[rule.grade - 1]
    return Below(lineage, float(limit or np.nan), days, rule.grade, version)
