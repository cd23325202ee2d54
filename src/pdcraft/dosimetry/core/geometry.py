r"""Which region holds this point? Stylised bodies as arrays; the first that holds it wins.

A *body* is an intersection of signed surfaces ``s f(p) <= 0``; a *region* (organ, bone, wall) is
a union of bodies. Surface kinds, with their ten coefficients ``c``:

====  ==========================================================================================
kind  f(p)
====  ==========================================================================================
0     quadric: c0 x² + c1 y² + c2 z² + c3 xy + c4 yz + c5 zx + c6 x + c7 y + c8 z + c9
1     torus about z: (√((x-c0)²+(y-c1)²) - c3)² + (z-c2)² - c4²
2     torus about y: (√((x-c0)²+(z-c2)²) - c3)² + (y-c1)² - c4²
3     slices: 0.5 where ⌊(z-c0)/c1⌋ is odd, -0.5 where it is even (ribs)
4     wedge that tapers a thyroid: 2 (x²+v²) τ² - (v - |x|)², v = y - c0, τ = τ((z-c1)/c2)
====  ==========================================================================================

The geometry is the tuple of arrays named in ``GEOMETRY``. Lengths in cm.

* ``surfaces`` [surface, 12]: kind, sign, ten coefficients;
* ``bodies`` [body, 23]: first surface, last surface + 1, region, mirrored (equations in \|x\|),
  turned, box (6), rotation matrix by rows (9), origin (3);
* ``cell_start``, ``cell_body``: the bodies of each cell of a grid, compressed by rows;
* ``grid`` [7]: lower corner (3), edge, number of cells (3).

References
----------
cristy1987, Vol. I, Appendix A (the forms of the equations)
"""

import math

import numpy as np
from numba import njit

GEOMETRY = ("surfaces", "bodies", "cell_start", "cell_body", "grid")
OUTSIDE = -1  # beyond the box that encloses the phantom
VOID = -2  # inside the box, but in no body


@njit(cache=True, nogil=True)
def quadric(c, i, x, y, z):
    """Value of the quadric in row i of the surfaces."""
    return (
        x * (c[i, 2] * x + c[i, 5] * y + c[i, 8])
        + y * (c[i, 3] * y + c[i, 6] * z + c[i, 9])
        + z * (c[i, 4] * z + c[i, 7] * x + c[i, 10])
        + c[i, 11]
    )


@njit(cache=True, nogil=True)
def thyroid_wedge(y0, z0, height, x, y, z):
    """Surface 4: the polynomial that cuts the thyroid lobes above and below. cm²."""
    v = y - y0
    h = (z - z0) / height
    if h <= 0.25:
        tau = (math.sqrt(2.0) - 2.0) / 2.0 * (h / 0.25) + 1.0
    else:
        tau = (2.0 - math.sqrt(2.0)) / 2.0 * ((h - 0.25) / 0.75) + math.sqrt(2.0) / 2.0
    return 2.0 * (x * x + v * v) * tau * tau - (abs(x) - v) ** 2


@njit(cache=True, nogil=True)
def surface(c, i, x, y, z):
    """Value of the surface function in row i at a point; negative or zero inside."""
    kind = c[i, 0]
    if kind == 0:
        return quadric(c, i, x, y, z)
    if kind == 1:
        ring = math.sqrt((x - c[i, 2]) ** 2 + (y - c[i, 3]) ** 2) - c[i, 5]
        return ring * ring + (z - c[i, 4]) ** 2 - c[i, 6] ** 2
    if kind == 2:
        ring = math.sqrt((x - c[i, 2]) ** 2 + (z - c[i, 4]) ** 2) - c[i, 5]
        return ring * ring + (y - c[i, 3]) ** 2 - c[i, 6] ** 2
    if kind == 3:
        return (math.floor((z - c[i, 2]) / c[i, 3]) % 2) - 0.5
    return thyroid_wedge(c[i, 2], c[i, 3], c[i, 4], x, y, z)


@njit(cache=True, nogil=True)
def in_body(body, x, y, z, surfaces, bodies):
    """Whether a point lies in one body: in its box, then on the inner side of each surface."""
    b = bodies
    if b[body, 3] > 0:
        x = abs(x)
    if x < b[body, 5] or x > b[body, 6] or y < b[body, 7] or y > b[body, 8]:
        return False
    if z < b[body, 9] or z > b[body, 10]:
        return False
    if b[body, 4] > 0:
        dx = x - b[body, 20]
        dy = y - b[body, 21]
        dz = z - b[body, 22]
        x = b[body, 11] * dx + b[body, 12] * dy + b[body, 13] * dz
        y = b[body, 14] * dx + b[body, 15] * dy + b[body, 16] * dz
        z = b[body, 17] * dx + b[body, 18] * dy + b[body, 19] * dz
    for i in range(int(b[body, 0]), int(b[body, 1])):
        if surfaces[i, 1] * surface(surfaces, i, x, y, z) > 0.0:
            return False
    return True


@njit(cache=True, nogil=True)
def locate(x, y, z, geometry):
    """Index of the region at a point; ``VOID`` in no body, ``OUTSIDE`` beyond the enclosing box."""
    surfaces, bodies, cell_start, cell_body, grid = geometry
    i = math.floor((x - grid[0]) / grid[3])
    j = math.floor((y - grid[1]) / grid[3])
    k = math.floor((z - grid[2]) / grid[3])
    if i < 0 or j < 0 or k < 0 or i >= grid[4] or j >= grid[5] or k >= grid[6]:
        return OUTSIDE
    cell = int((i * grid[5] + j) * grid[6] + k)
    for n in range(cell_start[cell], cell_start[cell + 1]):
        body = cell_body[n]
        if in_body(body, x, y, z, surfaces, bodies):
            return int(bodies[body, 2])
    return VOID


def candidates(bodies, grid):
    """Bodies whose box touches each cell of a grid, in order of priority.

    Parameters
    ----------
    bodies, grid
        As in the module's docstring.

    Returns
    -------
    cell_start, cell_body
        Compressed rows: the bodies of cell n are ``cell_body[cell_start[n]:cell_start[n + 1]]``.
    """
    corner, edge, shape = grid[:3], grid[3], grid[4:].astype(np.int64)
    touches = np.zeros((len(bodies), *shape), bool)
    for body, row in enumerate(bodies):
        sides = [row[5:11]]
        if row[3] > 0:
            sides.append(np.array([-row[6], -row[5], *row[7:11]]))
        for side in sides:
            low = np.floor((side[::2] - corner) / edge).astype(int)
            high = np.floor((side[1::2] - corner) / edge).astype(int) + 1
            x, y, z = (slice(max(a, 0), max(b, 0)) for a, b in zip(low, high, strict=True))
            touches[body, x, y, z] = True
    cell, body = np.nonzero(touches.reshape(len(bodies), -1).T)
    start = np.searchsorted(cell, np.arange(np.prod(shape) + 1))
    return start.astype(np.int64), body.astype(np.int64)


@njit(cache=True, nogil=True)
def count_regions(x, y, z, regions, geometry):
    """Number of the given points in each of ``regions`` regions."""
    counts = np.zeros(regions, np.int64)
    for n in range(len(x)):
        r = locate(x[n], y[n], z[n], geometry)
        if r >= 0:
            counts[r] += 1
    return counts


@njit(cache=True, nogil=True)
def regions_at(x, y, z, geometry):
    """Index of the region at every given point; negative where there is none."""
    found = np.empty(len(x), np.int64)
    for n in range(len(x)):
        found[n] = locate(x[n], y[n], z[n], geometry)
    return found
