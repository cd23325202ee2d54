"""Stylised phantoms: from the shapes written in ``phantoms/<name>/phantom.toml`` to arrays.

A body in the file is an intersection of shapes (each with ``outside = true`` for its complement);
with
``one_of`` it is that intersection together with one of several alternatives; with ``mirror`` its
equations hold for |x|; with ``frame`` they hold in turned coordinates ``axes @ (p - origin)``.
The arrays are those that ``dosimetry.core.geometry`` reads, see its docstring for the surfaces.

References
----------
cristy1987, Vol. I, Appendix A
"""

import functools
import tomllib
from pathlib import Path

import numpy as np

from pdcraft.domain.errors import InputError, unknown

FOLDER = Path(__file__).parent / "phantoms"
CELL_CM = 2.0
_FAR = 1e3
_AXIS = {"x": 0, "y": 1, "z": 2}
Surface = tuple[int, list[float], float, list[list[float]]]  # kind, coefficients, sign, box


def _anywhere() -> list[list[float]]:
    return [[-_FAR, _FAR] for _ in range(3)]


def _quadric(square, mixed=(0, 0, 0), linear=(0, 0, 0), constant=0.0) -> list[float]:
    return [*square, *mixed, *linear, constant]


def _centred(center: dict[int, float], half: dict[int, float]) -> tuple[list[float], list]:
    """Sum over the given axes of ((p - center)/half)² - 1, and its box."""
    square, linear, constant, box = [0.0] * 3, [0.0] * 3, -1.0, _anywhere()
    for axis, a in half.items():
        square[axis] = 1 / a**2
        linear[axis] = -2 * center[axis] / a**2
        constant += (center[axis] / a) ** 2
        box[axis] = [center[axis] - a, center[axis] + a]
    return _quadric(square, linear=linear, constant=constant), box


def _ellipsoid(s: dict, z) -> tuple[int, list[float], list]:
    return 0, *_centred(dict(enumerate(s["center"])), dict(enumerate(s["half_axes"])))


def _elliptic_cylinder(s: dict, z) -> tuple[int, list[float], list]:
    axes = [a for a in range(3) if a != _AXIS[s["axis"]]]
    center = dict(zip(axes, s["center"], strict=True))
    return 0, *_centred(center, dict(zip(axes, s["half_axes"], strict=True)))


def _cone(s: dict, z) -> tuple[int, list[float], list]:
    """Ellipse whose centre moves linearly and whose half-axes scale by 1 + taper (z - z_ref)."""
    zr, t = s["z_ref"], s["taper"]
    q, box = np.zeros((4, 4)), _anywhere()  # quadratic form in (x, y, z, 1)
    for axis, (c, m, a) in enumerate(zip(s["center"], s["slope"], s["half_axes"], strict=True)):
        row = np.zeros(4)
        row[axis], row[2], row[3] = 1 / a, -m / a, (m * zr - c) / a
        q += np.outer(row, row)
        ends = [(c + m * (e - zr), a * abs(1 + t * (e - zr))) for e in z]
        box[axis] = [min(p - h for p, h in ends), max(p + h for p, h in ends)]
    row = np.array([0, 0, t, 1 - t * zr])
    q -= np.outer(row, row)
    mixed = [2 * q[0, 1], 2 * q[1, 2], 2 * q[2, 0]]
    return 0, _quadric(np.diag(q)[:3], mixed, 2 * q[:3, 3], q[3, 3]), box


def _leg(s: dict, z) -> tuple[int, list[float], list]:
    """Circular cone that touches the plane x = 0: radius and centre r = (width/2)(1 + z/length)."""
    a, d = s["width"] / 2, s["skin"]
    b = a / s["length"]
    linear = [-2 * a, 0, 2 * d * b]
    box = [[0.0, s["width"]], [-a, a], [-_FAR, _FAR]]
    return 0, _quadric([1, 1, 0], [0, 0, -2 * b], linear, 2 * d * a - d * d), box


def _half_space(s: dict, z) -> tuple[int, list[float], list]:
    return 0, _quadric([0, 0, 0], linear=s["normal"], constant=-s["offset"]), _anywhere()


def _between(s: dict, z) -> tuple[int, list[float], list]:
    """Low <= p <= high as the quadric (p - low)(p - high) <= 0, or a plane if one side is open."""
    axis, (low, high) = _AXIS[s["axis"]], s["limits"]
    box = _anywhere()
    box[axis] = [low, high]
    square, linear = [0.0] * 3, [0.0] * 3
    if low <= -_FAR or high >= _FAR:
        linear[axis] = 1.0 if low <= -_FAR else -1.0
        return 0, _quadric(square, linear=linear, constant=-high if low <= -_FAR else low), box
    square[axis], linear[axis] = 1.0, -(low + high)
    return 0, _quadric(square, linear=linear, constant=low * high), box


def _torus(s: dict, z) -> tuple[int, list[float], list]:
    reach = s["radius"] + s["tube"]
    box = [[c - reach, c + reach] for c in s["center"]]
    axis = _AXIS[s["axis"]]
    box[axis] = [s["center"][axis] - s["tube"], s["center"][axis] + s["tube"]]
    kind = {"z": 1, "y": 2}[s["axis"]]
    return kind, [*s["center"], s["radius"], s["tube"], 0, 0, 0, 0, 0], box


def _slices(s: dict, z) -> tuple[int, list[float], list]:
    return 3, [s["z0"], s["pitch"], *[0.0] * 8], _anywhere()


def _thyroid_wedge(s: dict, z) -> tuple[int, list[float], list]:
    return 4, [s["y0"], s["z0"], s["height"], *[0.0] * 7], _anywhere()


_SHAPES = {
    "ellipsoid": _ellipsoid,
    "elliptic cylinder": _elliptic_cylinder,
    "cone": _cone,
    "leg": _leg,
    "half-space": _half_space,
    "between": _between,
    "torus": _torus,
    "slices": _slices,
    "thyroid wedge": _thyroid_wedge,
}


def _compile(shapes: list[dict]) -> tuple[list[Surface], np.ndarray]:
    """Surfaces of one intersection and the box around it, in the body's own coordinates."""
    z = [-_FAR, _FAR]
    for s in shapes:
        if s["shape"] == "between" and s["axis"] == "z":
            z = [max(z[0], s["limits"][0]), min(z[1], s["limits"][1])]
    surfaces, limits = [], np.array(_anywhere())
    for s in shapes:
        if s["shape"] not in _SHAPES:
            raise unknown("Shape", s["shape"], _SHAPES)
        kind, coefficients, box = _SHAPES[s["shape"]](s, z)
        outside = s.get("outside", False)
        surfaces.append((kind, [float(c) for c in coefficients], -1.0 if outside else 1.0, box))
        if not outside:
            limits[:, 0] = np.maximum(limits[:, 0], np.array(box)[:, 0])
            limits[:, 1] = np.minimum(limits[:, 1], np.array(box)[:, 1])
    return surfaces, limits


def _box_outside_frame(limits: np.ndarray, origin: np.ndarray, axes: np.ndarray) -> np.ndarray:
    corners = np.array(np.meshgrid(*limits)).reshape(3, -1).T
    turned = corners @ axes + origin
    return np.stack([turned.min(0), turned.max(0)], axis=1)


def known_phantoms() -> list[str]:
    """Names of the phantoms that the library has shapes of, sorted."""
    return sorted(p.parent.name for p in FOLDER.glob("*/phantom.toml"))


@functools.cache
def description(phantom: str) -> dict:
    """Content of a phantom's TOML file, for a name of `known_phantoms`."""
    path = FOLDER / phantom / "phantom.toml"
    if not path.exists():
        raise unknown("Phantom", phantom, known_phantoms())
    return tomllib.loads(path.read_text(encoding="utf-8"))


def region_names(phantom: str) -> tuple[str, ...]:
    """Regions of the geometry (organs, walls, contents, bones) in order of first appearance."""
    return tuple(dict.fromkeys(body["region"] for body in description(phantom)["body"]))


def _bodies(phantom: str):
    """Every simple intersection of the file: (region, mirrored, origin, axes, surfaces, box)."""
    for body in description(phantom)["body"]:
        frame = body.get("frame")
        for extra in body.get("one_of", [[]]):
            surfaces, limits = _compile(body["surfaces"] + extra)
            origin, axes = np.zeros(3), np.eye(3)
            if frame:
                origin, axes = np.array(frame["origin"]), np.array(frame["axes"])
                limits = _box_outside_frame(limits, origin, axes)
            yield body["region"], body.get("mirror", False), origin, axes, surfaces, limits


@functools.cache
def geometry(phantom: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Surfaces, bodies and grid of a phantom, as ``dosimetry.core.geometry`` describes them.

    Returns
    -------
    surfaces, bodies, grid
        Arrays [surface, 12], [body, 23] and [7]; lengths in cm.
    """
    names = region_names(phantom)
    table, rows = [], []
    for name, mirrored, origin, axes, surfaces, limits in _bodies(phantom):
        if np.abs(limits).max() >= _FAR:
            raise InputError(
                f"A body of region '{name}' is not bounded. Add 'between' limits to its surfaces."
            )
        if mirrored:
            limits[0, 0] = max(limits[0, 0], 0.0)
        turned = origin.any() or not np.array_equal(axes, np.eye(3))
        head = [len(table), len(table) + len(surfaces), names.index(name), mirrored, turned]
        rows.append([*head, *limits.ravel(), *axes.ravel(), *origin])
        table += [[kind, sign, *coefficients] for kind, coefficients, sign, _ in surfaces]
    bodies = np.array(rows, float)
    boxes = _boxes(bodies)
    corner = boxes[:, ::2].min(0) - 0.01
    shape = np.ceil((boxes[:, 1::2].max(0) + 0.01 - corner) / CELL_CM)
    return np.array(table, float), bodies, np.array([*corner, CELL_CM, *shape])


def _boxes(bodies: np.ndarray) -> np.ndarray:
    box = bodies[:, 5:11].copy()
    mirrored = bodies[:, 3] > 0
    box[mirrored, 0] = -box[mirrored, 1]
    return box


def region_boxes(phantom: str) -> np.ndarray:
    """Box [x0, x1, y0, y1, z0, z1] around every region, cm."""
    bodies = geometry(phantom)[1]
    region, box = bodies[:, 2], _boxes(bodies)
    out = np.empty((int(region.max()) + 1, 6))
    for r in range(len(out)):
        out[r, ::2] = box[region == r][:, ::2].min(0)
        out[r, 1::2] = box[region == r][:, 1::2].max(0)
    return out
