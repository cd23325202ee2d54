r"""From the energy around a point to the energy that voxels give each other.

Isotropic energy :math:`g(r)` (MeV/cm³ per decay) around a point, an even source in voxel 0: voxel k
gets

.. math:: K_k = \int g(|\mathbf k\mathbf a + \mathbf t|)\prod_i \Lambda(t_i/a_i)\,d^3t,\qquad
          \Lambda(x) = \max(0, 1-|x|),

because the offset of two even points of two intervals has a triangular density. Near voxels take
the energy of every shell, spread over directions, with the eight weights :math:`\prod\Lambda` of
each point: nothing is lost between them. Far ones, where g hardly bends, take three points of Gauss
on each axis for the density :math:`\Lambda`: 0 with 7/12 and :math:`\pm\sqrt{0.4}\,a` with 5/24,
exact for polynomials up to the fifth degree.

Kernels are octants: k ≥ 0 on every axis.

References
----------
bolch1999 (voxel S values)
"""

import math

import numpy as np
from numba import njit

GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
PLASTIC = (0.7548776662466927, 0.5698402909980532)  # even filling of the square
_NODE = (0.0, math.sqrt(0.4), -math.sqrt(0.4))
_WEIGHT = (7.0 / 12.0, 5.0 / 24.0, 5.0 / 24.0)


@njit(cache=True, nogil=True)
def near_weights(width_cm, shells, edge_cm, near, points):
    """Part of the energy of each shell that goes to each near voxel. ``[shell, i, j, k]``.

    ``points`` directions are used for a shell at one voxel's edge, more in proportion to its area.
    """
    weights = np.zeros((shells, near[0], near[1], near[2]))
    least = min(edge_cm[0], min(edge_cm[1], edge_cm[2]))
    cell, part = np.zeros(3, np.int64), np.zeros(3)
    for shell in range(shells):
        many = int(points * (1.0 + (shell * width_cm / least) ** 2))
        for n in range(many):
            r = width_cm * (shell + ((n + 0.5) * GOLDEN) % 1.0)
            w = (n * PLASTIC[0] + 0.5) % 1.0
            phi = 0.5 * math.pi * ((n * PLASTIC[1] + 0.5) % 1.0)
            s = math.sqrt(1.0 - w * w)
            at = (r * s * math.cos(phi), r * s * math.sin(phi), r * w)
            for axis in range(3):
                q = at[axis] / edge_cm[axis]
                cell[axis] = int(q)
                part[axis] = q - cell[axis]
            for corner in range(8):
                share = 1.0 / many
                i = cell[0] + (corner & 1)
                j = cell[1] + ((corner >> 1) & 1)
                k = cell[2] + ((corner >> 2) & 1)
                share *= part[0] if corner & 1 else 1.0 - part[0]
                share *= part[1] if corner & 2 else 1.0 - part[1]
                share *= part[2] if corner & 4 else 1.0 - part[2]
                if i < near[0] and j < near[1] and k < near[2]:
                    twins = (1 if i == 0 else 2) * (1 if j == 0 else 2) * (1 if k == 0 else 2)
                    weights[shell, i, j, k] += share / twins
    return weights


@njit(cache=True, nogil=True)
def inside(width_cm, shells, edge_cm, shape, points):
    """Part of the energy of each shell that lies in an octant of this shape. ``[shell]``."""
    found = np.zeros(shells)
    for shell in range(shells):
        for n in range(points):
            r = width_cm * (shell + ((n + 0.5) * GOLDEN) % 1.0)
            w = (n * PLASTIC[0] + 0.5) % 1.0
            phi = 0.5 * math.pi * ((n * PLASTIC[1] + 0.5) % 1.0)
            s = math.sqrt(1.0 - w * w)
            share = 1.0 / points
            for axis in range(3):
                u = s * math.cos(phi) if axis == 0 else (s * math.sin(phi) if axis == 1 else w)
                share *= min(1.0, max(0.0, shape[axis] - r * u / edge_cm[axis]))
            found[shell] += share
    return found


@njit(cache=True, nogil=True)
def density_around(r, width_cm, cumulative, reach_cm):
    """Mean energy per volume between r - reach and r + reach. MeV/cm³."""
    last = len(cumulative) - 1
    total = 0.0
    low, high = max(r - reach_cm, 0.0), min(r + reach_cm, last * width_cm)
    if high <= low:
        return 0.0
    for sign, edge in ((1.0, high), (-1.0, low)):
        q = edge / width_cm
        i = min(int(q), last - 1)
        total += sign * (cumulative[i] + (q - i) * (cumulative[i + 1] - cumulative[i]))
    return total / (4.0 / 3.0 * math.pi * (high**3 - low**3))


@njit(cache=True, nogil=True)
def fill_far(kernel, near, edge_cm, width_cm, cumulative, reach_cm):
    """Put energies into all voxels of an octant that are not near. MeV, in place."""
    volume = edge_cm[0] * edge_cm[1] * edge_cm[2]
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            for k in range(kernel.shape[2]):
                if i < near[0] and j < near[1] and k < near[2]:
                    continue
                total = 0.0
                for a in range(3):
                    x = (i + _NODE[a]) * edge_cm[0]
                    for b in range(3):
                        y = (j + _NODE[b]) * edge_cm[1]
                        for c in range(3):
                            z = (k + _NODE[c]) * edge_cm[2]
                            r = math.sqrt(x * x + y * y + z * z)
                            g = density_around(r, width_cm, cumulative, reach_cm)
                            total += _WEIGHT[a] * _WEIGHT[b] * _WEIGHT[c] * g
                kernel[i, j, k] = volume * total


@njit(cache=True, nogil=True)
def whole(octant):
    """Sum over all voxels of a kernel given as an octant."""
    total = 0.0
    for i in range(octant.shape[0]):
        for j in range(octant.shape[1]):
            for k in range(octant.shape[2]):
                twins = (1 if i == 0 else 2) * (1 if j == 0 else 2) * (1 if k == 0 else 2)
                total += twins * octant[i, j, k]
    return total
