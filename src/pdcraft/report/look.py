"""What colours, dashes and symbols mean, the same in every figure; and what a figure is.

A colour is written as a token (``"@c0"``, ``"@ink"``, ``"@c0:0.2"`` with opacity) that the page
resolves from its style sheet, so one figure serves light, dark and paper. Cohorts differ in
lightness, dash and symbol at once: the page must be readable in greyscale.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pdcraft.report.folder import Cohort, Results
from pdcraft.report.wording import plain

Points = Sequence[float | None]
"""Numbers as plotly takes them; None is a gap."""

SHADES = 8
_LIGHT = ("#22a884", "#20938c", "#27808e", "#2f6b8e", "#3a538b", "#443a83", "#481f70", "#440154")
_DARK = ("#2a788e", "#228d8d", "#20a386", "#32b67a", "#56c667", "#8bd646", "#c5e021", "#fde725")
_DASHES = (
    "solid", "8px,3px", "2px,3px", "10px,3px,2px,3px", "15px,4px", "4px,3px",
    "10px,3px,2px,3px,2px,3px", "1px,4px",
)  # fmt: skip
_SYMBOLS = (
    "circle", "square", "diamond", "triangle-up", "cross", "x", "triangle-down", "hexagon",
)  # fmt: skip
_STEPS_DAYS = (1, 2, 7, 14, 28, 56, 84, 168, 336, 672)
_RESPONSE_LIGHT = ("#2d0a5e", "#5b1a86", "#9c2f7f", "#d8456c", "#f79a6b", "#d3cdc4", "#8d867c")
_RESPONSE_DARK = ("#fdf5c4", "#fed395", "#fb9a6a", "#dd5a6a", "#a63a7e", "#50565f", "#8d949e")


@dataclass(frozen=True)
class Key:
    """One entry of a legend: a stroke, a symbol or a swatch, and what it stands for."""

    label: str
    colour: str
    kind: str = "line"
    dash: str = "solid"
    symbol: str = "circle"
    choice: str = ""

    @property
    def dasharray(self) -> str:
        """The dash for SVG; empty where solid."""
        return "" if self.dash == "solid" else self.dash.replace("px", "")


@dataclass(frozen=True)
class Figure:
    """One figure of the page: what plotly draws, and the words that stand around it.

    ``choices`` is what the reader may choose (say, the cohort whose band is drawn): traces with
    ``meta = {"choice": name}`` are shown for the chosen name only. ``switch`` gives, for each axis
    that the reader may switch, its entries when ``"log"`` and when ``"linear"``.
    """

    name: str
    title: str
    caption: str
    alt: str
    traces: list[dict[str, Any]]
    layout: dict[str, Any]
    legend: Sequence[Key] = ()
    chosen: str = ""
    choose: str = ""
    switch: Mapping[str, Mapping[str, dict[str, Any]]] = field(default_factory=dict)
    tables: Sequence[str] = ()

    @property
    def is_log(self) -> bool:
        """Whether the axes that can be switched are logarithmic at first."""
        return any(self.layout[name].get("type") == "log" for name in self.switch)


def palette(cohorts: int) -> dict[str, dict[str, str]]:
    """Colours behind the tokens, by theme; the last cohort stands out most in both.

    Examples
    --------
    >>> palette(2)["light"]["c1"], palette(2)["dark"]["c1"]
    ('#440154', '#fde725')
    """
    shade = [_shade(i, cohorts) for i in range(cohorts)]
    themes = {"light": (_LIGHT, _RESPONSE_LIGHT), "dark": (_DARK, _RESPONSE_DARK)}
    return {
        theme: {f"c{i}": scale[s] for i, s in enumerate(shade)}
        | {f"r{i}": colour for i, colour in enumerate(responses)}
        for theme, (scale, responses) in themes.items()
    }


def _shade(index: int, cohorts: int) -> int:
    return SHADES - 1 if cohorts == 1 else round(index * (SHADES - 1) / (cohorts - 1))


def cohort_keys(cohorts: Sequence[Cohort], kind: str = "line") -> tuple[Key, ...]:
    """Legend of the cohorts, in their order."""
    return tuple(
        Key(c.label, f"@c{i}", kind, _DASHES[i % 8], _SYMBOLS[i % 8], c.name)
        for i, c in enumerate(cohorts)
    )


def numbers(values: Iterable[float], digits: int = 4) -> list[float | None]:
    """Values as the page holds them: rounded, with a gap where there is none."""
    return [None if math.isnan(v) else float(f"{v:.{digits}g}") for v in map(float, values)]


def lowest(values: NDArray[np.float64]) -> float:
    """The smallest value above 0, where a logarithmic axis may begin; 0.001 if there is none."""
    return float(np.min(values, where=values > 0, initial=np.inf)) if (values > 0).any() else 1e-3


def axis(title: str = "") -> dict[str, Any]:
    """A plotly axis in the style of the house."""
    return {
        "title": {"text": title, "standoff": 8, "font": {"size": 12.5}},
        "gridcolor": "@grid", "zeroline": False, "linecolor": "@axis",
        "showline": True, "ticks": "outside", "ticklen": 4, "tickcolor": "@axis",
        "automargin": True,
    }  # fmt: skip


def log_axis(low: float, high: float, most: int = 5) -> dict[str, Any]:
    """Entries of a logarithmic axis, ticks written out; 2 and 5 between decades if they fit.

    Examples
    --------
    >>> log_axis(1.0, 100.0)["ticktext"]
    ['1', '10', '100']
    >>> log_axis(20.0, 300.0)["ticktext"]
    ['20', '50', '100', '200']
    """
    inside = [
        digit * 10.0**exponent
        for exponent in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for digit in (1, 2, 5)
        if 0.999 * low <= digit * 10.0**exponent <= 1.001 * high
    ]
    ticks = inside if len(inside) <= most else [t for t in inside if f"{t:e}"[0] == "1"]
    return {
        "type": "log", "range": [round(math.log10(low), 3), round(math.log10(high), 3)],
        "tickmode": "array", "tickvals": numbers(ticks), "ticktext": [plain(t) for t in ticks],
    }  # fmt: skip


def linear_axis(high: float) -> dict[str, Any]:
    """Entries of a linear axis from 0; all that `log_axis` sets is set back."""
    return {
        "type": "linear", "range": [0, float(f"{high:.4g}")], "tickmode": "auto",
        "tickvals": None, "ticktext": None,
    }  # fmt: skip


def both_axes(low: float, high: float, most: int = 9) -> dict[str, dict[str, Any]]:
    """Entries of an axis that the reader may switch; a little air above the data."""
    return {"log": log_axis(low, 1.2 * high, most), "linear": linear_axis(1.05 * high)}


def day_axis(end: float, most: int = 7, *, titled: bool = True) -> dict[str, Any]:
    """Axis of days from 0, with fewer than ``most`` + 1 ticks, at whole weeks where it is long.

    Examples
    --------
    >>> day_axis(85.0)["tickvals"]
    [0, 14, 28, 42, 56, 70, 84]
    """
    step = next((s for s in _STEPS_DAYS if end / s < most), _STEPS_DAYS[-1])
    ticks = list(range(0, int(end) + 1, step))
    return axis("Time (days)" if titled else "") | {
        "range": [0, float(f"{end:.4g}")],
        "tickvals": ticks,
    }


def layout(height: int, *, top: int = 26) -> dict[str, Any]:
    """A plotly layout in the style of the house; the colours come from the page."""
    return {
        "height": height, "showlegend": False, "hovermode": "closest", "dragmode": "zoom",
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 12.5, "color": "@ink"},
        "margin": {"l": 56, "r": 16, "t": top, "b": 48},
        "hoverlabel": {"bgcolor": "@surface", "bordercolor": "@axis", "font": {"color": "@ink"}},
    }  # fmt: skip


def heading(text: str, x: str, y: str) -> dict[str, Any]:
    """Title of one panel, above its left end."""
    return {
        "text": f"<b>{text}</b>", "xref": f"{x} domain", "yref": f"{y} domain", "x": 0, "y": 1,
        "xanchor": "left", "yanchor": "bottom", "showarrow": False, "yshift": 4,
    }  # fmt: skip


def grid(count: int, columns: int, gap: float = 0.07, row_gap: float = 0.16) -> list[dict]:
    """Domains of ``count`` panels, row by row from the top; ``x`` and ``y`` of each.

    Examples
    --------
    >>> [panel["x"] for panel in grid(2, 2, gap=0.1)]
    [[0.0, 0.45], [0.55, 1.0]]
    """
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    width, height = (1 - gap * (columns - 1)) / columns, (1 - row_gap * (rows - 1)) / rows
    panels = []
    for i in range(count):
        row, column = divmod(i, columns)
        left, top = column * (width + gap), 1 - row * (height + row_gap)
        ends = (left, left + width), (max(0.0, top - height), top)
        panels.append({"x": [round(e, 4) for e in ends[0]], "y": [round(e, 4) for e in ends[1]]})
    return panels


def axis_name(letter: str, panel: int) -> str:
    """Plotly's name of an axis: ``x``, ``x2``, ``x3``."""
    return letter if panel == 0 else f"{letter}{panel + 1}"


def layout_name(short: str) -> str:
    """Name of an axis within a layout: ``xaxis2`` for ``x2``."""
    return f"{short[0]}axis{short[1:]}"


def courses(
    days: Points,
    ends: tuple[Points, Points, Points],
    key: Key,
    hover: str,
    *,
    axes: tuple[str, str] = ("x", "y"),
    shape: str = "linear",
) -> list[dict[str, Any]]:
    """Band and median of one cohort; the band is shown where the reader chose the cohort.

    Parameters
    ----------
    days
        Days of all three curves.
    ends
        Lower end of the band, median, upper end.
    key
        The cohort's entry in the legend.
    hover
        What is said of a point of the median, in plotly's template.
    axes
        Plotly's names of the axes.
    shape
        ``"linear"``, or ``"hv"`` for steps.
    """
    low, middle, high = ends
    base = {"type": "scatter", "mode": "lines", "x": days, "xaxis": axes[0], "yaxis": axes[1]}
    edge = base | {
        "hoverinfo": "skip", "meta": {"choice": key.choice},
        "line": {"width": 0, "shape": shape, "color": key.colour},
    }  # fmt: skip
    median = base | {
        "y": middle, "name": key.label, "hovertemplate": f"{key.label}<br>{hover}<extra></extra>",
        "line": {"color": key.colour, "dash": key.dash, "width": 2, "shape": shape},
    }  # fmt: skip
    fill = {"fill": "tonexty", "fillcolor": f"{key.colour}:0.18"}
    return [edge | {"y": low}, edge | {"y": high} | fill, median]


def patients(cohorts: Sequence[Cohort]) -> str:
    """How many patients stand behind a figure, in words."""
    n = sorted({c.n for c in cohorts})
    said = f"n = {n[0]}" if len(n) == 1 else f"n = {n[0]} to {n[-1]}"
    return f"{said} virtual {cohorts[0].who}"


def intervals_of(results: Results) -> str:
    """What an interval of a share or a median holds, as the end of a sentence about it."""
    draws = int(results.study.get("draws", 0))
    if draws:
        return (
            f"over {draws} draws of what calibration left undecided (kinetics; growth, dose and "
            "sensitivity of the tumour; sensitivity and renewal of the marrow) and the number of "
            "patients"
        )
    of_models = "" if results.of_mice else (
        "; ask for [uncertainty] draws to see what calibration left undecided"
    )  # fmt: skip
    return (
        f"from the number of {results.who} ({patients(results.cohorts)}) and not from the "
        f"uncertainty of the models{of_models}"
    )


def not_calibrated(results: Results, lineage: str) -> str:
    """Words behind a lineage whose sensitivity is an assumption, so that no interval holds it."""
    held = results.tables["assumptions"] if results.has("assumptions") else ()
    assumed = any(
        r["parameter"] == f"{lineage}.alpha" and r["status"] == "assumption" for r in held
    )
    return " (sensitivity assumed, not calibrated; intervals do not hold it)" if assumed else ""
