"""Tables of a dose escalation: operating characteristics, pairs, paths, late toxicity."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np

from pdcraft.domain import ValidityWarning, unknown
from pdcraft.study.results import Rows, Table
from pdcraft.study.trial_data import PoolData
from pdcraft.study.trial_design_spec import DoseCapTable
from pdcraft.study.trial_designs import accrual_of, conduct_of
from pdcraft.study.trial_prepare import TrialPlan
from pdcraft.study.trial_spec import TrialStudy
from pdcraft.trial import Conduct, DoseCap, ManyTrials, Outcomes, TimedTrial, simulate_trials

OC = (
    "design", "level", "dlt_true", "selected", "selected_se", "patients", "patients_se",
    "toxicities", "toxicities_se",
)  # fmt: skip
DESIGNS = (
    "design", "watch_d", "trials", "right", "right_se", "too_high", "too_high_se", "none",
    "none_se", "patients", "patients_se", "toxicities", "toxicities_se", "missed", "missed_se",
    "months", "months_se", "months_p05", "months_p50", "months_p95", "turned_away",
    "turned_away_se", "replaced", "replaced_se",
)  # fmt: skip
PAIRED = ("design", "reference", "measure", "difference", "se")
PATHS = (
    "design", "trial", "cohort", "opened_d", "decided_d", "level", "outcomes", "final", "decision",
    "next_level", "reason",
)  # fmt: skip
LATE = ("design", "watch_d", "level", "dlt", "missed", "after_window")
DAYS_PER_MONTH = 365.25 / 12


def escalation_designs(
    plan: TrialPlan, study: TrialStudy, data: PoolData | None = None
) -> dict[str, Conduct]:
    """Designs of the file with their calendar; caps on dose only where ``data`` has the doses.

    Raises
    ------
    InputError
        If a design cannot be, as with a skeleton of the wrong length.
    MissingError
        If a cap is on a region that there is not.
    """
    asked = study.escalation
    if asked is None or study.accrual is None:
        return {}
    total = {s.name: s.total for s in plan.schedules}
    totals = tuple(total[name] for name in asked.levels)
    accrual, places = accrual_of(study.accrual), plan.river.population.regions
    for place in (c.region for d in asked.design for c in d.dose_cap):
        if place not in places:
            raise unknown("dose_cap: region", place, places)

    cap = partial(_cap, data, levels=asked.levels) if data is not None else None
    return {
        d.label: conduct_of(d, target=asked.target, totals=totals, window_d=plan.dlt.window_d,
                            accrual=accrual, cap=cap)
        for d in asked.design
    }  # fmt: skip


def _cap(data: PoolData, table: DoseCapTable, levels: tuple[str, ...]) -> DoseCap:
    """A cap with what every level gives the region, at its percentile of the pool."""
    place = data.plan.river.population.regions.index(table.region)
    dose = (np.percentile(data.at(n)["dose_Gy"][:, place], table.percentile) for n in levels)
    whose = "" if table.percentile == 50 else f", percentile {table.percentile:g} of patients,"
    return DoseCap(f"{table.region}{whose}", tuple(map(float, dose)), table.limit)


def escalation_tables(data: PoolData, study: TrialStudy) -> tuple[dict[str, Table], list[str]]:
    """Tables by name, and what was warned of."""
    asked, designs = study.escalation, escalation_designs(data.plan, study, data)
    if asked is None or not designs:
        return {}, []
    outcomes = data.outcomes(asked.levels)
    filled = [d.patients + len(asked.levels) * d.backfill.cap if d.backfill else d.patients
              for d in asked.design]  # fmt: skip
    most = max(6 * len(asked.levels), *filled)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", ValidityWarning)
        found = simulate_trials(
            designs, outcomes, trials=asked.trials,
            per_trial=_with_replacements(most, outcomes), seed=study.study.seed,
        )  # fmt: skip
    best = outcomes.true_mtd(asked.target)
    tables: dict[str, Table] = {
        "oc": (OC, [r for k, f in found.items() for r in _oc(k, f, outcomes)]),
        "designs": (DESIGNS, [_design(k, f, designs[k].watch(outcomes), best)
                              for k, f in found.items()]),
        "paired": (PAIRED, _paired(found, best)),
        "paths": (PATHS, [r for k, f in found.items() for r in _paths(k, f, outcomes)]),
        "late": (LATE, [r for k, c in designs.items() for r in _late(k, c, outcomes)]),
    }  # fmt: skip
    return tables, [str(w.message) for w in said if issubclass(w.category, ValidityWarning)]


def _with_replacements(most: int, outcomes: Outcomes) -> int:
    """Patients that a trial may need if some leave before they have been watched."""
    gone = (outcomes.leaves_d < outcomes.window_d).mean(axis=0).max()
    expected = most / max(1 - gone, 0.1)
    return int(np.ceil(expected + 5 * np.sqrt(expected * gone) + 3 * (gone > 0)))


def _oc(name: str, found: ManyTrials, outcomes: Outcomes) -> Rows:
    """One row for no level and one for each level."""
    chosen, chosen_se = found.estimate(found.chosen)
    n, n_se = found.estimate(found.treated)
    dlt, dlt_se = found.estimate(found.happened)
    none: list[object] = [name, "none", np.nan, chosen[0], chosen_se[0], *(np.nan,) * 4]
    return [none] + [
        [name, level, outcomes.dlt_rate[i], chosen[i + 1], chosen_se[i + 1], n[i], n_se[i],
         dlt[i], dlt_se[i]]
        for i, level in enumerate(outcomes.levels)
    ]  # fmt: skip


def _counts(found: ManyTrials, best: int) -> dict[str, np.ndarray]:
    """What is counted in every trial."""
    return {
        "right": found.mtd == best, "too_high": found.mtd > best, "none": found.mtd == 0,
        "patients": found.treated.sum(axis=1), "toxicities": found.happened.sum(axis=1),
        "missed": (found.happened - found.seen).sum(axis=1),
        "months": found.duration_d / DAYS_PER_MONTH,
        "turned_away": found.turned_away, "replaced": found.replaced,
        "at_best": found.treated[:, best - 1] / found.treated.sum(axis=1),
    }  # fmt: skip


def _design(name: str, found: ManyTrials, watch_d: float, best: int) -> list[object]:
    counts = _counts(found, best)
    pairs = {k: tuple(float(x) for x in found.estimate(v)) for k, v in counts.items()}
    months = np.quantile(counts["months"], (0.05, 0.5, 0.95))
    first = [x for k in ("right", "too_high", "none", "patients", "toxicities", "missed", "months")
             for x in pairs[k]]  # fmt: skip
    return [
        name, watch_d, len(found.mtd), *first, *map(float, months), *pairs["turned_away"],
        *pairs["replaced"],
    ]  # fmt: skip


def _paired(found: dict[str, ManyTrials], best: int) -> Rows:
    """Every design against the first one, trial by trial on the same patients."""
    (reference, first), *others = found.items()
    base = _counts(first, best)
    rows: Rows = []
    for name, many in others:
        counts = _counts(many, best)
        for measure in ("right", "too_high", "at_best", "patients", "toxicities", "months"):
            mean, se = many.estimate(counts[measure].astype(float) - base[measure])
            rows.append([name, reference, measure, float(mean), float(se)])
    return rows


def _paths(name: str, found: ManyTrials, outcomes: Outcomes) -> Rows:
    levels, rows = outcomes.levels, []
    for t, trial in enumerate(found.shown, start=1):
        final, first = _final(trial), 0
        for c, d in enumerate(trial.decisions, start=1):
            last = first + len(d.outcomes)
            rows.append([
                name, t, c, d.opened_d, d.decided_d, levels[d.level - 1], d.outcomes,
                final[first:last], d.decision, levels[d.next_level - 1] if d.next_level else "",
                d.reason,
            ])  # fmt: skip
            first = last
    return rows


def _final(trial: TimedTrial) -> str:
    """Toxicity of every patient when the trial has ended; ``-`` for who left before."""
    return "".join(
        "T" if toxic else "N" if whole else "-"
        for toxic, whole in zip(trial.seen, trial.evaluable, strict=True)
    )


def _late(name: str, conduct: Conduct, outcomes: Outcomes) -> Rows:
    watch_d = conduct.watch(outcomes)
    return [
        [name, watch_d, level, rate, missed, after]
        for level, rate, missed, after in zip(
            outcomes.levels,
            outcomes.dlt_rate,
            outcomes.missed(watch_d),
            outcomes.after_window(),
            strict=True,
        )
    ]
