"""Kaplan-Meier curves with the numbers at risk below them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pdcraft.report import look
from pdcraft.report.folder import Results
from pdcraft.report.look import Figure, Key
from pdcraft.report.table import Table
from pdcraft.report.wording import sentence_case

_NAMES = {
    "PFS": "Progression-free survival",
    "OS": "Overall survival",
    "growth": "Below four times the first volume",
    "survival": "Alive (below 2000 mm³)",
}
_LONGEST_LABEL = 18
_PX_PER_COHORT = 17


def survival(results: Results) -> Figure:
    """One panel per endpoint: steps, a band, and below it the numbers at risk."""
    keys, table = look.cohort_keys(results.cohorts), results.tables["km"]
    endpoints = table.distinct("endpoint")
    panels = [
        (_NAMES.get(e, e), {k.choice: table.where("endpoint", e).where("cohort", k.choice)
                            for k in keys})
        for e in endpoints
    ]  # fmt: skip
    traces, layout = with_numbers_at_risk(
        panels, keys, columns=2, beside=f"{sentence_case(results.who)} without the event (%)"
    )
    return Figure(
        name="survival",
        title="Time to growth and to the volume limit" if results.of_mice
        else "Time to progression and death",
        caption=(
            "Kaplan-Meier steps; the band is the 90 % interval of the chosen cohort's curve, "
            f"{look.intervals_of(results)}. Who has no event by the end of follow-up is censored "
            "there."
        ),
        alt=f"Kaplan-Meier curves of {', '.join(endpoints)} against days, with numbers at risk.",
        traces=traces, layout=layout, legend=keys, chosen=results.cohorts[-1].name,
        choose="Show the band of", tables=("km.csv",),
    )  # fmt: skip


def with_numbers_at_risk(
    panels: Sequence[tuple[str, Mapping[str, Table]]],
    keys: tuple[Key, ...],
    *,
    columns: int,
    beside: str,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Traces and layout of Kaplan-Meier panels in one row, numbers at risk below each.

    Parameters
    ----------
    panels
        Heading, and for the choice of every key its rows of ``km.csv``.
    keys
        What the curves are told apart by.
    columns
        Panels that the row has room for.
    beside
        Title of the first panel's axis.
    """
    risk_px = _PX_PER_COHORT * len(keys) + 6
    height = 420 + risk_px
    floor = (risk_px + 84) / (height - 74)
    layout = look.layout(height) | {"annotations": []}
    traces: list[dict[str, Any]] = []
    for i, ((heading, curves), domain) in enumerate(
        zip(panels, look.grid(len(panels), columns, gap=0.12 if columns < 3 else 0.06), strict=True)
    ):
        x, y, below = (look.axis_name(a, n) for a, n in (("x", i), ("y", 2 * i), ("y", 2 * i + 1)))
        end = max(float(rows["day"].max()) for rows in curves.values() if len(rows))
        time = look.day_axis(end, 7) | {
            "domain": domain["x"],
            "anchor": y,
            "range": [-0.02 * end, 1.02 * end],
        }
        layout[look.layout_name(x)] = time
        for key in keys:
            rows = curves[key.choice]
            if len(rows):
                traces += _steps(rows, key, x, y)
                traces.append(_at_risk(rows, key, time["tickvals"], x, below))
        layout[look.layout_name(y)] = look.axis(beside if i == 0 else "") | {
            "anchor": x, "domain": [round(floor, 4), 1], "range": [0, 102],
            "tickvals": [0, 25, 50, 75, 100],
        }  # fmt: skip
        layout[look.layout_name(below)] = _risk_axis(keys, x, risk_px / (height - 74), i == 0)
        layout["annotations"] += [
            look.heading(heading, x, y),
            look.heading("Number at risk", x, below),
        ]
    return traces, layout


def _steps(rows: Table, key: Key, x: str, y: str) -> list[dict[str, Any]]:
    low, middle, high = (look.numbers(100 * rows[c]) for c in ("low", "survival", "high"))
    return look.courses(
        look.numbers(rows["day"]), (low, middle, high), key, "day %{x:.0f}: %{y:.1f} %",
        axes=(x, y), shape="hv",
    )  # fmt: skip


def _at_risk(rows: Table, key: Key, days: list[int], x: str, y: str) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "text", "x": days, "y": [key.choice] * len(days),
        "text": [_still_at_risk(rows, d) for d in days], "hoverinfo": "skip",
        "textfont": {"size": 11, "color": "@ink"}, "xaxis": x, "yaxis": y, "cliponaxis": False,
    }  # fmt: skip


def _still_at_risk(rows: Table, day: float) -> str:
    # The table gives who is at risk at its own days; the next one at or after `day` is the answer.
    later = rows["at_risk"][rows["day"] >= day]
    return str(int(later[0])) if len(later) else "0"  # the curve ended: nobody is left


def _risk_axis(keys: tuple[Key, ...], x: str, top: float, labelled: bool) -> dict[str, Any]:
    names = [k.choice for k in keys]
    labels = [k.label if len(k.label) <= _LONGEST_LABEL else k.choice for k in keys]
    return look.axis() | {
        "anchor": x, "domain": [0, round(top, 4)], "type": "category", "autorange": "reversed",
        "categoryorder": "array", "categoryarray": names, "tickvals": names, "ticktext": labels,
        "ticklabelstandoff": 16, "tickfont": {"size": 11}, "showgrid": False, "ticks": "",
        "showline": False, "showticklabels": labelled, "fixedrange": True,
    }  # fmt: skip
