"""One self-contained page of organ doses: how much, from which source, by which radiation."""

from __future__ import annotations

from html import escape

import numpy as np
from numpy.typing import NDArray

from pdcraft.dosimetry.organ_doses import OrganDoses

_PALETTE = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c6bb1", "#7f7f7f",
)  # fmt: skip
_ROW, _LEFT, _WIDE = 19, 220, 560
_MOST = len(_PALETTE) - 1
_DARK = (0, 2, 6, 7)  # of the palette: white letters
_CSS = """
:root { color-scheme: light dark; --ink: #1c1c1c; --soft: #666; --paper: #fff; --line: #ddd; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eee; --soft: #aaa; --paper: #16181b; --line: #3a3d42; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
p, figcaption { color: var(--soft); } figure { margin: 0; overflow-x: auto; }
svg text { fill: var(--ink); font-size: 12px; } svg .soft { fill: var(--soft); }
svg line { stroke: var(--line); } svg .error { stroke: var(--ink); }
ul.key { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; }
svg .edge { stroke: var(--paper); } svg .in { font-size: 11px; pointer-events: none; }
svg .light { fill: #fff; } svg .dark { fill: #111; } svg .dose { fill: var(--soft); }
ul.key i { display: inline-block; width: .8em; height: .8em; margin-right: .4em; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td, th { padding: .15rem .7rem; text-align: right; border-bottom: 1px solid var(--line); }
td:first-child, th:first-child { text-align: left; padding-left: 0; }
"""


def page(found: OrganDoses, title: str) -> str:
    """Text of the page: one HTML document that needs nothing but itself.

    Parameters
    ----------
    found
        What was computed.
    title
        As "I-131 in the adult male".
    """
    order = np.argsort(-found.total_Gy, kind="stable")
    order = order[found.total_Gy[order] > 0]
    by_source, sources = _merged(found.Gy.sum(axis=2), found.sources)
    parts = [
        _doses(found, order),
        _shares("by source", found, order, by_source, sources),
        _shares("by radiation", found, order, found.Gy.sum(axis=1), found.radiations),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_CSS}</style></head><body>"
        f"<h1>Absorbed doses: {escape(title)}</h1>"
        "<p>Absorbed dose without RBE. Lines through points: one standard deviation of "
        "the Monte Carlo of the photon tables; masses, kinetics and activities have none here. For "
        "research; not a medical device.</p>"
        + "".join(parts)
        + _table(found, order)
        + "</body></html>\n"
    )


def _merged(doses: NDArray, sources: tuple[str, ...]) -> tuple[NDArray, tuple[str, ...]]:
    """The sources that give most, and the others as one."""
    if len(sources) <= _MOST + 1:
        return doses, sources
    rank = np.argsort(-(doses / np.maximum(doses.sum(axis=1, keepdims=True), 1e-300)).sum(axis=0))
    first, rest = rank[:_MOST], rank[_MOST:]
    merged = np.concatenate([doses[:, first], doses[:, rest].sum(axis=1, keepdims=True)], axis=1)
    return merged, (*(sources[k] for k in first), f"{len(rest)} others")


def _frame(title: str, ticks: list[tuple[float, str]], axis: str, marks: str, rows: int) -> str:
    """A figure with vertical lines at ``ticks`` (place, label) and the rows of ``marks``."""
    height, wide = rows * _ROW + 40, _LEFT + _WIDE + 110
    lines = "".join(
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height - 36}"/><text class="soft" '
        f'x="{x:.1f}" y="{height - 20}" text-anchor="middle">{label}</text>'
        for x, label in ticks
    )
    return (
        f'<figure><svg viewBox="0 0 {wide} {height}" width="{wide}" '
        f'role="img" aria-label="{escape(title)}">{lines}{marks}<text class="soft" '
        f'x="{_LEFT + _WIDE / 2}" y="{height - 4}" text-anchor="middle">{axis}</text></svg>'
        "</figure>"
    )


def _name(row: int, target: str) -> str:
    return f'<text x="{_LEFT - 8}" y="{row * _ROW + 14}" text-anchor="end">{escape(target)}</text>'


def _doses(found: OrganDoses, order: NDArray) -> str:
    """Points of the whole dose on a logarithmic axis, highest first."""
    dose, sigma = 1e3 * found.total_Gy[order], 1e3 * found.total_sigma_Gy[order]
    first, last = np.floor(np.log10(dose.min() * 0.99)), np.ceil(np.log10(dose.max() * 1.01))
    scale = _WIDE / (last - first)

    def place(value: float) -> float:
        return _LEFT + scale * max(np.log10(max(value, 1e-300)) - first, 0.0)

    marks = []
    for row, (t, d, s) in enumerate(zip(order, dose, sigma, strict=True)):
        y, low, high = row * _ROW + 3, place(d - s), place(d + s)
        middle = y + (_ROW - 6) / 2
        marks.append(
            f'{_name(row, found.targets[t])}<line x1="{_LEFT}" x2="{place(d):.2f}" y1="{middle}" '
            f'y2="{middle}"/><circle class="dose" cx="{place(d):.2f}" cy="{middle}" r="4"/>'
            f'<line class="error" x1="{low:.2f}" x2="{high:.2f}" y1="{middle}" y2="{middle}"/>'
            f'<text class="soft" x="{max(high, place(d) + 4) + 4:.1f}" y="{y + 11}">'
            f"{_text(d, s)}</text>"
        )
    ticks = [(place(10.0**k), f"{10.0**k:g}") for k in np.arange(first, last + 1)]
    title = "Absorbed dose in mGy, logarithmic"
    return "<h2>Dose</h2>" + _frame(
        title, ticks, "Absorbed dose (mGy), each line ten times the one before", "".join(marks),
        len(order),
    )  # fmt: skip


def _text(dose: float, sigma: float) -> str:
    """A dose with the sigma of its photons, where it shows."""
    return f"{dose:.3g} ± {sigma:.1g}" if sigma > 5e-4 * dose else f"{dose:.3g}"


def _shares(
    what: str, found: OrganDoses, order: NDArray, doses: NDArray, names: tuple[str, ...]
) -> str:
    """Bars that show which part of a target's dose comes from where; names where they have room."""
    marks = []
    for row, t in enumerate(order):
        x, y = float(_LEFT), row * _ROW + 3
        marks.append(_name(row, found.targets[t]))
        for k, name in enumerate(names):
            share = doses[t, k] / found.total_Gy[t]
            width = _WIDE * share
            if width < 0.5:
                continue
            label = f"{name} {share:.0%}"
            marks.append(
                f'<rect class="edge" x="{x:.2f}" y="{y}" width="{width:.2f}" height="{_ROW - 6}" '
                f'fill="{_PALETTE[k]}"><title>{escape(found.targets[t])} from {escape(name)}: '
                f"{1e3 * doses[t, k]:.4g} mGy</title></rect>"
            )
            if width > 6.6 * len(label):
                ink = "light" if k in _DARK else "dark"
                marks.append(f'<text class="in {ink}" x="{x + 4:.1f}" y="{y + 10}">{label}</text>')
            x += width
    key = "".join(
        f'<li><i style="background:{_PALETTE[k]}"></i>{escape(n)}</li>'
        for k, n in enumerate(names)
        if doses[order, k].any()
    )
    ticks = [(_LEFT + _WIDE * f, f"{f:.0%}") for f in (0, 0.25, 0.5, 0.75, 1)]
    axis = "Part of the target's dose"
    return f'<h2>Dose {what}</h2><ul class="key">{key}</ul>' + _frame(
        f"{axis} {what}", ticks, axis, "".join(marks), len(order)
    )


def _table(found: OrganDoses, order: NDArray) -> str:
    head = "".join(f"<th>{r}</th>" for r in found.radiations)
    rows = "".join(
        f"<tr><td>{escape(found.targets[t])}</td><td>{found.mass_g[t]:.4g}</td>"
        f"<td>{1e3 * found.total_Gy[t]:.4g}</td><td>{1e3 * found.total_sigma_Gy[t]:.2g}</td>"
        + "".join(f"<td>{1e3 * v:.4g}</td>" for v in found.Gy[t].sum(axis=0))
        + "</tr>"
        for t in order
    )
    return (
        "<h2>Numbers</h2><table><tr><th>Target</th><th>Mass (g)</th><th>Dose (mGy)</th>"
        f"<th>Sigma (mGy)</th>{head}</tr>{rows}</table>"
    )
