"""Arrays of an experiment with mice → its own tables: growth of the xenografts, survival."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pdcraft.study.results import BAND, Rows, event_curve, kaplan_meier_rows, median_day
from pdcraft.trial.mice import XENOGRAFT

_EMPTY = "tumour"  # tumour in the marrow, and the reference mouse's own: nothing lies there
Kept = dict[str, NDArray]


def reported(place: str) -> str:
    """Name of a region in the tables: the lesion is the xenograft."""
    return "xenograft" if place == XENOGRAFT else place


def named(places: Sequence[str]) -> list[str]:
    """Regions as they are reported, without those left out."""
    return [reported(p) for p in places if p != _EMPTY]


def without_empty(kept: Kept, targets: Sequence[str], sources: Sequence[str]) -> Kept:
    """What was kept, its doses and activities without the regions that `named` leaves out."""
    if "dose_Gy" not in kept:  # a drug
        return kept
    shown = [i for i, p in enumerate(targets) if p != _EMPTY]
    active = [i for i, p in enumerate(sources) if p != _EMPTY]
    return {
        **kept,
        "dose_Gy": kept["dose_Gy"][:, shown],
        "activity_MBq": kept["activity_MBq"][:, :, active],
    }


def growth(group: str, kept: Kept, events: Sequence[str]) -> Rows:
    """Row of ``growth.csv``: days to four times the volume, regression, mice still alive.

    Medians are those of Kaplan-Meier; empty where half of the mice did not come so far.
    """
    volume = kept["markers"][:, 0]
    i, ended = events.index("tumour growth"), events.index("volume limit")
    low, middle, high = np.quantile(kept["event_value"][:, events.index("regression")], BAND)
    return [
        [group, median_day(event_curve(kept, i))[0], low, middle, high, np.median(volume[:, 0]),
         median_day(event_curve(kept, ended))[0], 1.0 - kept["event_happened"][:, ended].mean()]
    ]  # fmt: skip


def survival(group: str, kept: Kept, events: Sequence[str]) -> Rows:
    """Rows of ``km.csv``: mice whose tumour has not reached four times its volume, or the limit."""
    return [
        row
        for endpoint, event in (("growth", "tumour growth"), ("survival", "volume limit"))
        for row in kaplan_meier_rows(group, endpoint, event_curve(kept, events.index(event)))
    ]


COLUMNS: dict[str, Sequence[str]] = {
    "growth": (
        "cohort", "fourfold_day_p50", "lowest_percent_p05", "lowest_percent_p50",
        "lowest_percent_p95", "first_mm3_p50", "limit_day_p50", "alive",
    ),
}  # fmt: skip
