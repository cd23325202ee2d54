"""A fit's folder → one page: estimates, goodness of fit, predictive check."""

from __future__ import annotations

import csv
import html
import json
from pathlib import Path
from typing import Any

from plotly.offline import get_plotlyjs

from pdcraft.domain.errors import MissingError

Rows = list[dict[str, str]]
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1f24;background:#fff}table{border-collapse:collapse;margin:1rem 0}"
    "td,th{padding:.2rem .8rem;border-bottom:1px solid #d0d4d9;text-align:right}"
    "td:first-child,th:first-child{text-align:left}figure{margin:1.5rem 0}figcaption{color:#555}"
)


def read_fit(folder: Path) -> tuple[dict[str, Any], dict[str, Rows]]:
    """What a fit left: its facts, and its tables by name.

    Raises
    ------
    MissingError
        If the folder is not one of a fit.
    """
    file = Path(folder) / "fit.json"
    if not file.is_file():
        raise MissingError(f"{folder} holds no fit.json. Name a folder that 'pdcraft fit' wrote.")
    tables = {
        path.stem: list(csv.DictReader(path.read_text("utf-8").splitlines()))
        for path in sorted((Path(folder) / "tables").glob("*.csv"))
    }
    return json.loads(file.read_text("utf-8")), tables


def fit_lines(folder: Path) -> list[str]:
    """The main numbers of a fit, one line each."""
    about, tables = read_fit(folder)
    if about["kind"] == "curves":
        return [
            f"{r['region']}: time-integrated activity {r['tia']} ± {r['sigma']} {r['unit']} "
            f"(Monte Carlo 90 %: {r['mc_p05']} to {r['mc_p95']})"
            for r in tables["integrals"]
        ]
    lines = [
        f"{about['method'].upper()} objective {about['objective']:.3f}, "
        f"{about['observations']} observations of {about['patients']} patients"
        + ("" if about["converged"] else " (NOT CONVERGED)")
    ]
    for r in tables["estimates"]:
        error = f" ± {r['standard_error']}" if r["standard_error"] else " (fixed)"
        unit = "" if r["unit"] == "1" else f" {r['unit']}"
        lines.append(f"  {r['parameter']} = {r['value']}{error}{unit}")
    return lines


def write_fit(folder: Path) -> Path:
    """Write ``report.html`` into the folder of a fit and return where it is."""
    path = Path(folder) / "report.html"
    draft = path.with_suffix(".html.part")
    draft.write_text(render_fit(folder), "utf-8", newline="\n")
    return draft.replace(path)


def render_fit(folder: Path) -> str:
    """Text of the page; the same folder gives the same text."""
    about, tables = read_fit(folder)
    title = f"Fit of {html.escape(about['data'])}"
    curves = about["kind"] == "curves"
    figures = _curve_figures(tables) if curves else _population_figures(about, tables)
    facts = "".join(f"<li>{html.escape(line.strip())}</li>" for line in fit_lines(folder))
    shown = ("integrals", "curves") if curves else ("estimates", "shrinkage")
    body = "".join(_table(name, tables[name]) for name in shown)
    drawn = "".join(
        f'<figure><div id="f{i}" role="img" aria-label="{html.escape(f["title"])}"></div>'
        f"<figcaption>{html.escape(f['caption'])}</figcaption></figure>"
        for i, f in enumerate(figures)
    )
    data = json.dumps([{"traces": f["traces"], "layout": f["layout"]} for f in figures])
    data = data.replace("<", "\\u003c")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style><h1>{title}</h1><ul>{facts}</ul>{body}{drawn}"
        f"<script>{get_plotlyjs()}</script><script>const F={data};"
        'F.forEach((f,i)=>Plotly.newPlot("f"+i,f.traces,f.layout,{responsive:true}));</script>'
        "<p>For research; not a medical device.</p></html>\n"
    )


def _table(name: str, rows: Rows) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{html.escape(c)}</th>" for c in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(v)}</td>" for v in r.values()) + "</tr>" for r in rows
    )
    return f"<h2>{name.capitalize()}</h2><table><tr>{head}</tr>{body}</table>"


def _layout(x: str, y: str, **more: Any) -> dict[str, Any]:
    return {
        "height": 360, "xaxis": {"title": {"text": x}} | more.get("xaxis", {}),
        "yaxis": {"title": {"text": y}} | more.get("yaxis", {}), "margin": {"t": 20},
        "showlegend": bool(more.get("legend")),
    }  # fmt: skip


def _numbers(rows: Rows, column: str) -> list[float | None]:
    return [float(r[column]) if r[column] else None for r in rows]


def _points(x: list, y: list, name: str = "", **more: Any) -> dict[str, Any]:
    return {"type": "scatter", "mode": "markers", "x": x, "y": y, "name": name} | more


def _curve_figures(tables: dict[str, Rows]) -> list[dict[str, Any]]:
    figures = []
    for region in dict.fromkeys(r["region"] for r in tables["points"]):
        own = [r for r in tables["points"] if r["region"] == region]
        t, sigma = _numbers(own, "time_h"), _numbers(own, "sigma")
        seen = _points(t, _numbers(own, "activity"), "measured", error_y={"array": sigma})
        line = _points(t, _numbers(own, "fitted"), "fitted", mode="lines")
        figures.append({
            "title": region, "traces": [seen, line],
            "layout": _layout("Time (h)", "Activity", yaxis={"type": "log"}, legend=True),
            "caption": f"{region}: measured activity and the averaged curve at the same times.",
        })  # fmt: skip
    return figures


def _population_figures(about: dict[str, Any], tables: dict[str, Rows]) -> list[dict[str, Any]]:
    rows, unit = tables["residuals"], about["units"]["value"]
    value = _numbers(rows, "value")
    known = [v for v in value if v is not None]
    ends = [min(known), max(known)]
    figures = []
    for column, words in (("pred", "population"), ("ipred", "individual")):
        x = _numbers(rows, column)
        identity = _points(ends, ends, mode="lines", line={"dash": "dash", "color": "gray"})
        figures.append({
            "title": f"Observed against {words} prediction", "traces": [_points(x, value),
            identity], "layout": _layout(f"Prediction, {words} ({unit})", f"Observed ({unit})"),
            "caption": f"Observed values against the {words} prediction; dashed: equal.",
        })  # fmt: skip
    for column, axis in (("time_h", "Time (h)"), ("pred", f"Population prediction ({unit})")):
        for what, words in (("cwres", "conditional weighted residual"), ("npde", "NPDE")):
            figures.append({
                "title": words, "traces": [_points(_numbers(rows, column), _numbers(rows, what))],
                "layout": _layout(axis, words.upper() if what == "npde" else words),
                "caption": f"{words}: about 0 and mostly within 2 if the model is right.",
            })  # fmt: skip
    return [*figures, _check_figure(tables["vpc"], unit)]


def _check_figure(rows: Rows, unit: str) -> dict[str, Any]:
    traces = []
    for percentile in dict.fromkeys(r["percentile"] for r in rows):
        own = [r for r in rows if r["percentile"] == percentile]
        t = _numbers(own, "time_h")
        low, high = _numbers(own, "p05"), _numbers(own, "p95")
        band = {"mode": "lines", "line": {"width": 0}, "showlegend": False}
        traces += [
            _points(t, low, **band),
            _points(t, high, fill="tonexty", fillcolor="rgba(72,58,131,0.2)", **band),
            _points(t, _numbers(own, "observed"), f"observed {percentile} %", mode="lines+markers"),
        ]
    return {
        "title": "Predictive check", "traces": traces,
        "layout": _layout("Time (h)", f"Prediction-corrected value ({unit})", legend=True),
        "caption": "Percentiles of the data (lines) and, shaded, where 90 % of simulated trials "
        "have them; all corrected for the typical prediction.",
    }  # fmt: skip
