"""A fit's folder → one page: estimates, goodness of fit, predictive check."""

from __future__ import annotations

import csv
import html
import json
from pathlib import Path
from typing import Any

from plotly.offline import get_plotlyjs

from pdcraft.domain.errors import MissingError
from pdcraft.report.fit_figures import (
    DARK,
    Figure,
    Rows,
    layout,
    numbers,
    points,
    population_figures,
    tracer_figures,
)

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
    if about["kind"] == "tracer":
        return _tracer_lines(about, tables)
    if about["kind"] == "curves":
        return [
            f"{r['region']}: time-integrated activity {_short(r['tia'])} ± {_short(r['sigma'])} "
            f"{r['unit']} (Monte Carlo 90 %: {_short(r['mc_p05'])} to {_short(r['mc_p95'])})"
            for r in tables["integrals"]
        ]
    lines = [
        f"{about['method'].upper()} objective {about['objective']:.3f}, "
        f"{about['observations']} observations of {about['patients']} patients"
        + ("" if about["converged"] else " (NOT CONVERGED)")
    ]
    for r in tables["estimates"]:
        unit = "" if r["unit"] == "1" else f" {r['unit']}"
        known = _short(r["standard_error"]) != "–"
        error = (
            f" ± {_short(r['standard_error'])}{unit}" if known else f"{unit} (no standard error)"
        )
        lines.append(f"  {r['parameter']} = {_short(r['value'])}{error}")
    return lines


_MAIN = ("red marrow", "kidneys", "liver", "thyroid", "total body")


def _tracer_lines(about: dict[str, Any], tables: dict[str, Rows]) -> list[str]:
    """What the therapy would do to this patient, and how much of it the tracer told."""

    def of(value: object) -> str:
        return f"{float(str(value)):.3g}"

    lines = [
        f"{about['therapy']}, {about['planned_MBq']:.4g} MBq in all, after "
        f"{about['given_MBq']:.4g} MBq of {about['tracer']}",
        f"  {about['draws']} draws, worth {of(about['effective'])}; chi-square per point "
        f"{of(about['chi_square_per_point'])}"
        + ("" if about["fits"] else " (THE MEASUREMENTS DO NOT FIT THE MODEL)"),
    ]
    lines += [
        f"  {r['region']}: {of(r['Gy_p50'])} Gy ({of(r['Gy_p05'])} to {of(r['Gy_p95'])}); before "
        f"the measurement {of(r['before_Gy_p05'])} to {of(r['before_Gy_p95'])}"
        for r in tables["doses"]
        if r["region"] in (*_MAIN, *about["regions"]) or r["region"].startswith("lesion")
    ]
    return lines + [
        f"  {r['region']}: {of(r['limit_Gy'])} Gy at {of(r['GBq_p50'])} GBq "
        f"({of(r['GBq_p05'])} to {of(r['GBq_p95'])}); the plan exceeds it with probability "
        f"{of(r['p_planned_exceeds'])}"
        for r in tables.get("limits", [])
    ]


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
    kind, lines = about["kind"], fit_lines(folder)
    if kind == "population":
        figures, shown = population_figures(about, tables), ("estimates", "shrinkage")
        lines.append(_search_line(about))
    elif kind == "curves":
        figures, shown = _curve_figures(tables), ("integrals", "curves")
    else:
        figures = tracer_figures(tables)
        shown = ("doses", "limits", "integrals", "kinetics")
    facts = "".join(f"<li>{html.escape(line.strip())}</li>" for line in lines)
    body = "".join(_table(name, tables[name]) for name in shown)
    drawn = "".join(
        f'<figure><div id="f{i}" role="img" aria-label="{html.escape(f.title)}"></div>'
        f"<figcaption>{html.escape(f.caption)}</figcaption></figure>"
        for i, f in enumerate(figures)
    )
    data = json.dumps([{"traces": f.traces, "layout": f.layout} for f in figures])
    data = data.replace("<", "\\u003c")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style><h1>{title}</h1><ul>{facts}</ul>{body}{drawn}"
        f"<script>{get_plotlyjs()}</script><script>const F={data};"
        'F.forEach((f,i)=>Plotly.newPlot("f"+i,f.traces,f.layout,'
        "{responsive:true,displayModeBar:false}));</script>"
        "<p>For research; not a medical device.</p></html>\n"
    )


def _search_line(about: dict[str, Any]) -> str:
    return (
        f"Log-likelihood {about['log_likelihood']:.3f}, AIC {about['aic']:.3f}, condition number "
        f"{_short(str(about['condition_number']))}; {about['message']}"
    )


def _table(name: str, rows: Rows) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{html.escape(c.replace('_', ' '))}</th>" for c in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(_short(v))}</td>" for v in r.values()) + "</tr>"
        for r in rows
    )
    return f"<h2>{name.capitalize()}</h2><table><tr>{head}</tr>{body}</table>"


def _short(cell: str) -> str:
    """A cell as a person reads it: numbers to four digits, nothing for what has none."""
    try:
        return "–" if cell in ("", "nan") else f"{float(cell):.4g}"
    except ValueError:
        return cell


def _curve_figures(tables: dict[str, Rows]) -> list[Figure]:
    unit = {r["region"]: r["unit"].removesuffix("h").strip() for r in tables["integrals"]}
    figures = []
    for region in dict.fromkeys(r["region"] for r in tables["points"]):
        own = [r for r in tables["points"] if r["region"] == region]
        t, sigma = numbers(own, "time_h"), numbers(own, "sigma")
        seen = points(t, numbers(own, "activity"), "measured", error_y={"array": sigma})
        drawn = [r for r in tables["course"] if r["region"] == region]
        line = points(
            numbers(drawn, "time_h"), numbers(drawn, "fitted"), "fitted", mode="lines",
            line={"color": DARK},
        )  # fmt: skip
        axis = f"Activity ({unit[region] or 'fraction of injected'})"
        figures.append(Figure(
            region, [seen, line],
            layout("Time (h)", axis, yaxis={"type": "log"}, legend=True),
            f"{region}: measured activity with its standard uncertainty, and the curve averaged "
            "by the weights of all candidates.",
        ))  # fmt: skip
    return figures
