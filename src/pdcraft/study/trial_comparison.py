"""What one regimen adds to another in the same patients, with its interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from pdcraft.biology.cytopenia import NAMES
from pdcraft.study.interval import believed
from pdcraft.study.results import Rows
from pdcraft.study.trial_data import PoolData
from pdcraft.study.trial_levels import median_day
from pdcraft.study.trial_spec import TrialStudy
from pdcraft.trial import Pool, differences_seen, patients_per_arm

EFFECTS = (
    "scenario", "disease", "reference", "other", "among", "measure", "unit", "patients",
    "reference_value", "other_value", "difference", "low", "high",
)  # fmt: skip
SEEN = (
    "disease", "reference", "other", "measure", "per_arm", "difference_p05", "difference_p50",
    "difference_p95", "same_sign", "per_arm_for_80_power",
)  # fmt: skip
RESAMPLES = 500
BASE = "as in the library"


class Measure(NamedTuple):
    """One number of every patient, and how it is summed up."""

    name: str
    unit: str
    values: Callable[[PoolData, str], NDArray]
    is_share: bool


def measures(data: PoolData) -> tuple[Measure, ...]:
    """What regimens are compared by."""
    end_d = data.plan.study.study.follow_up / 24.0
    return (
        Measure("response", "%", lambda d, x: 100.0 * d.responded(x), True),
        Measure("PFS within follow-up", "d", lambda d, x: _restricted(d.pfs(x), end_d), False),
        Measure("alive at the end", "%", lambda d, x: 100.0 * ~d.death(x)[1], True),
        Measure("dose-limiting toxicity", "%",
                lambda d, x: 100.0 * d.outcomes([x]).toxic[:, 0], True),
        *(Measure(f"grade 4 {NAMES[m]}", "%",
                  lambda d, x, m=m: 100.0 * d.grade4(x, NAMES[m]), True)
          for m in ("platelets", "neutrophils")),
        *(Measure(f"days of grade 4 {NAMES[m]}", "d",
                  lambda d, x, i=i: d.at(x)["grade4_days"][:, i], False)
          for i, m in enumerate(("platelets", "neutrophils"))),
        Measure("nadir of platelets", "1e9/L", lambda d, x: d.at(x)["nadir"][:, 0], False),
        Measure("nadir of neutrophils", "1e9/L", lambda d, x: d.at(x)["nadir"][:, 1], False),
        Measure("red marrow dose", "Gy", _marrow, False),
        Measure("activity given", "MBq", lambda d, x: d.at(x)["given_MBq"].sum(axis=1), False),
    )  # fmt: skip


def effect_rows(data: PoolData, reference: str, other: str, *, scenario: str = BASE) -> Rows:
    """Rows of ``effects.csv``: means in the same patients and the 95 % interval of the difference.

    First of all patients, then of those who were given every dose of the other regimen. The
    interval is the Monte Carlo error of the simulated patients; in a scenario with draws, that of
    what calibration left undecided.
    """
    complete = np.asarray(np.isfinite(data.at(other)["given_d"]).all(axis=1))
    groups = [("all patients", np.ones(len(complete), bool))]
    if 1 < complete.sum() < len(complete):
        groups.append(("all doses given", complete))
    draws = data.plan.river.study.uncertainty.draws
    rows: Rows = []
    for among, who in groups:
        for m in measures(data):
            a, b = m.values(data, reference)[who], m.values(data, other)[who]
            found = believed(data.at(other)["number"][who], b - a, draws, within=0.95)
            rows.append([
                scenario, data.plan.disease, reference, other, among, m.name, m.unit, len(a),
                a.mean(), b.mean(), *found,
            ])  # fmt: skip
        if draws < 2:
            rows.append([
                scenario, data.plan.disease, reference, other, among, "median PFS", "d",
                int(who.sum()), *_median_pfs(data, reference, other, who),
            ])  # fmt: skip
    return rows


def seen_rows(data: PoolData, study: TrialStudy) -> Rows:
    """Rows of ``seen.csv``: what randomised trials of the size asked for see of the difference."""
    asked = study.comparison
    if asked is None:
        return []
    pool = Pool(study.study.patients, 2 * asked.per_arm, study.study.seed)
    rows: Rows = []
    for other in asked.others:
        for m in measures(data):
            if not m.is_share and not m.name.startswith("PFS"):
                continue
            a, b = m.values(data, asked.reference), m.values(data, other)
            seen = differences_seen(a, b, per_arm=asked.per_arm, pool=pool, trials=asked.trials)
            true = b.mean() - a.mean()
            n = patients_per_arm(a.mean() / 100, b.mean() / 100) if m.is_share else _per_arm(a, b)
            rows.append([
                data.plan.disease, asked.reference, other, m.name, asked.per_arm,
                *np.quantile(seen, (0.05, 0.5, 0.95)), (np.sign(seen) == np.sign(true)).mean(),
                np.ceil(n),
            ])  # fmt: skip
    return rows


def _per_arm(a: NDArray, b: NDArray) -> float:
    """Patients per arm to tell two means apart with 80 % power at 5 %, two-sided."""
    if a.mean() == b.mean():
        return float("inf")
    z = ndtri(0.975) + ndtri(0.80)
    return float(z**2 * (a.var(ddof=1) + b.var(ddof=1)) / (a.mean() - b.mean()) ** 2)


def _restricted(times: tuple[NDArray, NDArray], end_d: float) -> NDArray:
    """Time to the event within follow-up; its mean is the restricted mean."""
    day, happened = times
    return np.where(happened, np.minimum(day, end_d), end_d)


def _marrow(data: PoolData, level: str) -> NDArray:
    return data.at(level)["dose_Gy"][:, data.plan.river.population.regions.index("red marrow")]


def _median_pfs(data: PoolData, reference: str, other: str, who: NDArray) -> Sequence[float]:
    """Medians, their difference and its 95 % interval by resampling patients."""
    a, b = ([x[who] for x in data.pfs(level)] for level in (reference, other))
    draws = np.random.default_rng(np.random.SeedSequence([data.plan.study.study.seed, 17]))
    n = int(who.sum())
    differences = []
    for _ in range(RESAMPLES):
        i = draws.integers(0, n, n)
        differences.append(median_day(b[0][i], b[1][i]) - median_day(a[0][i], a[1][i]))
    middle = median_day(*a), median_day(*b)
    known = np.asarray(differences)
    if np.isnan(known).mean() > 0.025:  # the median is not reached in follow-up
        return (*middle, middle[1] - middle[0], np.nan, np.nan)
    low, high = np.nanquantile(known, (0.025, 0.975))
    return (*middle, middle[1] - middle[0], float(low), float(high))
