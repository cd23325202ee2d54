"""Single patients of a sample: best change (waterfall) and time on study (swimmer)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pdcraft.report import look
from pdcraft.report.folder import Results
from pdcraft.report.look import Figure, Key
from pdcraft.report.table import Table
from pdcraft.report.wording import significant

_WORST_SHOWN = 100.0
_MANY = 40
_ENDS = {"progression": "triangle-down", "death": "x", "follow-up ends": "triangle-right"}


def criterion(results: Results) -> Mapping[str, Any]:
    """The response criterion of the study's disease; without lines where none is known."""
    text = resources.files("pdcraft.report").joinpath("criteria.toml").read_text(encoding="utf-8")
    disease = str(results.study.get("disease", "")).replace("_", " ").lower()
    for entry in tomllib.loads(text).values():
        if any(word in disease for word in entry["diseases"]):
            return entry
    return {"title": "", "marker": "tumour burden", "responses": [], "lines": []}


def response_keys(results: Results, table: str) -> tuple[Key, ...]:
    """Legend of the responses present, best first, as swatches."""
    order = list(criterion(results)["responses"])
    present = set(results.tables[table].distinct("response"))
    names = [r for r in order if r in present] + sorted(present - set(order))
    return tuple(Key(name, f"@r{_rank(name, order)}", "swatch", choice=name) for name in names)


def _rank(name: str, order: list[str]) -> int:
    # SD and PD keep the two greys at the end; what is better is spread over the five colours.
    greys = {"SD": 5, "PD": 6}
    better = [r for r in order if r not in greys]
    if name not in better:
        return greys.get(name, 5)
    return round(4 * better.index(name) / max(len(better) - 1, 1))


def _fill(key: Key) -> dict[str, Any]:
    plain = {"color": key.colour, "line": {"width": 0}}
    stripes = {"shape": "/", "size": 5, "solidity": 0.35, "fgcolor": "@surface"}
    hatch = stripes | {"fillmode": "overlay"}
    return plain | {"pattern": hatch} if key.label == "PD" else plain


def waterfall(results: Results) -> Figure:
    """Best change of every patient of the sample, one panel per cohort."""
    table, rule = results.tables["waterfall"], criterion(results)
    keys = response_keys(results, "waterfall")
    columns = min(3, len(results.cohorts))
    rows = -(-len(results.cohorts) // columns)
    layout = look.layout(80 + 190 * rows) | {
        "annotations": [],
        "shapes": [],
        "barmode": "overlay",
        "bargap": 0.15,
    }
    traces: list[dict[str, Any]] = []
    for i, domain in enumerate(look.grid(len(results.cohorts), columns, gap=0.05)):
        x, y = look.axis_name("x", i), look.axis_name("y", i)
        picked = results.tables["waterfall"].where("cohort", results.cohorts[i].name)
        traces += [_bars(picked, key, x, y) for key in keys]
        patients = "Patients, worst to best" if i + columns >= len(results.cohorts) else ""
        layout[look.layout_name(x)] = look.axis(patients) | {
            "domain": domain["x"], "anchor": y, "showticklabels": False, "ticks": "",
            "showgrid": False, "range": [-1, max(len(picked), 1)],
        }  # fmt: skip
        layout[look.layout_name(y)] = look.axis("Best change (%)" if i % columns == 0 else "") | {
            "domain": domain["y"], "anchor": x, "range": [-105, 105], "zeroline": True,
            "tickvals": [-100, -50, 0, 50, 100], "zerolinecolor": "@axis",
            "showticklabels": i % columns == 0,
        }  # fmt: skip
        layout["annotations"].append(look.heading(results.cohorts[i].label, x, y))
        for line in rule["lines"]:
            _draw_line(layout, line, x, y)
    shown = [int((table["cohort"] == c.name).sum()) for c in results.cohorts]
    return Figure(
        name="waterfall",
        title=f"Best change of {rule['marker']}, patient by patient",
        caption=(
            f"One bar per patient, a sample of {_span(shown)} of "
            f"{_span([c.n for c in results.cohorts])} per cohort; no band, every bar is "
            f"one patient. {_lines_in_words(rule)}Growth beyond +100 % is cut at +100 %."
        ),
        alt=f"Waterfall plots of the best change of {rule['marker']} in %, one panel per cohort.",
        traces=traces, layout=layout, legend=keys, tables=("waterfall.csv",),
    )  # fmt: skip


def _bars(rows: Table, key: Key, x: str, y: str) -> dict[str, Any]:
    at = np.flatnonzero(rows["response"] == key.label)
    picked = rows.take(at)
    return {
        "type": "bar", "x": at.tolist(), "marker": _fill(key), "name": key.label,
        "y": look.numbers(np.minimum(picked["best_change_percent"], _WORST_SHOWN)),
        "customdata": [
            [p, significant(v)]
            for p, v in zip(picked["patient"], picked["best_change_percent"], strict=True)
        ],
        "hovertemplate": (
            f"patient %{{customdata[0]}}: %{{customdata[1]}} %, {key.label}<extra></extra>"
        ),
        "xaxis": x, "yaxis": y,
    }  # fmt: skip


def _draw_line(layout: dict[str, Any], line: Mapping[str, Any], x: str, y: str) -> None:
    change = line["change_percent"]
    layout["shapes"].append({
        "type": "line", "xref": f"{x} domain", "x0": 0, "x1": 1, "yref": y, "y0": change,
        "y1": change, "line": {"color": "@muted", "width": 1, "dash": "dot"},
    })  # fmt: skip
    layout["annotations"].append({
        "text": f"{change:+d} % {line['label']}".replace("-", "−"), "xref": f"{x} domain",
        "yref": y, "x": 0.01, "y": change, "xanchor": "left", "yanchor": "bottom",
        "showarrow": False, "font": {"size": 10, "color": "@muted"},
    })  # fmt: skip


def _lines_in_words(rule: Mapping[str, Any]) -> str:
    if not rule["lines"]:
        return ""
    drawn = ", ".join(f"{i['change_percent']:+d} %".replace("-", "−") for i in rule["lines"])
    return f"Dotted: limits of {rule['title']} ({rule['cited_as']}) at {drawn}. "


def _span(counts: list[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low} to {high}"


def swimmer(results: Results) -> Figure:
    """Time on study of every patient of the sample, for the chosen cohort."""
    keys = response_keys(results, "swimmer")
    table = results.tables["swimmer"]
    traces = []
    for cohort in results.cohorts:
        rows = results.tables["swimmer"].where("cohort", cohort.name).sorted_by("day_end")
        traces += [t | {"meta": {"choice": cohort.name}} for t in _lanes(rows, keys)]
    shown = [int((table["cohort"] == c.name).sum()) for c in results.cohorts]
    ends = [Key(e, "@ink", "symbol", symbol=s) for e, s in _ENDS.items()
            if e in set(table["event_end"])]  # fmt: skip
    first = Key("response first seen", "@ink", "symbol", symbol="diamond-open")
    return Figure(
        name="swimmer",
        title="Time on study, patient by patient",
        caption=(
            f"One lane per patient, a sample of {_span(shown)} of "
            f"{_span([c.n for c in results.cohorts])} of the chosen cohort; no band. "
            "Time is counted from the first administration. The shade is the best response, the "
            "symbols say when it was first seen and how the lane ends."
        ),
        alt="Swimmer plot: days on study of the patients of one cohort, shaded by best response.",
        traces=traces,
        layout=_swimmer_layout(max(shown), float(table["day_end"].max())),
        legend=(*keys, first, *ends), chosen=results.cohorts[-1].name, choose="Show cohort",
        tables=("swimmer.csv",),
    )  # fmt: skip


def _lanes(rows: Table, keys: tuple[Key, ...]) -> list[dict[str, Any]]:
    lanes = []
    for key in keys:
        at = np.flatnonzero(rows["response"] == key.label)
        picked = rows.take(at)
        lanes.append({
            "type": "bar", "orientation": "h", "name": key.label, "marker": _fill(key),
            "y": at.tolist(), "x": look.numbers(picked["day_end"]), "width": 0.75,
            "customdata": list(picked["patient"]),
            "hovertemplate": (
                f"patient %{{customdata}}: {key.label}, %{{x:.0f}} days<extra></extra>"
            ),
        })  # fmt: skip
    seen = np.flatnonzero(~np.isnan(rows["response_day"]))
    lanes.append(_symbols(seen, rows["response_day"][seen], "diamond-open", "response first seen"))
    for event, symbol in _ENDS.items():
        at = np.flatnonzero(rows["event_end"] == event)
        lanes.append(_symbols(at, rows["day_end"][at], symbol, event))
    return lanes


def _symbols(at: NDArray, days: NDArray, symbol: str, said: str) -> dict[str, Any]:
    filled = not symbol.endswith("-open")
    return {
        "type": "scatter", "mode": "markers", "x": look.numbers(days), "y": at.tolist(),
        "marker": {
            "symbol": symbol if filled else symbol.removesuffix("-open"), "size": 7,
            "color": "@ink" if filled else "@surface", "line": {"width": 1.2, "color": "@ink"},
        },
        "cliponaxis": False, "hovertemplate": f"{said}, day %{{x:.0f}}<extra></extra>",
    }  # fmt: skip


def _swimmer_layout(lanes: int, end: float) -> dict[str, Any]:
    rows = {"showticklabels": False, "ticks": "", "showgrid": False, "range": [-1, lanes]}
    return look.layout(100 + (8 if lanes > _MANY else 13) * lanes, top=8) | {
        "barmode": "overlay", "xaxis": look.day_axis(1.03 * end, 13),
        "yaxis": look.axis("Patients, longest at the top") | rows,
    }  # fmt: skip
