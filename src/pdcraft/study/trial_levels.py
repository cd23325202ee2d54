"""What every level does to all patients of the pool: the truth that a design looks for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pdcraft.biology.cytopenia import NAMES
from pdcraft.study.results import Rows
from pdcraft.study.trial_data import PoolData
from pdcraft.trial import share_error

LEVELS = (
    "disease", "level", "unit", "amounts", "days", "total", "patients", "MBq_p50", "marrow_Gy_p50",
    "tumour_Gy_p50", "all_doses_given", "dlt", "dlt_se", "dlt_after_window", "dlt_day_p05",
    "dlt_day_p50", "dlt_day_p95", "grade4_platelets", "grade4_neutrophils", "responded",
    "responded_se", "pfs_day_p50",
)  # fmt: skip
DLT_RULES = ("disease", "level", "rule", "share")


def level_rows(data: PoolData) -> Rows:
    """Rows of ``levels.csv``."""
    outcomes = data.outcomes(data.names)
    places = data.plan.river.population.regions
    rows: Rows = []
    for i, schedule in enumerate(data.plan.schedules):
        kept, n = data.kept[i], outcomes.patients
        toxic, day = outcomes.toxic[:, i], outcomes.dlt_d[:, i]
        when = np.quantile(day[toxic], (0.05, 0.5, 0.95)) if toxic.any() else (np.nan,) * 3
        grade4 = [data.grade4(schedule.name, NAMES[m]).mean() for m in ("platelets", "neutrophils")]
        responded = data.responded(schedule.name)
        rows.append([
            data.plan.disease, schedule.name, schedule.unit.unit,
            " + ".join(f"{a:g}" for a in schedule.amounts),
            ", ".join(f"{d:g}" for d in schedule.planned_d), schedule.total, n,
            np.median(kept["given_MBq"].sum(axis=1)),
            np.median(kept["dose_Gy"][:, places.index("red marrow")]),
            np.median(kept["dose_Gy"][:, places.index("tumour")]),
            np.isfinite(kept["given_d"]).all(axis=1).mean(),
            toxic.mean(), share_error(toxic.mean(), n), outcomes.after_window()[i], *when, *grade4,
            responded.mean(), share_error(responded.mean(), n),
            median_day(*data.pfs(schedule.name)),
        ])  # fmt: skip
    return rows


def rule_rows(data: PoolData) -> Rows:
    """Rows of ``dlt_rules.csv``: which rule was broken first, within the window."""
    outcomes = data.outcomes(data.names)
    return [
        [data.plan.disease, name, rule.words,
         (outcomes.toxic[:, i] & (data.kept[i]["dlt_rule"] == k)).mean()]
        for i, name in enumerate(data.names)
        for k, rule in enumerate(data.plan.dlt.rules, start=1)
    ]  # fmt: skip


def median_day(day: NDArray, happened: NDArray) -> float:
    """Median of times of which those that do not happen are later; ``nan`` if not reached."""
    middle = float(np.median(np.where(happened, day, np.inf)))
    return middle if np.isfinite(middle) else float("nan")
