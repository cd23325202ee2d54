"""Where the agent is and when: activity by region, carrier mass in plasma."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdcraft.report import look
from pdcraft.report.folder import Results
from pdcraft.report.look import Figure, Key
from pdcraft.report.table import Table
from pdcraft.report.wording import listing, sentence_case

_FIRST = (
    "total body",
    "blood",
    "plasma",
    "xenograft",
    "red marrow",
    "tumour",
    "kidneys",
    "liver",
    "thyroid",
)
_LAST = ("iodide", "excreta")
_PANELS = 6
_COLUMNS = 3
_DECADES = 6


def activity(results: Results) -> Figure:
    """Activity over time, one panel per region, all cohorts."""
    table = results.tables["curves_activity"]
    regions = _regions(table.distinct("region"))
    traces, layout, switch = _panels(results, regions, _ACTIVITY)
    left_out = [r for r in table.distinct("region") if r not in regions]
    more = f" Further regions are in the table: {listing(left_out)}." if left_out else ""
    return Figure(
        name="activity",
        title="Activity in the body over time",
        caption=(
            "Lines are medians of all cohorts; the band holds the middle 90 % (5th to 95th "
            "percentile) of the chosen cohort, "
            f"{look.patients(results.cohorts)}. Physical decay is included: the curves show what a "
            f"perfect camera would count, not decay-corrected uptake.{more}"
        ),
        alt=f"Activity in MBq against days, in {listing(regions)}, for each cohort.",
        traces=traces, layout=layout, legend=look.cohort_keys(results.cohorts),
        chosen=results.cohorts[-1].name, choose="Show the band of", switch=switch,
        tables=("curves_activity.csv",),
    )  # fmt: skip


def _regions(present: list[str]) -> list[str]:
    first = [r for r in _FIRST if r in present]
    rest = [r for r in present if r not in (*_FIRST, *_LAST)]
    return (first + rest + [r for r in _LAST if r in present])[:_PANELS]


def drug(results: Results) -> Figure:
    """Drug that the linker has set free over time, one panel per region, all cohorts."""
    regions = results.tables["curves_drug"].distinct("region")
    traces, layout, switch = _panels(results, regions, _DRUG)
    return Figure(
        name="drug",
        title=f"{sentence_case(results.drug)} set free",
        caption=(
            f"Concentration of {results.drug} that the linker has set free, bound to proteins and "
            "tissue or not. Lines are medians of all cohorts; the band holds the middle 90 % (5th "
            f"to 95th percentile) of the chosen cohort, {look.patients(results.cohorts)}. In the "
            f"{listing(regions[1:])} it is set free on the spot, beside what comes from plasma."
        ),
        alt=f"{results.drug} in ng/mL against days, in {listing(regions)}, for each cohort.",
        traces=traces, layout=layout, legend=look.cohort_keys(results.cohorts),
        chosen=results.cohorts[-1].name, choose="Show the band of", switch=switch,
        tables=("curves_drug.csv", "exposure.csv"),
    )  # fmt: skip


_ACTIVITY = ("curves_activity", "MBq", "Activity (MBq)", "MBq")
_DRUG = ("curves_drug", "ng_per_mL", "Set free (ng/mL)", "ng/mL")
"""Table, first part of its columns, title of the axis, unit."""


def _panels(
    results: Results, regions: list[str], of: tuple[str, str, str, str]
) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any]]:
    name, column, title, unit = of
    table = results.tables[name]
    shown = table.take(np.isin(table["region"], regions))
    top = float(shown[f"{column}_p95"].max())
    floor = max(look.lowest(shown[f"{column}_p50"]), top * 10.0**-_DECADES)
    layout = look.layout(260 if len(regions) <= _COLUMNS else 500) | {"annotations": []}
    traces: list[dict[str, Any]] = []
    switch = {}
    for i, domain in enumerate(look.grid(len(regions), _COLUMNS)):
        x, y = look.axis_name("x", i), look.axis_name("y", i)
        rows = shown.where("region", regions[i])
        for key in look.cohort_keys(results.cohorts):
            traces += _courses(rows.where("cohort", key.choice), key, (x, y), column, unit)
        switch[look.layout_name(y)] = {
            "log": look.log_axis(floor, 1.5 * top),
            "linear": look.linear_axis(1.05 * float(rows[f"{column}_p95"].max())),
        }
        last_row = i + _COLUMNS >= len(regions)
        layout[look.layout_name(x)] = look.day_axis(
            float(table["day"].max()), 5, titled=last_row
        ) | {"domain": domain["x"], "anchor": y}
        layout[look.layout_name(y)] = (
            look.axis(title if i % _COLUMNS == 0 else "")
            | {"domain": domain["y"], "anchor": x}
            | switch[look.layout_name(y)]["log"]
        )
        layout["annotations"].append(look.heading(sentence_case(regions[i]), x, y))
    return traces, layout, switch


def _courses(
    rows: Table, key: Key, axes: tuple[str, str], column: str, unit: str
) -> list[dict[str, Any]]:
    low, middle, high = (look.numbers(rows[f"{column}_{p}"]) for p in ("p05", "p50", "p95"))
    days = look.numbers(rows["day"])
    return look.courses(days, (low, middle, high), key, f"day %{{x:.1f}}: %{{y:.3~r}} {unit}",
                        axes=axes)  # fmt: skip


def plasma(results: Results) -> Figure:
    """Carrier mass concentration in plasma over time, all cohorts."""
    table = results.tables["curves_plasma"]
    low, high = look.lowest(table["ng_per_mL_p50"]), float(table["ng_per_mL_p95"].max())
    switch = look.both_axes(low, high)
    what = f"{sentence_case(results.drug)} on the carrier" if results.drug else "Carrier"
    said = (
        "What the linker still holds, as mass of the drug."
        if results.drug
        else "Mass concentration of the carrier, labelled and unlabelled together; mass does not "
        "decay."
    )
    traces = []
    for key in look.cohort_keys(results.cohorts):
        traces += _plasma_course(table.where("cohort", key.choice), key)
    return Figure(
        name="plasma",
        title=f"{what} in plasma over time",
        caption=(
            f"{said} Lines are medians of all cohorts; the band holds the middle 90 % (5th to 95th "
            f"percentile) of the chosen cohort, {look.patients(results.cohorts)}."
        ),
        alt=f"{what} in plasma in ng/mL against days, for each cohort.",
        traces=traces,
        layout=look.layout(310, top=8)
        | {
            "xaxis": look.day_axis(float(table["day"].max()), 13),
            "yaxis": look.axis(f"{what} (ng/mL)") | switch["linear"],
        },
        legend=look.cohort_keys(results.cohorts), chosen=results.cohorts[-1].name,
        choose="Show the band of", switch={"yaxis": switch}, tables=("curves_plasma.csv",),
    )  # fmt: skip


def _plasma_course(rows: Table, key: Key) -> list[dict[str, Any]]:
    low, middle, high = (look.numbers(rows[f"ng_per_mL_{p}"]) for p in ("p05", "p50", "p95"))
    days = look.numbers(rows["day"])
    return look.courses(days, (low, middle, high), key, "day %{x:.1f}: %{y:.3~r} ng/mL")
