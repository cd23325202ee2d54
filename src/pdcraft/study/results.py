"""Arrays of a run → its tables, CSV with units in the column names."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pdcraft.domain import SEXES, Agent
from pdcraft.domain.units import NMOL_PER_MOL
from pdcraft.study.interval import believed, believed_median, spread

Rows = list[list[object]]
Table = tuple[Sequence[str], Rows]
Curve = tuple[NDArray, NDArray, NDArray, NDArray, NDArray]
"""Days, survival, lower and upper end of its band, patients at risk."""

BAND = (0.05, 0.50, 0.95)
IMWG = ("PD", "SD", "MR", "PR", "VGPR", "CR")
_UNCHANGED = 1e-3
"""A count that loses less of itself than this has not been touched."""
WATERFALL, SWIMMER = 60, 24
"""Patients shown of each cohort: the first ones, so the sample is the same people everywhere."""


def to_csv(table: Table) -> bytes:
    """Bytes of a table; numbers with six significant digits, missing values as empty cells."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table[0])
    writer.writerows([[_cell(v) for v in row] for row in table[1]])
    return stream.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, (float, np.floating)):
        return "" if not np.isfinite(value) else f"{value:.6g}"
    return value


def _band(values: NDArray) -> list[NDArray]:
    return list(np.quantile(values.astype(float), BAND, axis=0))


def given(cohort: str, kept: dict[str, NDArray], agent: Agent) -> Rows:
    """Rows of ``given.csv``: activity and carrier, labelled and not; or drug, and conjugate."""
    drug = agent.payload.drug
    if drug is not None:
        nmol = kept["given_mg"] * NMOL_PER_MOL * 1e-3 / drug.molar_mass_g_per_mol
        found = [(drug.name, "mg", kept["given_mg"]), ("conjugate", "umol", 1e-3 * nmol)]
    else:
        MBq, nmol = kept["given_MBq"], kept["carrier_ug"] * 1e3 / agent.carrier.molar_mass_g_per_mol
        labelled = MBq * float(agent.payload.chain.nmol_per_MBq)
        # Nothing was given to an untreated control.
        share = np.divide(labelled, nmol, out=np.full(nmol.shape, np.nan), where=nmol > 0)
        found = [
            ("activity", "MBq", MBq), ("carrier", "ug", kept["carrier_ug"]),
            ("carrier", "nmol", nmol), ("labelled carrier", "%", 100.0 * share),
        ]  # fmt: skip
    return [[cohort, what, unit, *_band(values)] for what, unit, values in found]


OF_ONE_SEX = {"testes": "male", "ovaries": "female", "uterus": "female"}
"""Organs of one sex; the stylised adults have those of both."""


def _who_has(kept: dict[str, NDArray], place: str) -> NDArray:
    """Which patients have an organ."""
    if place in OF_ONE_SEX:
        return kept["sex"] == SEXES.index(OF_ONE_SEX[place])
    return np.ones(len(kept["sex"]), bool)


def doses(cohort: str, kept: dict[str, NDArray], places: Sequence[str], draws: int = 0) -> Rows:
    """Rows of ``doses.csv``; ``Gy_per_GBq`` is the mean of each patient's ratio."""
    rows = []
    for i, place in enumerate(places):
        has = _who_has(kept, place)
        if not has.any():
            continue
        Gy, given = kept["dose_Gy"][has, i], 1e-3 * kept["given_MBq"][has]
        # Nothing was given to an untreated control.
        per_GBq = (Gy / given).mean() if given.all() else np.nan
        ends = believed_median(kept["number"][has], Gy, draws)[1:]
        rows.append([cohort, place, Gy.mean(), *_band(Gy), per_GBq, *ends])
    return rows


def toxicity(
    cohort: str,
    kept: dict[str, NDArray],
    events: Sequence[str],
    markers: Sequence[tuple[str, str]],
    day_of: NDArray,
    draws: int = 0,
    worst: Mapping[str, int] | None = None,
) -> Rows:
    """Rows of ``toxicity.csv``; recovery is the median of those who needed to recover.

    ``worst`` is the highest grade of a lineage that counts can reach; there is no share of a grade
    above it. A lineage of which not half of the patients lose a thousandth has no day of nadir.
    """
    rows: Rows = []
    names, unit = [m for m, _ in markers], dict(markers)
    for lineage, nadir, back in (
        ("platelets", "thrombocytopenia", "platelet recovery"),
        ("neutrophils", "neutropenia", "neutrophil recovery"),
        ("haemoglobin", "anaemia", "haemoglobin recovery"),
        ("lymphocytes", "lymphopenia", "lymphocyte recovery"),
    ):
        if nadir not in events:
            continue
        i, j = events.index(nadir), events.index(back)
        value = kept["event_value"][:, i]
        course = kept["markers"][:, names.index(lineage)]
        fallen = np.median(course.min(axis=1) / course[:, 0]) < 1.0 - _UNCHANGED
        day = day_of[course.argmin(axis=1)] if fallen else np.full(len(value), np.nan)
        grade = kept["event_grade"][:, i]
        fell = grade >= 2
        again = np.where(
            kept["event_happened"][fell, j], kept["event_time_h"][fell, j] / 24, np.inf
        )
        recovery = float(np.median(again)) if fell.any() and fallen else np.nan
        fourth = (worst or {}).get(lineage, 4) >= 4
        share4 = believed(kept["number"], grade >= 4, draws) if fourth else (np.nan,) * 3
        rows.append(
            [cohort, lineage, unit[lineage], np.median(value), np.median(day), recovery,
             (grade >= 3).mean(), share4[0], *np.quantile(value, (0.05, 0.95)),
             *np.quantile(day, (0.05, 0.95)),
             *believed(kept["number"], grade >= 3, draws)[1:], *share4[1:]]
        )  # fmt: skip
    return rows


def response(cohort: str, kept: dict[str, NDArray], events: Sequence[str], draws: int = 0) -> Rows:
    """Row of ``response.csv``: ORR = PR or better, CBR = MR or better, DCR = SD or better."""
    code = kept["event_grade"][:, events.index("best response")]
    shares = [believed(kept["number"], code >= IMWG.index(least), draws)
              for least in ("PR", "MR", "SD")]  # fmt: skip
    medians = [
        median_day(event_curve(kept, events.index(name), draws))
        for name in ("progression or death", "death")
    ]
    return [
        [cohort, *(s[0] for s in shares), *(m[0] for m in medians),
         *(x for s in (*shares, *medians) for x in s[1:])]
    ]  # fmt: skip


def quality_of_life(
    cohort: str, kept: dict[str, NDArray], events: Sequence[str], draws: int = 0
) -> Rows:
    """Row of ``quality_of_life.csv``: mean change of global health, share whose health falls."""
    i = events.index("quality of life")
    change = believed(kept["number"], kept["event_value"][:, i], draws)
    fallen = believed(kept["number"], kept["event_happened"][:, i], draws)
    return [[cohort, *change, *fallen]]


def median_day(curve: Curve) -> tuple[float, float, float]:
    """Day on which a curve and its band reach one half; nan where they do not."""
    days, survival, low, high, _ = curve

    def reached(c: NDArray) -> float:
        return float(days[c <= 0.5][0]) if (c <= 0.5).any() else np.nan

    return reached(survival), reached(low), reached(high)


def event_curve(kept: dict[str, NDArray], i: int, draws: int = 0) -> Curve:
    """Kaplan-Meier curve of the event at this position."""
    time, happened = kept["event_time_h"][:, i] / 24, kept["event_happened"][:, i]
    return kaplan_meier_curve(time, happened, kept["number"], draws)


def kaplan_meier_curve(
    time: NDArray, happened: NDArray, number: NDArray | None = None, draws: int = 0
) -> Curve:
    """Day by day: survival, its 90 % band, and how many are at risk.

    The band is log-log, of the number of patients; with draws of a posterior (patient *number*
    tells the draw) that of what calibration left undecided.
    """
    days = np.arange(0.0, np.ceil(time.max()) + 1.0)
    at_risk = np.array([(time >= day).sum() for day in days])
    if number is None or draws < 2:
        survival, low, high = _kaplan_meier(time, happened, days)
        return days, survival, low, high, at_risk
    survival = _kaplan_meier(time, happened, days)[0]
    of = number % draws
    each = [of == d for d in range(draws) if (of == d).any()]
    curves = np.stack([_kaplan_meier(time[who], happened[who], days)[0] for who in each])
    noise = survival * (1.0 - survival) * len(curves) / len(time)
    low, high = (np.clip(end, 0.0, 1.0) for end in spread(survival, curves, noise))
    # No curve rises: where chance makes an end rise, the wider band is taken.
    low, high = np.minimum.accumulate(low), np.maximum.accumulate(high[::-1])[::-1]
    return days, survival, low, high, at_risk


def _kaplan_meier(time: NDArray, happened: NDArray, days: NDArray) -> tuple[NDArray, ...]:
    """Survival and its log-log band on these days."""
    sample = stats.CensoredData.right_censored(time, ~happened)
    curve = stats.ecdf(sample).sf
    with warnings.catch_warnings():
        # Where nobody or everybody has had the event, the log-log band does not exist: empty cells.
        warnings.simplefilter("ignore", RuntimeWarning)
        band = curve.confidence_interval(0.90, method="log-log")
    k = np.searchsorted(curve.quantiles, days, side="right")
    found = (curve.probabilities, band.low.probabilities, band.high.probabilities)
    return tuple(np.concatenate([[1.0], c])[k] for c in found)


def kaplan_meier(
    cohort: str, kept: dict[str, NDArray], events: Sequence[str], draws: int = 0
) -> Rows:
    """Rows of ``km.csv`` for PFS and OS, with 90 % bands."""
    return [
        row
        for endpoint, event in (("PFS", "progression or death"), ("OS", "death"))
        for row in kaplan_meier_rows(
            cohort, endpoint, event_curve(kept, events.index(event), draws)
        )
    ]


def kaplan_meier_rows(cohort: str, endpoint: str, curve: Curve) -> Rows:
    """Rows of ``km.csv`` for one endpoint."""
    return [
        [cohort, endpoint, day, s, low, high, int(n)]
        for day, s, low, high, n in zip(*curve, strict=True)
    ]


def curves_activity(
    cohort: str, kept: dict[str, NDArray], places: Sequence[str], day: NDArray
) -> Rows:
    """Rows of ``curves_activity.csv``."""
    rows = []
    for i, place in enumerate(places):
        has = _who_has(kept, place)
        if has.any():
            low, middle, high = _band(kept["activity_MBq"][has, :, i])
            rows += [[cohort, place, day[t], low[t], middle[t], high[t]] for t in range(len(day))]
    return rows


def exposure(cohort: str, kept: dict[str, NDArray], places: Sequence[str]) -> Rows:
    """Rows of ``exposure.csv``: area under the curve of free drug, and its peak."""
    area, peak = _band(kept["free_ug_h_per_mL"]), _band(kept["peak_ng_per_mL"])
    return [
        [cohort, place, *(b[i] for b in area), *(b[i] for b in peak)]
        for i, place in enumerate(places)
    ]


def curves_drug(cohort: str, kept: dict[str, NDArray], places: Sequence[str], day: NDArray) -> Rows:
    """Rows of ``curves_drug.csv``."""
    low, middle, high = _band(kept["free_ng_per_mL"])
    return [
        [cohort, place, day[t], low[i, t], middle[i, t], high[i, t]]
        for i, place in enumerate(places)
        for t in range(len(day))
    ]


def curves_plasma(cohort: str, kept: dict[str, NDArray], day: NDArray) -> Rows:
    """Rows of ``curves_plasma.csv``."""
    bands = _band(kept["plasma_ng_per_mL"])
    return [[cohort, day[t], *(b[t] for b in bands)] for t in range(len(day))]


def curves_markers(
    cohort: str, kept: dict[str, NDArray], markers: Iterable[tuple[str, str]], day: NDArray
) -> Rows:
    """Rows of ``curves_markers.csv``."""
    low, middle, high = _band(kept["markers"])
    return [
        [cohort, marker, unit, day[t], low[m, t], middle[m, t], high[m, t]]
        for m, (marker, unit) in enumerate(markers)
        for t in range(len(day))
    ]


def waterfall(cohort: str, kept: dict[str, NDArray], events: Sequence[str]) -> Rows:
    """Rows of ``waterfall.csv``: best change of M-protein, largest rise first."""
    i = events.index("best response")
    shown = [
        [cohort, int(n), float(v), IMWG[int(g)]]
        for n, v, g in zip(
            kept["number"][:WATERFALL], kept["event_value"][:WATERFALL, i],
            kept["event_grade"][:WATERFALL, i], strict=True,
        )
    ]  # fmt: skip
    order = np.argsort([-float(v) for v in kept["event_value"][:WATERFALL, i]], kind="stable")
    return [shown[k] for k in order]


def swimmer(cohort: str, kept: dict[str, NDArray], events: Sequence[str]) -> Rows:
    """Rows of ``swimmer.csv``: how long, how it ended, best response and when."""
    at = {e: events.index(e) for e in ("progression", "death", "best response")}
    rows: Rows = []
    for k in range(min(SWIMMER, len(kept["number"]))):
        day, happened = kept["event_time_h"][k] / 24, kept["event_happened"][k]
        ends = [(day[at[e]], e) for e in ("progression", "death") if happened[at[e]]]
        end, how = min(ends) if ends else (day[at["progression"]], "follow-up ends")
        code = int(kept["event_grade"][k, at["best response"]])
        answered = day[at["best response"]] if code >= IMWG.index("MR") else np.nan
        rows.append([cohort, int(kept["number"][k]), end, how, IMWG[code], answered])
    return rows


COLUMNS: dict[str, Sequence[str]] = {
    "given": ("cohort", "what", "unit", "value_p05", "value_p50", "value_p95"),
    "doses": ("cohort", "region", "Gy_mean", "Gy_p05", "Gy_p50", "Gy_p95", "Gy_per_GBq",
              "Gy_p50_low", "Gy_p50_high"),
    "toxicity": (
        "cohort", "lineage", "unit", "nadir_p50", "nadir_day_p50", "recovery_day_p50",
        "p_grade3plus", "p_grade4", "nadir_p05", "nadir_p95", "nadir_day_p05", "nadir_day_p95",
        "p_grade3plus_low", "p_grade3plus_high", "p_grade4_low", "p_grade4_high",
    ),
    "response": (
        "cohort", "orr", "cbr", "dcr", "pfs_day_p50", "os_day_p50", "orr_low", "orr_high",
        "cbr_low", "cbr_high", "dcr_low", "dcr_high", "pfs_day_low", "pfs_day_high",
        "os_day_low", "os_day_high",
    ),
    "quality_of_life": (
        "cohort", "change", "change_low", "change_high", "p_lasting_fall", "p_lasting_fall_low",
        "p_lasting_fall_high",
    ),
    "km": ("cohort", "endpoint", "day", "survival", "low", "high", "at_risk"),
    "curves_activity": ("cohort", "region", "day", "MBq_p05", "MBq_p50", "MBq_p95"),
    "exposure": (
        "cohort", "region", "ug_h_per_mL_p05", "ug_h_per_mL_p50", "ug_h_per_mL_p95",
        "ng_per_mL_p05", "ng_per_mL_p50", "ng_per_mL_p95",
    ),
    "curves_drug": (
        "cohort", "region", "day", "ng_per_mL_p05", "ng_per_mL_p50", "ng_per_mL_p95",
    ),
    "curves_plasma": ("cohort", "day", "ng_per_mL_p05", "ng_per_mL_p50", "ng_per_mL_p95"),
    "curves_markers": ("cohort", "marker", "unit", "day", "p05", "p50", "p95"),
    "waterfall": ("cohort", "patient", "best_change_percent", "response"),
    "swimmer": ("cohort", "patient", "day_end", "event_end", "response", "response_day"),
    "trial": ("cohort", "dose", "n", "dlt", "decision", "reason"),
    "assumptions": (
        "parameter", "value", "unit", "spread", "status", "source", "where", "rests_on_it",
    ),
    "ctcae": ("lineage", "version", "grade", "low", "high", "unit"),
    "validity": ("where", "message", "count"),
}  # fmt: skip
