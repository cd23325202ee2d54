"""Blood counts with CTCAE grade bands, and markers of the disease, over time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pdcraft.report import look
from pdcraft.report.folder import Results
from pdcraft.report.look import Figure
from pdcraft.report.table import Table
from pdcraft.report.wording import plain, sentence_case, unit

_LOWEST = 1e-3
_ABOVE = 1.4  # a label without a height of its own stands this much above the band below it
_ELSEWHERE = ("platelet transfusions", "red cell transfusions", "G-CSF days", "plasmacytoma")
_OPACITY = {1: 0.04, 2: 0.09, 3: 0.17, 4: 0.28}


def blood_counts(results: Results) -> Figure | None:
    """One panel per lineage that CTCAE grades, with the grades as shaded bands."""
    grades = results.tables["ctcae"]
    markers = [m for m in _markers(results) if m in grades.distinct("lineage")]
    if not markers:
        return None
    support = _support(results)
    figure = _figure(results, markers, further=len(support))
    for i, (what, rows) in enumerate(support, start=len(markers)):
        _given(figure, results, what, rows, i)
    for i, marker in enumerate(markers):
        bands = grades.where("lineage", marker).sorted_by("grade")
        _shade(figure, bands, i)
    return replace(
        figure,
        name="counts",
        title="Blood counts over time",
        caption=(
            f"Shaded: CTCAE {grades['version'][0]} grades with their upper limits, a stronger "
            "shade is worse; grade 1 is not shaded where it ends at the laboratory's lower limit "
            "of normal (LLN). Lines are medians of all cohorts; the band holds the middle 90 % "
            f"(5th to 95th percentile) of the chosen cohort, {look.patients(results.cohorts)}. "
            "Patients reach their nadirs on different days: the lowest point of a median curve is "
            "not the median nadir."
            + (
                " Last: share of patients who were transfused by a day; the counts hold what was "
                "transfused."
                if support
                else ""
            )
            + "".join(
                f" {sentence_case(m)}: {words.strip(' ()')}."
                for m in markers
                if (words := look.not_calibrated(results, m))
            )
        ),
        alt=f"Blood counts ({', '.join(markers)}) against days with shaded CTCAE grades.",
        tables=("curves_markers.csv", "ctcae.csv", *(("curves_support.csv",) if support else ())),
    )


def disease_markers(results: Results) -> Figure | None:
    """One panel per marker that is not a graded blood count; None where there is none."""
    graded = set(results.tables["ctcae"]["lineage"]) if results.has("ctcae") else set()
    markers = [m for m in _markers(results) if m not in graded and m not in _ELSEWHERE]
    if not markers:
        return None
    figure = _figure(results, markers)
    for name, entries in figure.switch.items():  # medians of few times the baseline, wide bands
        figure.layout[name] |= entries["log"]
    beyond = (
        " Volumes go on beyond the limit as if no mouse were killed." if results.of_mice else ""
    )
    return replace(figure, caption=figure.caption + beyond)


def _support(results: Results) -> list[tuple[str, Table]]:
    """What was given to anybody, with its rows."""
    if not results.has("curves_support"):
        return []
    table = results.tables["curves_support"]
    each = [(what, table.where("what", what)) for what in table.distinct("what")]
    return [(what, rows) for what, rows in each if rows["share"].max() > 0]


def _given(figure: Figure, results: Results, what: str, rows: Table, panel: int) -> None:
    """Draw the share of patients who were given it by a day, one line for each cohort."""
    x, y = look.axis_name("x", panel), look.axis_name("y", panel)
    for key in look.cohort_keys(results.cohorts):
        own = rows.where("cohort", key.choice)
        figure.traces.append({
            "type": "scatter", "mode": "lines", "x": look.numbers(own["day"]), "xaxis": x,
            "y": look.numbers(100 * own["share"]), "yaxis": y,
            "line": {"color": key.colour, "dash": key.dash, "width": 2, "shape": "hv"},
            "hovertemplate": f"{key.label}<br>by day %{{x:.0f}}: %{{y:.1f}} %<extra></extra>",
        })  # fmt: skip
    domain = look.grid(panel + 1, 2, gap=0.1)[panel]["x"]
    figure.layout[look.layout_name(x)] = look.day_axis(float(rows["day"].max()), 8) | {
        "domain": domain, "anchor": y,
    }  # fmt: skip
    top = max(5.0, 115.0 * float(rows["share"].max()))
    figure.layout[look.layout_name(y)] |= look.axis("Patients (%)") | {
        "anchor": x, "range": [0, float(f"{top:.3g}")],
    }  # fmt: skip
    figure.layout["annotations"].append(look.heading(sentence_case(what), x, y))


def _markers(results: Results) -> list[str]:
    return results.tables["curves_markers"].distinct("marker")


def _figure(results: Results, markers: list[str], *, further: int = 0) -> Figure:
    """Panels of markers; room for further ones, whose domains of y are set already."""
    keys, count = look.cohort_keys(results.cohorts), len(markers) + further
    layout = look.layout(60 + 280 * -(-count // 2)) | {"annotations": []}
    domains = look.grid(count, 2, gap=0.1, row_gap=0.16 if count < 5 else 0.1)
    for i, domain in enumerate(domains):
        layout[look.layout_name(look.axis_name("y", i))] = {"domain": domain["y"]}
    traces: list[dict[str, Any]] = []
    switch = {}
    for i, domain in enumerate(domains[: len(markers)]):
        rows = results.tables["curves_markers"].where("marker", markers[i])
        x, y = look.axis_name("x", i), look.axis_name("y", i)
        traces += [t for k in keys for t in _courses(rows.where("cohort", k.choice), k, x, y)]
        switch[look.layout_name(y)] = look.both_axes(
            look.lowest(rows["p05"]) / 1.5, float(rows["p95"].max()) or 1.0
        )
        layout[look.layout_name(x)] = look.day_axis(float(rows["day"].max()), 8) | {
            "domain": domain["x"],
            "anchor": y,
        }
        title = f"{sentence_case(markers[i])} ({unit(rows['unit'][0])})"
        layout[look.layout_name(y)] = (
            look.axis(title)
            | {"domain": domain["y"], "anchor": x}
            | switch[look.layout_name(y)]["linear"]
        )
        layout["annotations"].append(look.heading(sentence_case(markers[i]), x, y))
    return Figure(
        name="markers",
        title="Markers over time",
        caption=(
            "Lines are medians of all cohorts; the band holds the middle 90 % (5th to 95th "
            f"percentile) of the chosen cohort, {look.patients(results.cohorts)}."
        ),
        alt=f"{', '.join(markers)} against days, for each cohort.",
        traces=traces, layout=layout, legend=keys, chosen=keys[-1].choice,
        choose="Show the band of", switch=switch, tables=("curves_markers.csv",),
    )  # fmt: skip


def _courses(rows: Table, key: look.Key, x: str, y: str) -> list[dict[str, Any]]:
    low, middle, high = (look.numbers(rows[c]) for c in ("p05", "p50", "p95"))
    name = unit(rows["unit"][0]) if len(rows) else ""
    return look.courses(
        look.numbers(rows["day"]), (low, middle, high), key,
        f"day %{{x:.0f}}: %{{y:.3~r}} {name}", axes=(x, y),
    )  # fmt: skip


def _shade(figure: Figure, bands: Table, panel: int) -> None:
    x, y = look.axis_name("x", panel), look.axis_name("y", panel)
    labels, heights = [], []
    for row in bands:
        if row["high"] == "0":  # a grade that no count reaches, as anaemia of grade 4
            continue
        grade, low, high = int(row["grade"]), _limit(row["low"]), _limit(row["high"])
        # A limit in words, as LLN (lower limit of normal), has no height of its own.
        labels.append(f"grade {grade}: < {plain(high) if high else row['high']}\u00a0")
        heights.append(high or _ABOVE * (low or _LOWEST))
        if high:
            figure.layout.setdefault("shapes", []).append({
                "type": "rect", "layer": "below", "xref": f"{x} domain", "x0": 0, "x1": 1,
                "yref": y, "y0": low or _LOWEST, "y1": high, "line": {"width": 0},
                "fillcolor": f"@ink:{_OPACITY.get(grade, _OPACITY[4])}",
            })  # fmt: skip
    end = figure.layout[look.layout_name(x)]["range"][1]
    figure.traces.append({
        "type": "scatter", "mode": "text", "x": [end] * len(labels), "y": heights, "text": labels,
        "textposition": "bottom left", "textfont": {"size": 10.5, "color": "@ink"},
        "hoverinfo": "skip", "xaxis": x, "yaxis": y,
    })  # fmt: skip


def _limit(written: str) -> float | None:
    try:
        return float(written) or None
    except ValueError:
        return None
