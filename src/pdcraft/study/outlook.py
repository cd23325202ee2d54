"""Tables that weigh benefit against harm, and say what carries their uncertainty."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pdcraft.biology import LINEAGES
from pdcraft.study.interval import believed

Kept = dict[str, NDArray]
Rows = list[list[object]]

_BLOOD = (*(f"{lineage}." for lineage in LINEAGES), "red marrow.", "support.")
_TUMOUR = ("tumour.", "m_protein.", "light_chain.", "dexamethasone.", "plasmacytoma.", "survival.")
_OUTCOMES = (
    ("best change", "best response", _BLOOD),
    ("lowest platelets", "thrombocytopenia",
     (*(f"{one}." for one in LINEAGES if one != "platelets"), *_TUMOUR)),
    ("time without progression", "progression or death", _BLOOD),
)  # fmt: skip
"""Outcomes that are explained, their events, and how parameters begin that cannot act on them."""

SPIDER = 40
"""Patients shown of each cohort: the first ones, as in the other figures."""


def outcomes(kept: Kept, events: Sequence[str]) -> dict[str, NDArray]:
    """Yes or no of every patient for the outcomes that are weighed, by name. ``[patient]``."""
    code = kept["event_grade"][:, events.index("best response")]
    found = {"PR or better": code >= 3, "MR or better": code >= 2, "SD or better": code >= 1}
    for lineage, event in (("platelets", "thrombocytopenia"), ("neutrophils", "neutropenia")):
        grade = kept["event_grade"][:, events.index(event)]
        found[f"{lineage} grade 3 or 4"] = grade >= 3
        found[f"{lineage} grade 4"] = grade >= 4
    if "platelet transfusions" in events:
        found["platelets transfused"] = kept["event_happened"][
            :, events.index("platelet transfusions")
        ]
    return found


def window(cohort: str, total: float, kept: Kept, events: Sequence[str], draws: int) -> Rows:
    """Rows of ``window.csv``: how probable each outcome is, with its 90 % interval."""
    rows: Rows = []
    for name, yes in outcomes(kept, events).items():
        rows.append([cohort, total, name, *believed(kept["number"], yes, draws)])
    return rows


def support(cohort: str, kept: Kept, events: Sequence[str]) -> Rows:
    """Rows of ``support.csv``: who was given what, and how much of it."""
    rows: Rows = []
    for name in ("platelet transfusions", "red cell transfusions", "growth factor"):
        i = events.index(name)
        given, how_many = kept["event_happened"][:, i], kept["event_value"][:, i]
        first = kept["event_time_h"][given, i] / 24.0
        rows.append([
            cohort, name, given.mean(), how_many[given].mean() if given.any() else 0.0,
            float(np.median(first)) if given.any() else np.nan,
        ])  # fmt: skip
    return rows


def curves_support(cohort: str, kept: Kept, markers: Sequence[str], day: NDArray) -> Rows:
    """Rows of ``curves_support.csv``: share of patients who were given it by a day."""
    return [
        [cohort, what, d, share]
        for what in ("platelet transfusions", "red cell transfusions")
        for d, share in zip(
            day, (kept["markers"][:, markers.index(what)] > 0).mean(axis=0), strict=True
        )
    ]


def spider(cohort: str, kept: Kept, markers: Sequence[str], day: NDArray, every_d: float) -> Rows:
    """Rows of ``spider.csv``: change of the leading measure at the visits of single patients."""
    name = "M-protein" if "M-protein" in markers else "lesion size"
    course = kept["markers"][:SPIDER, markers.index(name)]
    at = np.arange(0.0, day[-1] + 1e-9, every_d)
    rows: Rows = []
    for number, one in zip(kept["number"], course, strict=False):
        change = 100.0 * (np.interp(at, day, one) / one[0] - 1.0)
        rows += [[cohort, int(number), d, c] for d, c in zip(at, change, strict=True)]
    return rows


def sensitivity(
    cohort: str, kept: Kept, events: Sequence[str], parameters: Sequence[str], most: int = 8
) -> Rows:
    """Rows of ``sensitivity.csv``: rank correlation of outcomes with what differs between patients.

    For best change, lowest platelets and time without progression, the parameters of the largest
    Spearman correlation over all patients, draws of the posterior included. Parameters that an
    outcome cannot depend on (those of other blood cells; those of the tumour for platelets) are
    left out, and so are correlations that chance gives one parameter in twenty.
    """
    rows: Rows = []
    chance = stats.norm.ppf(0.975) / np.sqrt(len(kept["number"]))
    for name, event, strangers in _OUTCOMES:
        varied = [
            i for i, p in enumerate(parameters)
            if np.ptp(kept["parameters"][:, i]) > 0 and not p.startswith(strangers)
        ]  # fmt: skip
        value = stats.rankdata(kept["event_value"][:, events.index(event)])
        if np.ptp(value) == 0 or not varied:
            continue
        ranks = stats.rankdata(kept["parameters"][:, varied], axis=0)
        rho = np.corrcoef(value, ranks.T)[0, 1:]
        for k in np.argsort(-np.abs(rho))[:most]:
            if abs(rho[k]) > chance:
                rows.append([cohort, name, parameters[varied[k]], rho[k]])
    return rows


COLUMNS: dict[str, Sequence[str]] = {
    "window": ("cohort", "total", "outcome", "p", "low", "high"),
    "support": ("cohort", "what", "p_any", "mean_if_any", "first_day_p50"),
    "curves_support": ("cohort", "what", "day", "share"),
    "spider": ("cohort", "patient", "day", "change_percent"),
    "sensitivity": ("cohort", "outcome", "parameter", "rank_correlation"),
}
