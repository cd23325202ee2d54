"""Tables of dose optimisation: randomised regimens and BOIN12, by efficacy and toxicity."""

from __future__ import annotations

import numpy as np

from pdcraft.domain.units import HOURS_PER_DAY
from pdcraft.study.results import Rows, Table
from pdcraft.study.trial_data import PoolData
from pdcraft.study.trial_designs import accrual_of, boin12_of, utilities_of
from pdcraft.study.trial_escalation import DAYS_PER_MONTH
from pdcraft.study.trial_spec import OptimisationTable, TrialStudy
from pdcraft.trial import Limits, Outcomes, Pool, choose_regimens, simulate_trials

REGIMENS = ("regimen", "toxicity", "efficacy", "utility", "utility_se", "may_be_chosen", "best")
CHOSEN = (
    "method", "patients", "regimen", "chosen", "chosen_se", "best", "utility_lost",
    "utility_lost_se", "months_p05", "months_p50", "months_p95",
)  # fmt: skip


def optimisation_tables(data: PoolData, study: TrialStudy) -> dict[str, Table]:
    """``utility.csv`` (the truth) and ``chosen.csv`` (what trials choose)."""
    asked = study.optimisation
    if asked is None or study.accrual is None:
        return {}
    outcomes = data.outcomes(asked.regimens, asked.response)
    by_d = asked.efficacy_by / HOURS_PER_DAY
    toxic = outcomes.toxic
    effective = outcomes.response_d <= np.minimum(by_d, outcomes.leaves_d)
    worth = _worth(toxic, effective, asked)
    truth = worth.mean(axis=0)
    may = (toxic.mean(axis=0) <= asked.toxicity_limit) & (
        effective.mean(axis=0) >= asked.efficacy_limit
    )
    best = int(np.where(may, truth, -np.inf).argmax()) + 1 if may.any() else 0
    regimens: Rows = [
        [name, toxic[:, i].mean(), effective[:, i].mean(), truth[i],
         worth[:, i].std(ddof=1) / np.sqrt(len(worth)), int(may[i]), int(best == i + 1)]
        for i, name in enumerate(asked.regimens)
    ]  # fmt: skip
    rows = [
        row
        for n in asked.per_arm
        for row in _randomised(n, toxic, effective, truth, best, study, asked)
    ]
    if asked.boin12_patients:
        rows += _boin12(outcomes, truth, best, study, asked)
    return {"utility": (REGIMENS, regimens), "chosen": (CHOSEN, rows)}


def _worth(toxic: np.ndarray, effective: np.ndarray, asked: OptimisationTable) -> np.ndarray:
    u = utilities_of(asked)
    return np.select(
        [toxic & effective, toxic, effective], [u.both, u.toxicity, u.efficacy], u.neither
    ).astype(float)


def _randomised(
    n: int,
    toxic: np.ndarray,
    effective: np.ndarray,
    truth: np.ndarray,
    best: int,
    study: TrialStudy,
    asked: OptimisationTable,
) -> Rows:
    if study.accrual is None:
        return []
    arms = len(asked.regimens)
    pool = Pool(study.study.patients, arms * n, study.study.seed)
    limits = Limits(asked.toxicity_limit, asked.efficacy_limit)
    chosen = choose_regimens(
        toxic, effective, per_arm=n, utilities=utilities_of(asked), limits=limits, pool=pool,
        trials=asked.trials,
    )  # fmt: skip
    watch_d = max(study.dose_limiting_toxicity.window, asked.efficacy_by) / HOURS_PER_DAY
    accrual = accrual_of(study.accrual)
    months = (accrual.quantile_d(np.array([0.05, 0.5, 0.95]), arms * n) + watch_d) / DAYS_PER_MONTH
    name = f"randomised, {n} per arm"
    return _chosen_rows(name, arms * n, chosen, truth, best, asked, pool, months)


def _boin12(
    outcomes: Outcomes, truth: np.ndarray, best: int, study: TrialStudy, asked: OptimisationTable
) -> Rows:
    if study.accrual is None or asked.boin12_patients is None:
        return []
    conduct = boin12_of(asked, levels=len(asked.regimens), accrual=accrual_of(study.accrual))
    gone = (outcomes.leaves_d < outcomes.window_d).mean()
    most = int(asked.boin12_patients * (1 + 3 * gone)) + 5
    found = simulate_trials(
        {"BOIN12": conduct}, outcomes, trials=asked.trials, per_trial=most, seed=study.study.seed
    )["BOIN12"]
    months = np.quantile(found.duration_d, (0.05, 0.5, 0.95)) / DAYS_PER_MONTH
    n = float(found.treated.sum(axis=1).mean())
    return _chosen_rows("BOIN12", n, found.mtd, truth, best, asked, found.pool, months)


def _chosen_rows(
    name: str,
    patients: float,
    chosen: np.ndarray,
    truth: np.ndarray,
    best: int,
    asked: OptimisationTable,
    pool: Pool,
    months: np.ndarray,
) -> Rows:
    share, se = pool.mean(chosen[:, None] == np.arange(len(asked.regimens) + 1))
    names = ("none", *asked.regimens)
    # Who chooses nothing loses all that treatment is worth beyond no response and no toxicity.
    worth = np.append(asked.utility_neither, truth)
    lost, lost_se = pool.mean(worth[best] - worth[chosen])
    return [
        [
            name,
            patients,
            regimen,
            share[i],
            se[i],
            int(i == best),
            float(lost),
            float(lost_se),
            *map(float, months),
        ]
        for i, regimen in enumerate(names)
    ]
