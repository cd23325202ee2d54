"""Figures of a population fit, readable in grey: agreement, patients, residuals, prediction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

Rows = list[dict[str, str]]
DARK, GREY = "#2b2350", "#8a8a8a"
_SHOWN = 12  # patients that are drawn one by one


@dataclass(frozen=True)
class Figure:
    """One figure as plotly takes it, with what is said below."""

    title: str
    traces: list[dict[str, Any]]
    layout: dict[str, Any]
    caption: str


def numbers(rows: Rows, column: str) -> list[float | None]:
    """A column as numbers; None where there is none."""
    return [float(r[column]) if r[column] not in ("", "nan") else None for r in rows]


def points(x: list, y: list, name: str = "", **more: Any) -> dict[str, Any]:
    """Markers, or lines where ``mode`` says so."""
    look = {"marker": {"color": DARK, "size": 6, "opacity": 0.7}}
    return {"type": "scatter", "mode": "markers", "x": x, "y": y, "name": name} | look | more


def layout(x: str, y: str, **more: Any) -> dict[str, Any]:
    """Axes with their titles."""
    return {
        "height": 380, "xaxis": {"title": {"text": x}} | more.get("xaxis", {}),
        "yaxis": {"title": {"text": y}} | more.get("yaxis", {}),
        "margin": {"t": 20, "l": 70, "r": 20}, "plot_bgcolor": "#fff",
        "showlegend": bool(more.get("legend")), "shapes": more.get("shapes", []),
        "legend": {"orientation": "h", "y": 1.12},
    }  # fmt: skip


def tracer_figures(tables: dict[str, Rows]) -> list[Figure]:
    """Doses before and after the measurement, then every measured region with its band."""
    figures = [_doses(tables["doses"])]
    for region in dict.fromkeys(r["region"] for r in tables["points"]):
        own = [r for r in tables["points"] if r["region"] == region]
        drawn = [r for r in tables["course"] if r["region"] == region]
        t = numbers(drawn, "time_h")
        edge = {"width": 0, "color": GREY}
        band = [
            points(t, numbers(drawn, "p05"), "", mode="lines", line=edge, showlegend=False),
            points(t, numbers(drawn, "p95"), "90 %", mode="lines", line=edge, fill="tonexty",
                   fillcolor="rgba(138,138,138,0.35)"),
            points(t, numbers(drawn, "p50"), "median", mode="lines", line={"color": DARK}),
        ]  # fmt: skip
        seen = points(
            numbers(own, "time_h"), numbers(own, "activity_MBq"), "measured",
            error_y={"array": numbers(own, "sigma_MBq")},
        )  # fmt: skip
        figures.append(Figure(
            region, [*band, seen],
            layout("Time (h)", "Activity (MBq)", yaxis={"type": "log"}, legend=True),
            f"{region}: measured activity of the tracer with its standard uncertainty, and the "
            "posterior's median and 90 % band.",
        ))  # fmt: skip
    return figures


def _doses(rows: Rows) -> Figure:
    """Median and 90 % interval of every region, before and after."""
    rows = sorted(rows, key=lambda r: float(r["Gy_p50"]))
    names = [r["region"] for r in rows]

    def bar(start: str, name: str, symbol: str, color: str) -> dict[str, Any]:
        low, middle, high = (
            [float(r[f"{start}Gy_{p}"]) for r in rows] for p in ("p05", "p50", "p95")
        )
        ends = list(zip(low, middle, high, strict=True))
        return points(
            middle, names, name, marker={"color": color, "symbol": symbol, "size": 8},
            error_x={"type": "data", "color": color, "array": [h - m for _, m, h in ends],
                     "arrayminus": [m - a for a, m, _ in ends]},
        )  # fmt: skip

    look = layout("Absorbed dose of the plan (Gy)", "", xaxis={"type": "log"}, legend=True)
    look |= {"height": 120 + 20 * len(names), "margin": {"t": 20, "l": 210, "r": 20}}
    return Figure(
        "Absorbed doses", [bar("before_", "before", "circle-open", GREY),
                           bar("", "after the tracer", "circle", DARK)], look,
        "Median and 90 % interval of the dose that the plan gives to every region: as the "
        "population is, and after this patient's tracer.",
    )  # fmt: skip


def population_figures(about: dict[str, Any], tables: dict[str, Rows]) -> list[Figure]:
    """All figures of a population fit, those of each kind of observation together."""
    figures: list[Figure] = []
    for kind, unit in about["kinds"].items():
        rows, checked = (
            [r for r in tables[name] if r["kind"] == kind] for name in ("residuals", "vpc")
        )
        own = _of_kind(rows, checked, "data's unit" if unit == "1" else unit)
        if len(about["kinds"]) > 1:
            own = [
                replace(f, title=f"{kind}: {f.title}", caption=f"{kind}. {f.caption}") for f in own
            ]
        figures += own
    return figures


def _of_kind(rows: Rows, checked: Rows, unit: str) -> list[Figure]:
    figures = [
        _observed(rows, "pred", "population", unit),
        _observed(rows, "ipred", "individual", unit),
        _patients(rows, unit),
    ]
    for what, words in (("cwres", "CWRES"), ("npde", "NPDE")):
        for column, axis in (("time_h", "Time (h)"), ("pred", f"Population prediction ({unit})")):
            figures.append(_residual(rows, what, words, column, axis))
    return [*figures, _check(checked, unit)]


def _observed(rows: Rows, column: str, words: str, unit: str) -> Figure:
    value = numbers(rows, "value")
    x = numbers(rows, column)
    known = [v for v in (*value, *x) if v is not None]
    ends = [min(known), max(known)]
    equal = points(ends, ends, "equal", mode="lines", line={"dash": "dash", "color": GREY})
    return Figure(
        f"Observed against {words} prediction", [points(x, value, "observation"), equal],
        layout(f"Prediction, {words} ({unit})", f"Observed ({unit})", legend=True),
        f"Observed values against the {words} prediction; points scatter about the dashed line "
        "over the whole range if the model is right.",
    )  # fmt: skip


def _patients(rows: Rows, unit: str) -> Figure:
    """Small panels of the first patients: points, their own curve, the population's."""
    who = list(dict.fromkeys(r["patient"] for r in rows))[:_SHOWN]
    across = min(4, len(who))
    down = -(-len(who) // across)
    look: dict[str, Any] = {
        "height": 120 + 170 * down, "margin": {"t": 40, "l": 70, "r": 20}, "annotations": [],
        "showlegend": True, "legend": {"orientation": "h", "y": 1.0 + 0.25 / down},
        "grid": {"rows": down, "columns": across, "pattern": "independent", "ygap": 0.35},
    }  # fmt: skip
    traces = []
    for i, name in enumerate(who):
        own = [r for r in rows if r["patient"] == name]
        k = "" if i == 0 else str(i + 1)
        place = {"xaxis": f"x{k}", "yaxis": f"y{k}", "showlegend": i == 0}
        t = numbers(own, "time_h")
        lines = (("ipred", "individual", {"color": DARK}),
                 ("pred", "population", {"color": GREY, "dash": "dash"}))  # fmt: skip
        traces.append(points(t, numbers(own, "value"), "observed", **place))
        for column, words, line in lines:
            y = numbers(own, column)
            traces.append(points(t, y, words, mode="lines", line=line, **place))
        look[f"xaxis{k}"] = {"title": {"text": "Time (h)" if i // across == down - 1 else ""}}
        look[f"yaxis{k}"] = {"title": {"text": unit if i % across == 0 else ""}}
        look["annotations"].append({
            "text": name, "showarrow": False, "x": 0.95, "y": 1.0, "xanchor": "right",
            "xref": f"x{k} domain", "yref": f"y{k} domain",
        })  # fmt: skip
    return Figure(
        "Patients", traces, look,
        f"The first {len(who)} patients: observed values, the individual prediction (solid) and "
        "the population's (dashed), drawn from observation to observation.",
    )  # fmt: skip


def _residual(rows: Rows, what: str, words: str, column: str, axis: str) -> Figure:
    lines = [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y,
         "line": {"color": GREY, "dash": "solid" if y == 0 else "dot", "width": 1}}
        for y in (-2, 0, 2)
    ]  # fmt: skip
    told = {
        "CWRES": "Conditional weighted residuals",
        "NPDE": "Normalised prediction distribution errors",
    }
    return Figure(
        f"{words} against {axis}", [points(numbers(rows, column), numbers(rows, what))],
        layout(axis, f"{words} (standard deviations)", shapes=lines),
        f"{told[words]}: about 0 without a trend, and 95 of 100 within 2, if the model is right.",
    )  # fmt: skip


def _check(rows: Rows, unit: str) -> Figure:
    corrected = not rows or rows[0]["corrected"] == "yes"
    ways = ("dot", "solid", "dash")
    traces: list[dict[str, Any]] = []
    for i, percentile in enumerate(dict.fromkeys(r["percentile"] for r in rows)):
        own = [r for r in rows if r["percentile"] == percentile]
        t, low, high = (numbers(own, c) for c in ("time_h", "p05", "p95"))
        bare = {"mode": "lines", "line": {"width": 0}}
        shade = "rgba(43,35,80,0.30)" if i == 1 else "rgba(43,35,80,0.14)"
        traces += [
            points(t, low, showlegend=False, **bare),
            points(t, high, f"simulated {_percent(percentile)}", fill="tonexty", fillcolor=shade,
                   **bare),
            points(t, numbers(own, "observed"), f"observed {_percent(percentile)}",
                   mode="lines+markers", line={"color": "#000", "dash": ways[i % 3]}),
        ]  # fmt: skip
    axis = f"Prediction-corrected value ({unit})" if corrected else f"Value ({unit})"
    how = (
        "all corrected for the typical prediction"
        if corrected
        else "values below the limit of quantification stand at the limit"
    )
    return Figure(
        "Predictive check", traces, layout("Time (h)", axis, legend=True),
        "Percentiles of the data (black lines) and, shaded, where 90 % of simulated trials have "
        f"them; {how}.",
    )  # fmt: skip


def _percent(text: str) -> str:
    return f"{float(text):g} %"
