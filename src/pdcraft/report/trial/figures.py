"""Figures of a trial's page: rates, choices, durations, paths, differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pdcraft.report import look
from pdcraft.report.figures.survival import with_numbers_at_risk
from pdcraft.report.look import Figure, Key
from pdcraft.report.table import Table
from pdcraft.report.trial.folder import TrialResults
from pdcraft.report.trial.wording import disease_name, undecided
from pdcraft.report.wording import typeset

_WIDE = 1.96
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "triangle-down", "hexagon")


def keys_of(names: Sequence[str]) -> tuple[Key, ...]:
    """Legend of names that are told apart by colour and symbol."""
    return tuple(
        Key(typeset(n), f"@c{i % 8}", "symbol", symbol=_SYMBOLS[i % 8], choice=n)
        for i, n in enumerate(names)
    )


def rates(results: TrialResults) -> Figure:
    """Rate of toxicity and of response at every level, for every disease."""
    table = results.tables["levels"]
    levels, diseases = table.distinct("level"), table.distinct("disease")
    series, keys = [], []
    for i, disease in enumerate(diseases):
        rows = table.where("disease", disease)
        for measure, symbol in (("dlt", "x"), ("responded", "circle")):
            said = "dose-limiting toxicity" if measure == "dlt" else "response"
            name = said if len(diseases) == 1 else f"{disease_name(disease)}: {said}"
            keys.append(Key(name, f"@c{i}", "symbol", symbol=symbol))
            series.append((rows["level"], rows[measure], rows[f"{measure}_se"]))
    return Figure(
        name="rates", title="Toxicity and response at every level",
        caption=(
            "Shares of the simulated patients, the same at every level. Bars are 95 % Monte Carlo "
            "intervals; they do not hold the uncertainty of the models."
        ),
        alt="Rates of dose-limiting toxicity and of response against dose level, in per cent.",
        traces=_dots(levels, series, keys),
        layout=_categories(levels, "Level", "Patients (%)"), legend=tuple(keys),
        tables=("levels.csv",),
    )  # fmt: skip


def choices(results: TrialResults) -> Figure:
    """How often each design chooses each level."""
    table = results.tables["oc"]
    levels, designs = table.distinct("level"), table.distinct("design")
    keys = keys_of(designs)
    picked = [table.where("design", d) for d in designs]
    series = [(t["level"], t["selected"], t["selected_se"]) for t in picked]
    return Figure(
        name="choices", title="Which level is chosen",
        caption=(
            "Share of simulated trials that end with the level. Bars are 95 % intervals of the "
            "Monte Carlo error, of trials and of the patients that they share."
        ),
        alt="Share of trials that choose each level, for every design, in per cent.",
        traces=_dots(levels, series, keys),
        layout=_categories(levels, "Level chosen", "Trials (%)"), legend=keys,
        tables=("oc.csv",),
    )  # fmt: skip


def durations(results: TrialResults) -> Figure:
    """How long trials last."""
    table = results.tables["designs"]
    keys = keys_of(table.distinct("design"))
    names = [k.label for k in keys]
    traces = [
        {
            "type": "scatter", "mode": "lines+markers", "y": [key.label] * 3,
            "x": look.numbers([row["months_p05"], row["months_p50"], row["months_p95"]]),
            "line": {"color": key.colour, "width": 2},
            "marker": {"symbol": ["line-ns", key.symbol, "line-ns"], "size": [10, 11, 10],
                       "color": key.colour, "line": {"width": 1.5, "color": key.colour}},
            "hovertemplate": "%{y}: %{x:.1f} months<extra></extra>",
        }
        for key, row in zip(keys, table, strict=True)
    ]  # fmt: skip
    end = 1.08 * float(table["months_p95"].max())
    return Figure(
        name="durations", title="How long the trial lasts",
        caption=(
            "Months from the start of recruitment to the last observation: median, and from the "
            "5th to the 95th percentile of simulated trials."
        ),
        alt="Duration of the trial by design, in months.", traces=traces,
        layout=look.layout(90 + 34 * len(names), top=8) | {
            "xaxis": look.axis("Months") | {"range": [0, float(f"{end:.3g}")]},
            "yaxis": look.axis() | {"categoryorder": "array", "categoryarray": names[::-1],
                                    "showgrid": False},
        },
        tables=("designs.csv",),
    )  # fmt: skip


def paths(results: TrialResults) -> Figure:
    """The first simulated trial of every design, patient by patient."""
    table = results.tables["paths"]
    levels = results.tables["oc"].distinct("level")[1:]
    designs = table.distinct("design")
    panels = look.grid(len(designs), 2, gap=0.06, row_gap=min(0.12, 0.5 / len(designs)))
    high = 200 * int(np.ceil(len(designs) / 2)) + 60
    layout = look.layout(high, top=30) | {"annotations": []}
    traces: list[dict[str, Any]] = []
    for i, (design, panel) in enumerate(zip(designs, panels, strict=True)):
        rows = table.where("design", design)
        rows = rows.take(rows["trial"] == 1)
        x, y = look.axis_name("x", i), look.axis_name("y", i)
        traces.append(_path(rows, levels, x, y))
        layout[look.layout_name(x)] = look.axis("Patient" if i >= len(designs) - 2 else "") | {
            "domain": panel["x"],
            "anchor": y,
            "rangemode": "tozero",
            "showgrid": False,
        }
        layout[look.layout_name(y)] = look.axis() | {
            "domain": panel["y"], "anchor": x, "tickvals": list(range(len(levels))),
            "ticktext": [typeset(n) for n in levels] if i % 2 == 0 else [""] * len(levels),
            "range": [-0.5, len(levels) - 0.4],
        }  # fmt: skip
        layout["annotations"].append(look.heading(typeset(design), x, y))
    return Figure(
        name="paths", title="One simulated trial, by every design, on the same patients",
        caption=(
            "Patients in order of entry; patient 1 is the same person in every panel. Filled "
            "crosses had a dose-limiting toxicity that the design saw; small points left before "
            "they had been watched to the end. The reasons are in the table below."
        ),
        alt="Dose level of every patient in one simulated trial, for every design.",
        traces=traces, layout=layout,
        legend=(
            Key("no DLT", "@ink", "symbol", symbol="circle-open"),
            Key("DLT", "@ink", "symbol", symbol="x"),
            Key("left before the end of observation", "@muted", "symbol", symbol="diamond"),
        ),
        tables=("paths.csv",),
    )  # fmt: skip


def differences(results: TrialResults) -> Figure | None:
    """What the other regimen adds to rates, in all patients."""
    rows = _all_patients(results.tables["effects"])
    base = rows.distinct("scenario")[0]
    rows = rows.where("scenario", base)
    rows = rows.take(rows["unit"] == "%")
    if not len(rows):
        return None
    diseases = rows.distinct("disease")
    keys = tuple(
        Key(disease_name(d), f"@c{i}", "symbol", symbol=_SYMBOLS[i]) for i, d in enumerate(diseases)
    )
    names = rows.distinct("measure")
    return Figure(
        name="differences", title=f"What it adds: {_pair(rows)}",
        caption=(
            "Difference of shares in the same patients, in percentage points, with its 95 % Monte "
            "Carlo interval. Right of 0 the second regimen has more. Who has "
            "had a toxicity once counts no more for a second; the days of grade 4 in the table do."
        ),
        alt="Differences between regimens in rates of response and toxicity.",
        traces=_forest(rows, "measure", names, [("disease", d, k) for d, k in
                                                zip(diseases, keys, strict=True)]),
        layout=_forest_layout(names, "Difference (percentage points)"),
        legend=keys if len(keys) > 1 else (), tables=("effects.csv",),
    )  # fmt: skip


def sensitivity(results: TrialResults) -> Figure | None:
    """The difference in response and in PFS under every scenario."""
    rows = _all_patients(results.tables["effects"])
    scenarios = rows.distinct("scenario")
    if len(scenarios) < 2:
        return None
    diseases = rows.distinct("disease")
    keys = tuple(
        Key(disease_name(d), f"@c{i}", "symbol", symbol=_SYMBOLS[i]) for i, d in enumerate(diseases)
    )
    layout = look.layout(110 + 40 * len(scenarios), top=30) | {"annotations": []}
    traces: list[dict[str, Any]] = []
    measures = (("response", "percentage points"), ("PFS within follow-up", "days"))
    for i, ((measure, unit), panel) in enumerate(
        zip(measures, look.grid(2, 2, gap=0.08), strict=True)
    ):
        x, y = look.axis_name("x", i), look.axis_name("y", i)
        of = rows.where("measure", measure)
        traces += _forest(
            of, "scenario", scenarios,
            [("disease", d, k) for d, k in zip(diseases, keys, strict=True)], axes=(x, y),
        )  # fmt: skip
        one = _forest_layout(scenarios, f"Difference ({unit})")
        layout[look.layout_name(x)] = one["xaxis"] | {"domain": panel["x"], "anchor": y}
        layout[look.layout_name(y)] = one["yaxis"] | {
            "domain": panel["y"], "anchor": x, "showticklabels": i == 0,
        }  # fmt: skip
        layout["annotations"].append(look.heading(measure, x, y))
    return Figure(
        name="sensitivity", title=f"How far it rests on assumptions: {_pair(rows)}",
        caption=(
            "The same difference with other numbers in place of the library's; bars are 95 % "
            f"intervals of the number of patients{_drawn(results)}. Where the sign changes, "
            "the conclusion rests on that number."
        ),
        alt="Difference in response and progression-free survival under every scenario.",
        traces=traces, layout=layout, legend=keys if len(keys) > 1 else (),
        tables=("effects.csv",),
    )  # fmt: skip


def survival(results: TrialResults) -> Figure:
    """Progression-free survival of the compared regimens, a panel for each disease."""
    table = results.tables["km"].where("endpoint", "PFS")
    cohorts = table.distinct("cohort")
    diseases = list(dict.fromkeys(c.split(": ", 1)[0] for c in cohorts))
    levels = list(dict.fromkeys(c.split(": ", 1)[1] for c in cohorts))
    dashes = ("solid", "8px,3px", "2px,3px", "10px,3px,2px,3px")
    keys = tuple(
        Key(typeset(level), f"@c{i}", "line", dashes[i % 4], choice=level)
        for i, level in enumerate(levels)
    )
    panels = [
        (disease_name(d), {level: table.where("cohort", f"{d}: {level}") for level in levels})
        for d in diseases
    ]
    traces, layout = with_numbers_at_risk(
        panels, keys, columns=min(3, max(2, len(diseases))), beside="Alive without progression (%)"
    )
    for trace in traces:
        trace.pop("meta", None)
    return Figure(
        name="survival", title="Progression-free survival",
        caption="Kaplan-Meier steps with 90 % bands of the Monte Carlo error.",
        alt="Kaplan-Meier curves of progression-free survival by regimen and disease.",
        traces=traces, layout=layout, legend=keys, tables=("km.csv",),
    )  # fmt: skip


def optimal(results: TrialResults) -> Figure:
    """How often each method chooses each regimen."""
    table = results.tables["chosen"]
    regimens, methods = table.distinct("regimen"), table.distinct("method")
    keys = keys_of(methods)
    picked = [table.where("method", m) for m in methods]
    series = [(t["regimen"], t["chosen"], t["chosen_se"]) for t in picked]
    return Figure(
        name="optimal", title="Which regimen is chosen",
        caption="Share of simulated trials that choose the regimen, with 95 % Monte Carlo bars.",
        alt="Share of trials that choose each regimen, for every method, in per cent.",
        traces=_dots(regimens, series, keys),
        layout=_categories(regimens, "Regimen chosen", "Trials (%)"), legend=keys,
        tables=("chosen.csv",),
    )  # fmt: skip


def _dots(
    categories: Sequence[str],
    series: Sequence[tuple[Any, Any, Any]],
    keys: Sequence[Key],
) -> list[dict[str, Any]]:
    """Points with bars, those of one category side by side."""
    many, traces = len(series), []
    for i, ((names, values, errors), key) in enumerate(zip(series, keys, strict=True)):
        shift = (i - (many - 1) / 2) * min(0.14, 0.7 / max(many, 1))
        x = [round(categories.index(n) + shift, 3) for n in names]
        traces.append({
            "type": "scatter", "mode": "markers", "x": x,
            "y": look.numbers(100 * np.asarray(values, float)),
            "error_y": {"array": look.numbers(100 * _WIDE * np.asarray(errors, float)),
                        "color": key.colour, "thickness": 1.3, "width": 3},
            "marker": {"symbol": key.symbol, "size": 9, "color": key.colour},
            "hovertemplate": f"{key.label}: %{{y:.1f}} %<extra></extra>",
        })  # fmt: skip
    return traces


def _categories(names: Sequence[str], below: str, beside: str) -> dict[str, Any]:
    return look.layout(330, top=10) | {
        "xaxis": look.axis(below) | {
            "tickvals": list(range(len(names))), "ticktext": [typeset(n) for n in names],
            "range": [-0.5, len(names) - 0.5], "showgrid": False,
        },
        "yaxis": look.axis(beside) | {"rangemode": "tozero"},
    }  # fmt: skip


def _path(rows: Table, levels: Sequence[str], x: str, y: str) -> dict[str, Any]:
    spots = [(levels.index(str(row["level"])), letter) for row in rows for letter in row["final"]]
    known = [letter in "NTEB" for _, letter in spots]
    toxic = [letter in "TB" for _, letter in spots]
    return {
        "type": "scatter", "mode": "lines+markers", "xaxis": x, "yaxis": y,
        "x": list(range(1, len(spots) + 1)), "y": [level for level, _ in spots],
        "line": {"color": "@muted", "width": 1, "shape": "hvh"},
        "marker": {
            "symbol": ["x" if t else "circle" if k else "diamond"
                       for t, k in zip(toxic, known, strict=True)],
            "size": [10 if t else 8 if k else 5 for t, k in zip(toxic, known, strict=True)],
            "color": ["@ink" if t else "@surface" if k else "@muted"
                      for t, k in zip(toxic, known, strict=True)],
            "line": {"width": 1.3, "color": "@ink"},
        },
        "hovertemplate": "patient %{x}<extra></extra>",
    }  # fmt: skip


def _all_patients(table: Table) -> Table:
    """Effects in all patients, of the first pair of regimens."""
    rows = table.where("among", "all patients")
    rows = rows.where("reference", rows.distinct("reference")[0])
    return rows.where("other", rows.distinct("other")[0])


def _drawn(results: TrialResults) -> str:
    return "".join(
        f"; under '{name}' of {draws} draws of what calibration left undecided"
        for name, draws in undecided(results).items()
    )


def _pair(rows: Table) -> str:
    return typeset(f"{rows.distinct('other')[0]} against {rows.distinct('reference')[0]}")


def _forest(
    rows: Table,
    column: str,
    names: Sequence[str],
    groups: Sequence[tuple[str, str, Key]],
    *,
    axes: tuple[str, str] = ("x", "y"),
) -> list[dict[str, Any]]:
    traces = []
    for i, (by, value, key) in enumerate(groups):
        of = rows.where(by, value)
        shift = (i - (len(groups) - 1) / 2) * 0.2
        middle = np.asarray(of["difference"], float)
        traces.append({
            "type": "scatter", "mode": "markers", "xaxis": axes[0], "yaxis": axes[1],
            "x": look.numbers(middle),
            "y": [round(len(names) - 1 - names.index(str(n)) - shift, 3) for n in of[column]],
            "error_x": {
                "type": "data", "symmetric": False, "color": key.colour, "thickness": 1.5,
                "width": 4, "array": look.numbers(np.asarray(of["high"], float) - middle),
                "arrayminus": look.numbers(middle - np.asarray(of["low"], float)),
            },
            "marker": {"symbol": key.symbol, "size": 9, "color": key.colour},
            "hovertemplate": f"{key.label}: %{{x:.1f}}<extra></extra>",
        })  # fmt: skip
    return traces


def _forest_layout(names: Sequence[str], below: str) -> dict[str, Any]:
    return look.layout(100 + 36 * len(names), top=8) | {
        "xaxis": look.axis(below) | {"zeroline": True, "zerolinecolor": "@ink",
                                     "zerolinewidth": 1},
        "yaxis": look.axis() | {
            "tickvals": list(range(len(names)))[::-1], "ticktext": [typeset(n) for n in names],
            "range": [-0.6, len(names) - 0.4], "showgrid": False,
        },
    }  # fmt: skip
