"""A stylised phantom in three sections, as one page that needs nothing but itself."""

from __future__ import annotations

import base64
import colorsys
import struct
import zlib
from html import escape

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from pdcraft.dosimetry.core.geometry import candidates, regions_at
from pdcraft.library.phantom_geometry import description, geometry, region_boxes, region_names

_PIXELS = 620  # of the longest side
_THICK = 3.0  # pixels from the edge, where a number has room
_CSS = """
:root { color-scheme: light dark; --ink: #1c1c1c; --soft: #666; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #eee; --soft: #aaa; --paper: #16181b; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 68rem; margin: 2rem auto; padding: 0 1rem; } h1 { font-size: 1.4rem; }
.row { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }
figure { margin: 0; } figcaption, p { color: var(--soft); max-width: 44rem; }
svg { background: #f4f4f4; display: block; max-width: 100%; height: auto; }
image { image-rendering: pixelated; }
svg text { font: 10px system-ui, sans-serif; text-anchor: middle; dominant-baseline: central;
  fill: #000; stroke: #fff; stroke-width: 2.5px; paint-order: stroke; }
ul { list-style: none; padding: 0; columns: 3 12rem; font-size: 13px; }
ul i { display: inline-block; width: .85em; height: .85em; margin-right: .4em; }
ul b { display: inline-block; width: 1.7em; text-align: right; margin-right: .4em; }
"""
_FIXED = {"muscle": "#efd9cf", "skin": "#c98f73", "lungs": "#9ecae8", "brain": "#d7a8c8"}


def sections(phantom: str) -> list[tuple[str, NDArray, float]]:
    """Caption, region at every pixel (rows from the top; -1 is nothing) and cm per pixel.

    The frontal section goes through the middle of the kidneys, the sagittal one through the middle
    of the body, the transverse one through the middle of the liver.
    """
    surfaces, bodies, grid = geometry(phantom)
    arrays = (surfaces, bodies, *candidates(bodies, grid), grid)
    boxes, names = region_boxes(phantom), region_names(phantom)
    low, high = boxes[:, ::2].min(0), boxes[:, 1::2].max(0)
    pitch = float((high - low).max()) / _PIXELS
    middle = {n: boxes[names.index(n)].reshape(3, 2).mean(1) for n in ("kidneys", "liver")}
    made = []
    for name, across, up, axis, at in (
        ("Frontal", 0, 2, 1, middle["kidneys"][1]),
        ("Sagittal", 1, 2, 0, 0.0),
        ("Transverse", 0, 1, 2, middle["liver"][2]),
    ):
        u = np.arange(low[across], high[across], pitch)
        v = np.arange(low[up], high[up], pitch)
        if axis != 2:
            v = v[::-1]  # the head on top; in the transverse section the front is on top
        point = np.zeros((3, v.size * u.size))
        point[across], point[up], point[axis] = np.tile(u, v.size), np.repeat(v, u.size), at
        x, y, z = point
        seen = regions_at(x, y, z, arrays).reshape(v.size, u.size)
        made.append((f"{name}, {'xyz'[axis]} = {at:.1f} cm", np.maximum(seen, -1), pitch))
    return made


def page(phantom: str) -> str:
    """Text of the page for one phantom of the library."""
    names, text = region_names(phantom), description(phantom)
    bones = set(text.get("bones", {"regions": []})["regions"])
    colours = [_colour(i, name, name in bones) for i, name in enumerate(names)]
    drawn = sections(phantom)
    shown = sorted({int(r) for _, seen, _ in drawn for r in np.unique(seen) if r >= 0})
    number = {r: n for n, r in enumerate(shown, start=1)}
    figures = "".join(_figure(phantom, *section, colours, number) for section in drawn)
    key = "".join(
        f'<li><b>{n}</b><i style="background:{colours[r]}"></i>{names[r]}</li>'
        for r, n in number.items()
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><title>{escape(phantom)}</title>'
        f"<style>{_CSS}</style></head><body><h1>{escape(text['title'])}</h1>"
        "<p>Seen from the front (the phantom's left is on the right), from its left side, and "
        f"from its feet with the front on top, as in a CT. Numbers are those of the list.</p>"
        f'<div class="row">{figures}</div><ul>{key}</ul>'
        "</body></html>\n"
    )


def _figure(
    phantom: str, caption: str, seen: NDArray, pitch: float, colours: list[str], number: dict
) -> str:
    """One section, with the number of every region where it is thickest."""
    rows, columns = seen.shape
    marks = []
    for region in np.unique(seen[seen >= 0]):
        inside = np.asarray(distance_transform_edt(np.pad(seen == region, 1)))[1:-1, 1:-1]
        row, column = np.unravel_index(int(np.argmax(inside)), inside.shape)
        if inside[row, column] >= _THICK:
            marks.append(f'<text x="{column}" y="{row}">{number[int(region)]}</text>')
    return (
        f'<figure><svg role="img" aria-label="{escape(caption)} of {escape(phantom)}" '
        f'width="{columns}" height="{rows}" viewBox="0 0 {columns} {rows}"><image '
        f'width="{columns}" height="{rows}" href="data:image/png;base64,{_png(seen, colours)}"/>'
        f"{''.join(marks)}</svg><figcaption>{escape(caption)}; {columns * pitch:.1f} × "
        f"{rows * pitch:.1f} cm</figcaption></figure>"
    )


def _colour(index: int, name: str, bone: bool) -> str:
    """Bone in greys, the common tissues fixed, other organs round the circle of hues."""
    if name in _FIXED:
        return _FIXED[name]
    if bone:
        shade = 120 + 11 * (index % 10)
        return f"#{shade:02x}{shade:02x}{min(shade + 14, 255):02x}"
    hue = (index * 0.618) % 1.0
    return "#" + "".join(
        f"{int(255 * c):02x}" for c in colorsys.hls_to_rgb(hue, 0.42 + 0.1 * (index % 3), 0.6)
    )


def _png(seen: NDArray, colours: list[str]) -> str:
    """A palette PNG, transparent where there is nothing, in base 64."""
    palette = b"\x00\x00\x00" + b"".join(bytes.fromhex(c[1:]) for c in colours)
    rows = b"".join(b"\x00" + row.tobytes() for row in (seen + 1).astype(np.uint8))
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", seen.shape[1], seen.shape[0], 8, 3, 0, 0, 0)),
        (b"PLTE", palette), (b"tRNS", b"\x00"), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""),
    ]  # fmt: skip
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return base64.b64encode(data).decode("ascii")
