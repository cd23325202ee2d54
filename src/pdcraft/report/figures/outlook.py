"""Benefit against harm by activity, single patients over time, and what carries uncertainty."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdcraft.report import look
from pdcraft.report.folder import Results
from pdcraft.report.look import Figure, Key
from pdcraft.report.wording import sentence_case

_BENEFIT = ("PR or better", "MR or better", "SD or better")
_HARM = ("platelets grade 3 or 4", "platelets grade 4", "neutrophils grade 4")
_COLOURS = ("@r1", "@r3", "@r4")
_DASH = ("solid", "8px,3px", "2px,3px")
_SYMBOL = ("circle", "square", "diamond")


def window(results: Results) -> Figure:
    """Probability of benefit and of harm against the activity, and against each other."""
    table = results.tables["window"]
    layout = look.layout(400) | {"annotations": []}
    panels = look.grid(3, 3, gap=0.07)
    keys: list[Key] = []
    traces: list[dict[str, Any]] = []
    what = "Drug" if results.drug else "Activity"
    for i, (title, names) in enumerate((("Benefit", _BENEFIT), ("Harm", _HARM))):
        x, y = look.axis_name("x", i), look.axis_name("y", i)
        for k, name in enumerate(names):
            rows = table.where("outcome", name).sorted_by("total")
            key = Key(sentence_case(name), _COLOURS[k], "line", _DASH[k], _SYMBOL[k])
            keys.append(key)
            if len(rows):
                traces += _curve(rows, key, x, y, results.dose_unit)
        layout[look.layout_name(x)] = look.axis(f"{what} in all ({results.dose_unit})") | {
            "domain": panels[i]["x"], "anchor": y, "rangemode": "tozero",
        }  # fmt: skip
        layout[look.layout_name(y)] = look.axis("Patients (%)" if i == 0 else "") | {
            "domain": panels[i]["y"], "anchor": x, "range": [0, 102],
        }  # fmt: skip
        layout["annotations"].append(look.heading(title, x, y))
    traces += _plane(results, layout, panels[2])
    return Figure(
        name="window",
        title=f"Benefit and harm by {what.lower()}",
        caption=(
            "Share of patients with each outcome, by the dose of their cohort. "
            + f"Bands: 90 % interval, {look.intervals_of(results)}."
            + " Right: the two that are usually weighed, one point for each cohort; up and to the "
            "left is better."
        ),
        alt="Share of patients with benefit and with harm against the dose of the cohort.",
        traces=traces, layout=layout, legend=tuple(keys), tables=("window.csv",),
    )  # fmt: skip


def _curve(rows: Any, key: Key, x: str, y: str, unit: str) -> list[dict[str, Any]]:
    at = look.numbers(rows["total"])
    low, middle, high = (look.numbers(100 * rows[c]) for c in ("low", "p", "high"))
    base = {"type": "scatter", "x": at, "xaxis": x, "yaxis": y}
    thin = {"width": 1, "dash": key.dash, "color": f"{key.colour}:0.6"}  # bands tell apart in grey
    edge = base | {"mode": "lines", "hoverinfo": "skip", "line": thin}
    line = base | {
        "mode": "lines+markers", "y": middle, "name": key.label,
        "line": {"color": key.colour, "dash": key.dash, "width": 2},
        "marker": {"symbol": key.symbol, "size": 7, "color": key.colour},
        "hovertemplate": f"{key.label}: %{{y:.0f}} % at %{{x:.3g}} {unit}<extra></extra>",
    }  # fmt: skip
    fill = {"fill": "tonexty", "fillcolor": f"{key.colour}:0.15"}
    return [edge | {"y": low}, edge | {"y": high} | fill, line]


def _plane(results: Results, layout: dict[str, Any], domain: dict) -> list[dict[str, Any]]:
    """Probability of PR or better against that of grade 4 platelets, one point per cohort."""
    x, y = look.axis_name("x", 2), look.axis_name("y", 2)
    good = results.tables["window"].where("outcome", "PR or better")
    bad = results.tables["window"].where("outcome", "platelets grade 4")
    traces = []
    for key in look.cohort_keys(results.cohorts):
        g, b = good.where("cohort", key.choice), bad.where("cohort", key.choice)
        if not len(g) or not len(b):
            continue
        at = {"x": look.numbers(100 * b["p"]), "y": look.numbers(100 * g["p"])}
        bars = {
            f"error_{axis}": {
                "type": "data", "symmetric": False, "thickness": 1, "width": 3,
                "color": key.colour, "array": look.numbers(100 * (rows["high"] - rows["p"])),
                "arrayminus": look.numbers(100 * (rows["p"] - rows["low"])),
            }
            for axis, rows in (("x", b), ("y", g))
        }  # fmt: skip
        traces.append({
            "type": "scatter", "mode": "markers", **at, **bars, "xaxis": x, "yaxis": y,
            "marker": {"symbol": key.symbol, "size": 9, "color": key.colour},
            "hovertemplate": f"{key.label}: %{{y:.0f}} % PR or better, %{{x:.0f}} % grade 4"
            "<extra></extra>",
        })  # fmt: skip
    layout[look.layout_name(x)] = look.axis("Platelets grade 4 (%)") | {
        "domain": domain["x"], "anchor": y, "range": [0, 102],
    }  # fmt: skip
    layout[look.layout_name(y)] = look.axis("PR or better (%)") | {
        "domain": domain["y"], "anchor": x, "range": [0, 102],
    }  # fmt: skip
    layout["annotations"].append(look.heading("Window, by cohort", x, y))
    return traces


def spider(results: Results) -> Figure:
    """Change of the leading measure of every patient of the sample, one panel per cohort."""
    keys = look.cohort_keys(results.cohorts)
    table = results.tables["spider"]
    columns = min(3, len(keys))
    layout = look.layout(80 + 220 * -(-len(keys) // columns)) | {"annotations": []}
    traces: list[dict[str, Any]] = []
    for i, domain in enumerate(look.grid(len(keys), columns, gap=0.07, row_gap=0.2)):
        rows = table.where("cohort", keys[i].choice)
        x, y = look.axis_name("x", i), look.axis_name("y", i)
        for number in rows.distinct("patient"):
            one = rows.where("patient", number)
            traces.append({
                "type": "scatter", "mode": "lines", "x": look.numbers(one["day"]),
                "y": look.numbers(np.minimum(one["change_percent"], 100.0)), "xaxis": x, "yaxis": y,
                "line": {"width": 1, "color": f"{keys[i].colour}:0.55"},
                "hovertemplate": f"patient {int(number)}, day %{{x:.0f}}: %{{y:.0f}} %"
                "<extra></extra>",
            })  # fmt: skip
        lowest = i + columns >= len(keys)
        layout[look.layout_name(x)] = look.day_axis(
            float(rows["day"].max()), 5, titled=lowest
        ) | {
            "domain": domain["x"], "anchor": y,
        }  # fmt: skip
        layout[look.layout_name(y)] = look.axis("Change (%)" if i % columns == 0 else "") | {
            "domain": domain["y"], "anchor": x, "range": [-105, 105], "zeroline": True,
            "tickvals": [-100, -50, 0, 50, 100], "zerolinecolor": "@axis",
        }  # fmt: skip
        layout["annotations"].append(look.heading(keys[i].label, x, y))
    return Figure(
        name="spider",
        title="Change of the leading measure over time, patient by patient",
        caption=(
            "One line per patient of the sample, without measurement error, also beyond "
            "progression; growth beyond +100 % is cut there."
        ),
        alt="Spider plots of the change of the leading measure in %, one panel per cohort.",
        traces=traces, layout=layout, tables=("spider.csv",),
    )  # fmt: skip


def sensitivity(results: Results) -> Figure:
    """Which parameters go with the outcome, by rank correlation, for the last cohort."""
    cohort = results.cohorts[-1]
    table = results.tables["sensitivity"].where("cohort", cohort.name)
    names = table.distinct("outcome")
    layout = look.layout(330) | {"annotations": []}
    traces: list[dict[str, Any]] = []
    for i, domain in enumerate(look.grid(len(names), len(names), gap=0.17)):
        rows = table.where("outcome", names[i])
        x, y = look.axis_name("x", i), look.axis_name("y", i)
        labels = [str(p) for p in rows["parameter"]]
        traces.append({
            "type": "bar", "orientation": "h", "x": look.numbers(rows["rank_correlation"]),
            "y": labels, "marker": {"color": "@r1", "line": {"width": 0}}, "xaxis": x, "yaxis": y,
            "hovertemplate": "%{y}: %{x:.2f}<extra></extra>",
        })  # fmt: skip
        layout[look.layout_name(x)] = look.axis("Rank correlation") | {
            "domain": domain["x"], "anchor": y, "range": [-1, 1], "zeroline": True,
            "zerolinecolor": "@axis", "tickvals": [-1, -0.5, 0, 0.5, 1],
        }  # fmt: skip
        layout[look.layout_name(y)] = look.axis() | {
            "domain": domain["y"], "anchor": x, "autorange": "reversed", "showgrid": False,
            "tickfont": {"size": 10.5},
        }  # fmt: skip
        layout["annotations"].append(look.heading(sentence_case(names[i]), x, y))
    return Figure(
        name="sensitivity",
        title="What the outcome hangs on",
        caption=(
            f"Spearman correlation, over the patients of {cohort.label}, of three outcomes with "
            "whatever differs between patients"
            + (", draws of the posterior included" if results.study.get("draws") else "")
            + "; at most eight of each, without what cannot act on the outcome and without what "
            "chance alone could show. A negative bar: more of it, less of the outcome."
            + (" In draws, the alphas of platelets, neutrophils and haemoglobin rise and fall "
               "together with one factor of the agent, so a bar of one stands for all."
               if results.study.get("draws") else "")
        ),
        alt="Bars of rank correlations between outcomes and parameters.",
        traces=traces, layout=layout, tables=("sensitivity.csv",),
    )  # fmt: skip
