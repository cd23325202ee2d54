"""One self-contained page of organ doses: bars by source, and by radiation."""

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
        _bars("by source", found, order, by_source, sources),
        _bars("by radiation", found, order, found.Gy.sum(axis=1), found.radiations),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_CSS}</style></head><body>"
        f"<h1>Absorbed doses: {escape(title)}</h1>"
        "<p>Absorbed dose without RBE. Lines at the bars: one standard deviation of the Monte "
        "Carlo of the photon tables; masses, kinetics and activities have none here. For research; "
        "not a medical device.</p>" + "".join(parts) + _table(found, order) + "</body></html>\n"
    )


def _merged(doses: NDArray, sources: tuple[str, ...]) -> tuple[NDArray, tuple[str, ...]]:
    """The sources that give most, and the others as one."""
    if len(sources) <= _MOST + 1:
        return doses, sources
    rank = np.argsort(-(doses / np.maximum(doses.sum(axis=1, keepdims=True), 1e-300)).sum(axis=0))
    first, rest = rank[:_MOST], rank[_MOST:]
    merged = np.concatenate([doses[:, first], doses[:, rest].sum(axis=1, keepdims=True)], axis=1)
    return merged, (*(sources[k] for k in first), f"{len(rest)} others")


def _nice(top: float) -> tuple[float, list[float]]:
    """End of an axis and its ticks."""
    step = 10.0 ** np.floor(np.log10(top / 4.0))
    step *= next(f for f in (1, 2, 5, 10) if top / (f * step) <= 5)
    ticks = [k * step for k in range(int(np.ceil(top / step)) + 1)]
    return ticks[-1], ticks


def _bars(
    what: str, found: OrganDoses, order: NDArray, doses: NDArray, names: tuple[str, ...]
) -> str:
    """A figure of stacked horizontal bars, highest first."""
    total = 1e3 * found.total_Gy
    end, ticks = _nice(float(max(total.max() * 1.02, 1e-12)))
    scale, height = _WIDE / end, len(order) * _ROW + 40
    marks = [
        f'<line x1="{_LEFT + v * scale:.1f}" x2="{_LEFT + v * scale:.1f}" y1="0" '
        f'y2="{height - 36}"/><text class="soft" x="{_LEFT + v * scale:.1f}" y="{height - 20}" '
        f'text-anchor="middle">{v:g}</text>'
        for v in ticks
    ]
    for row, t in enumerate(order):
        y, x, target = row * _ROW + 3, float(_LEFT), escape(found.targets[t])
        marks.append(f'<text x="{_LEFT - 8}" y="{y + 11}" text-anchor="end">{target}</text>')
        for k, name in enumerate(names):
            width = 1e3 * doses[t, k] * scale
            if width >= 0.05:
                marks.append(
                    f'<rect x="{x:.2f}" y="{y}" width="{width:.2f}" height="{_ROW - 6}" '
                    f'fill="{_PALETTE[k]}"><title>{escape(found.targets[t])} from '
                    f"{escape(name)}: {1e3 * doses[t, k]:.4g} mGy</title></rect>"
                )
            x += width
        half = 1e3 * found.total_sigma_Gy[t] * scale
        middle = y + (_ROW - 6) / 2
        marks.append(
            f'<line class="error" x1="{x - half:.2f}" x2="{x + half:.2f}" y1="{middle}" '
            f'y2="{middle}"/><text class="soft" x="{x + half + 4:.1f}" y="{y + 11}">'
            f"{total[t]:.3g}</text>"
        )
    key = "".join(
        f'<li><i style="background:{_PALETTE[k]}"></i>{escape(n)}</li>' for k, n in enumerate(names)
    )
    return (
        f'<h2>Dose {what}</h2><ul class="key">{key}</ul><figure><svg '
        f'viewBox="0 0 {_LEFT + _WIDE + 70} {height}" width="{_LEFT + _WIDE + 70}" role="img" '
        f'aria-label="Absorbed dose in mGy {what}">{"".join(marks)}<text class="soft" '
        f'x="{_LEFT + _WIDE / 2}" y="{height - 4}" text-anchor="middle">Absorbed dose (mGy)</text>'
        "</svg></figure>"
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
