"""Absorbed dose by region and cohort, as dots with whiskers."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdcraft.report import look
from pdcraft.report.folder import Results
from pdcraft.report.look import Figure, Key
from pdcraft.report.table import Table
from pdcraft.report.wording import listing, sentence_case

HIGHLIGHTED = ("red marrow", "tumour", "xenograft")
_MOST = 16
_DOT_STEP = 0.7
_PX_PER_DOT, _PX_BETWEEN = 7, 9


def ordered_regions(results: Results) -> list[str]:
    """Regions as they are listed: highlighted ones, then by falling dose of the last cohort."""
    last = results.tables["doses"].where("cohort", results.cohorts[-1].name)
    by_dose = last.sorted_by("Gy_p50", falling=True).distinct("region")
    present = dict.fromkeys([*HIGHLIGHTED, *by_dose, *results.tables["doses"].distinct("region")])
    return [region for region in present if region in set(results.tables["doses"]["region"])]


def dose(results: Results) -> Figure:
    """Dots at the medians, whiskers from 5th to 95th percentile, one row per region."""
    table = results.tables["doses"]
    solid = [r for r in ordered_regions(results) if not r.endswith(" contents")]
    regions = solid[:_MOST]
    left_out = len(ordered_regions(results)) - len(regions)
    more = (
        f" The table below has {left_out} more: lower doses, and contents of hollow organs."
        if left_out
        else ""
    )
    keys = look.cohort_keys(results.cohorts, "symbol")
    traces = [_dots(results.tables["doses"].where("cohort", k.choice), k, i, regions, len(keys))
              for i, k in enumerate(keys)]  # fmt: skip
    table = table.take(np.isin(table["region"], regions))
    switch = look.both_axes(look.lowest(table["Gy_p05"]) / 1.3, float(table["Gy_p95"].max()), 12)
    shaded = listing([r for r in HIGHLIGHTED if r in regions])
    height = 90 + len(regions) * (len(keys) * _PX_PER_DOT + _PX_BETWEEN)
    return Figure(
        name="dose",
        title="Absorbed dose by region",
        caption=(
            f"Dots are medians over {results.who}, whiskers reach from the 5th to the 95th "
            f"percentile, "
            f"{look.patients(results.cohorts)}. Absorbed dose of all administrations together, not "
            f"corrected for dose rate. Shaded: {shaded}.{more}"
        ),
        alt="Absorbed dose in Gy for each region and cohort, with 5th to 95th percentile.",
        traces=traces,
        layout=_layout(regions, height, switch["log"]),
        legend=keys, switch={"xaxis": switch}, tables=("doses.csv",),
    )  # fmt: skip


def _dots(rows: Table, key: Key, index: int, regions: list[str], count: int) -> dict[str, Any]:
    rows = rows.take(np.isin(rows["region"], regions))
    offset = 0.0 if count == 1 else _DOT_STEP * (index / (count - 1) - 0.5)
    middle, low, high = (look.numbers(rows[c]) for c in ("Gy_p50", "Gy_p05", "Gy_p95"))
    return {
        "type": "scatter", "mode": "markers", "name": key.label, "x": middle,
        "y": [round(regions.index(r) + offset, 3) for r in rows["region"]],
        "customdata": [[r, a, b] for r, a, b in zip(rows["region"], low, high, strict=True)],
        "marker": {"color": key.colour, "symbol": key.symbol, "size": 7},
        "error_x": {
            "type": "data", "symmetric": False, "thickness": 1.4, "width": 0, "color": key.colour,
            "array": look.numbers(rows["Gy_p95"] - rows["Gy_p50"]),
            "arrayminus": look.numbers(rows["Gy_p50"] - rows["Gy_p05"]),
        },
        "hovertemplate": (
            f"{key.label}<br>%{{customdata[0]}}: %{{x:.3~r}} Gy "
            "(%{customdata[1]:.3~r} to %{customdata[2]:.3~r})<extra></extra>"
        ),
    }  # fmt: skip


def _stripe(region: str, row: int) -> dict[str, Any]:
    return {
        "type": "rect", "layer": "below", "xref": "x domain", "x0": 0, "x1": 1, "yref": "y",
        "y0": row - 0.5, "y1": row + 0.5, "fillcolor": "@stripe", "line": {"width": 0},
    }  # fmt: skip


def _label(region: str) -> str:
    name = sentence_case(region)
    return f"<b>{name}</b>" if region in HIGHLIGHTED else name


def _layout(regions: list[str], height: int, log: dict[str, Any]) -> dict[str, Any]:
    rows = {
        "tickvals": list(range(len(regions))), "ticktext": [_label(r) for r in regions],
        "range": [len(regions) - 0.5, -0.5], "showgrid": False, "ticks": "",
    }  # fmt: skip
    return look.layout(height, top=8) | {
        "shapes": [_stripe(r, i) for i, r in enumerate(regions) if r in HIGHLIGHTED],
        "xaxis": look.axis("Absorbed dose (Gy)") | log,
        "yaxis": look.axis("Region") | rows,
    }
