"""What a trial rests on beside the numbers of the library: its rules, its calendar, its choices."""

from __future__ import annotations

from pdcraft.study.results import Rows
from pdcraft.study.trial_prepare import TrialPlan
from pdcraft.study.trial_spec import TrialStudy

WHERE = "trial file; the true protocol is not public"


def own_assumptions(study: TrialStudy, plan: TrialPlan) -> Rows:
    """Rows of ``assumptions.csv`` for what the trial file itself decides."""
    rows: Rows = [
        _row(f"dose_limiting_toxicity.rule_{k}", rule.words, "", "who has a toxicity")
        for k, rule in enumerate(plan.dlt.rules, start=1)
    ]
    rows.append(
        _row("dose_limiting_toxicity.window", f"{plan.dlt.window_d:g}", "d", "who has a toxicity")
    )
    named = {id(rule): rule for rules in plan.next_dose for rule in rules}
    rows += [
        _row("next_dose", rule.words, "", "who is given every dose") for rule in named.values()
    ]
    if study.accrual:
        a = study.accrual
        rows.append(
            _row("accrual", f"{a.process}, {a.sites} x {a.per_month:g}", "1/month", "duration")
        )
    rows.append(
        _row("leaving.per_month", f"{study.leaving.per_month:g}", "1/month", "patients replaced")
    )
    if any(s.unit.place for s in plan.schedules):
        p = study.prescription
        rows.append(
            _row("prescription", f"{p.region} after {p.tracer}, error {p.error:g}", "",
                 "activity given")
        )  # fmt: skip
    if study.phase2:
        rows.append(
            _row(
                "phase2.rates",
                f"{study.phase2.uninteresting:g} against {study.phase2.interesting:g}",
                "",
                "sample size, chance of success",
            )
        )
    if study.optimisation:
        o = study.optimisation
        rows.append(
            _row("optimisation.utility", f"neither {o.utility_neither:g}, both {o.utility_both:g}",
                 "", "which regimen is best")
        )  # fmt: skip
    return rows


def _row(name: str, value: str, unit: str, rests_on_it: str) -> list[object]:
    return [name, value, unit, "none", "assumption", "pdcraft", WHERE, rests_on_it]
