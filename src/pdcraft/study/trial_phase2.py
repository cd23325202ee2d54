"""Tables of single-arm phase II trials, one for each disease, and their curves of survival."""

from __future__ import annotations

import numpy as np

from pdcraft.domain.units import HOURS_PER_DAY
from pdcraft.study.results import Rows, kaplan_meier_curve, kaplan_meier_rows
from pdcraft.study.trial_data import PoolData
from pdcraft.study.trial_designs import accrual_of
from pdcraft.study.trial_escalation import DAYS_PER_MONTH
from pdcraft.study.trial_spec import PhaseTwoTable, TrialStudy
from pdcraft.trial import Pool, TwoStage, TwoStageConduct, share_error, simon_designs

PHASE2 = (
    "disease", "regimen", "r1", "n1", "r", "n", "p0", "p1", "alpha_exact", "power_exact",
    "response_true", "response_true_se", "success", "success_se", "success_exact", "early",
    "early_se", "patients", "patients_se", "patients_exact", "months", "months_se", "months_p05",
    "months_p50", "months_p95",
)  # fmt: skip
CURVES = ("cohort", "endpoint", "day", "survival", "low", "high", "at_risk")


def simon_of(table: PhaseTwoTable) -> TwoStage:
    """The two-stage design that a file asks for."""
    found = simon_designs(
        table.uninteresting, table.interesting, alpha=table.alpha, beta=table.beta
    )
    return found.optimal if table.kind == "optimal" else found.minimax


def phase2_rows(data: PoolData, study: TrialStudy) -> Rows:
    """Rows of ``phase2.csv``: without and with a second course."""
    asked = study.phase2
    if asked is None or study.accrual is None:
        return []
    design = simon_of(asked)
    conduct = TwoStageConduct(design, accrual_of(study.accrual), asked.assessed_by / HOURS_PER_DAY)
    pool = Pool(study.study.patients, design.n, study.study.seed)
    rows: Rows = []
    for regimen in filter(None, (asked.regimen, asked.with_second_course)):
        response, leaves = data.response_d(regimen, asked.response), data.at(regimen)["leaves_d"]
        found = conduct.simulate(response, leaves, pool=pool, trials=asked.trials)
        counted = response <= np.minimum(conduct.assessed_by_d, leaves)
        months = found.duration_d / DAYS_PER_MONTH
        p = float(counted.mean())
        rows.append([
            data.plan.disease, regimen, design.r1, design.n1, design.r, design.n,
            asked.uninteresting, asked.interesting, design.succeeds(asked.uninteresting),
            design.succeeds(asked.interesting), p, float(share_error(p, len(counted))),
            *pool.mean(found.success), design.succeeds(p), *pool.mean(found.early),
            *pool.mean(found.n), design.expected_n(p), *pool.mean(months),
            *np.quantile(months, (0.05, 0.5, 0.95)),
        ])  # fmt: skip
    return rows


def curve_rows(data: PoolData, levels: tuple[str, ...]) -> Rows:
    """Rows of ``km.csv``: PFS and OS of these levels; the cohort is disease and level."""
    rows: Rows = []
    for level in levels:
        name = f"{data.plan.disease}: {level}"
        rows += kaplan_meier_rows(name, "PFS", kaplan_meier_curve(*data.pfs(level)))
        rows += kaplan_meier_rows(name, "OS", kaplan_meier_curve(*data.death(level)))
    return rows
