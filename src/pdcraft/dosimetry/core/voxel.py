r"""Where a particle is in a voxel grid, how far it may fly, and what it leaves behind.

A *body* is the tuple (shape [3], edges of a voxel in cm [3], their inverses [3], matter [place],
unit of density in g/cm³). ``matter`` holds the number of the medium in its upper eight bits and the
density, in that unit, in the lower 24 (:func:`pack`): one look into memory for each flight.
Coordinates are in cm from the corner of voxel (0, 0, 0); places are in C order. Paths of
electrons are in g/cm²: across voxels of one medium a path goes on, whatever their density, because
all tables are per mass; at another medium it ends.

Energy is kept as a list of events, one for each voxel that a pair of histories touches, so that any
number of threads can work on one tally: *events* is the tuple (keys, MeV [event, 2], marks [6]).
The key of an event is ``channel + CHANNELS (1 + place)``; place -1 is outside. MeV are the sum of
both histories and the first less the second: one history of a pair follows the other in the
stratified sampling of the source, and

.. math:: \sigma^2\Big(\sum_h\varepsilon_h\Big) = \sum_{pairs}(\varepsilon_{2k} -
          \varepsilon_{2k+1})^2

is the variance within strata, a little more where the mean changes between the two. Marks are
[first event of this pair, next free event, events lost for want of room, channel, sign of the
activity, 1 or -1 for the first or second history].

References
----------
cochran1977, Chap. 5A (one unit per stratum: collapsed strata); salvat2011, Chap. 4 (interfaces: a
particle stops there and begins a new step)
"""

import math

import numpy as np
from numba import njit

CHANNELS = 3  # photon, electron, alpha: what the decay emitted
OUTSIDE = -1
FIRST, NEXT, LOST, CHANNEL, SIGN, SIDE = 0, 1, 2, 3, 4, 5
_BEYOND_CM = 1e-7
_MASK = np.uint32(0xFFFFFF)
_SHIFT = np.uint32(24)


def pack(medium, density_g_per_cm3):
    """Medium and density in one array of 32-bit words, and the unit of density in g/cm³."""
    unit = max(float(density_g_per_cm3.max()), 1e-6) / 0xFFFFFF
    packed = np.asarray(medium, np.uint32)
    packed <<= _SHIFT
    packed |= np.rint(density_g_per_cm3 / np.float32(unit)).astype(np.uint32).clip(0, 0xFFFFFF)
    return packed, unit


@njit(cache=True, nogil=True)
def medium_at(place, body):
    """Number of the medium in a voxel."""
    return int(body[3][place] >> _SHIFT)


@njit(cache=True, nogil=True)
def density_at(place, body):
    """Density in a voxel. g/cm³."""
    return float(body[3][place] & _MASK) * body[4]


@njit(cache=True, nogil=True)
def voxel_at(particle, body):
    """Place of the voxel that holds a particle, or OUTSIDE."""
    shape, per_cm = body[0], body[2]
    i = math.floor(particle[0] * per_cm[0])
    j = math.floor(particle[1] * per_cm[1])
    k = math.floor(particle[2] * per_cm[2])
    if i < 0 or j < 0 or k < 0 or i >= shape[0] or j >= shape[1] or k >= shape[2]:
        return OUTSIDE
    return int((i * shape[1] + j) * shape[2] + k)


@njit(cache=True, nogil=True)
def nearest_face(particle, body):
    """Distance to the nearest face of the voxel. cm."""
    least = 1e30
    for axis in range(3):
        q = particle[axis] * body[2][axis]
        part = q - math.floor(q)
        least = min(least, min(part, 1.0 - part) * body[1][axis])
    return least


@njit(cache=True, nogil=True)
def face_ahead(particle, body):
    """Distance to the face through which a particle leaves its voxel. cm."""
    least = 1e30
    for axis in range(3):
        u = particle[3 + axis]
        q = particle[axis] * body[2][axis]
        part = q - math.floor(q)
        if u > 0.0:
            least = min(least, (1.0 - part) * body[1][axis] / u)
        elif u < 0.0:
            least = min(least, part * body[1][axis] / -u)
    return least


@njit(cache=True, nogil=True)
def move(particle, length_cm):
    """Move a particle along its direction."""
    particle[0] += length_cm * particle[3]
    particle[1] += length_cm * particle[4]
    particle[2] += length_cm * particle[5]


@njit(cache=True, nogil=True)
def fly_mass(particle, path_g_per_cm2, place, body):
    """Fly a path through voxels of one medium.

    Returns the place at its end; below OUTSIDE, -2 - place, if another medium ended it earlier.
    """
    here = medium_at(place, body)
    while True:
        ahead, density = face_ahead(particle, body), density_at(place, body)
        if path_g_per_cm2 <= density * ahead:
            move(particle, path_g_per_cm2 / density)
            return place
        path_g_per_cm2 -= density * ahead
        move(particle, ahead + _BEYOND_CM)
        place = voxel_at(particle, body)
        if place == OUTSIDE:
            return OUTSIDE
        if medium_at(place, body) != here:
            return -2 - place


@njit(cache=True, nogil=True)
def deposit(place, energy_MeV, events):
    """Leave energy in a voxel, or outside."""
    keys, MeV, marks = events
    key = marks[CHANNEL] + CHANNELS * (1 + place)
    energy = marks[SIGN] * energy_MeV
    for n in range(marks[NEXT] - 1, marks[FIRST] - 1, -1):
        if keys[n] == key:
            MeV[n, 0] += energy
            MeV[n, 1] += marks[SIDE] * energy
            return
    n = marks[NEXT]
    if n == len(keys):
        marks[LOST] += 1
        return
    keys[n] = key
    MeV[n, 0] = energy
    MeV[n, 1] = marks[SIDE] * energy
    marks[NEXT] = n + 1


@njit(cache=True, nogil=True)
def value(tables, m, i, f, column):
    """Column of the table of medium m between node i and the next."""
    low = tables[m, i, column]
    return low + f * (tables[m, i + 1, column] - low)


@njit(cache=True, nogil=True)
def add_events(keys, MeV, count, weight, total, square):
    """Add weighted events to sums and variances of the sums, ``[1 + place, CHANNELS]``."""
    for n in range(count):
        place, channel = keys[n] // CHANNELS, keys[n] % CHANNELS
        total[place, channel] += weight * MeV[n, 0]
        square[place, channel] += (weight * MeV[n, 1]) ** 2


@njit(cache=True, nogil=True)
def add_local(activity, energy_MeV, total):
    """Add energy that stays in its voxel, ``energy_MeV`` [CHANNELS] per decay, to the sums."""
    for place in range(len(activity)):
        for channel in range(CHANNELS):
            total[1 + place, channel] += activity[place] * energy_MeV[channel]


@njit(cache=True, nogil=True)
def add_up(total):
    """Sum over all voxels, ``[CHANNELS]``."""
    found = np.zeros(CHANNELS)
    for place in range(1, len(total)):
        for channel in range(CHANNELS):
            found[channel] += total[place, channel]
    return found


@njit(cache=True, nogil=True)
def per_mass(total, square, density, factor):
    """Sums over mass and their standard deviations, in place; 0 where there is no mass."""
    for place in range(len(density)):
        by = factor / density[place] if density[place] > 0.0 else 0.0
        for channel in range(CHANNELS):
            total[1 + place, channel] *= by
            square[1 + place, channel] = by * math.sqrt(square[1 + place, channel])


@njit(cache=True, nogil=True)
def cumulative_rows(activity, length):
    """Running sum of the size of the activity over rows of ``length`` voxels."""
    rows = np.empty(len(activity) // length)
    so_far = 0.0
    for row in range(len(rows)):
        for place in range(row * length, (row + 1) * length):
            so_far += abs(activity[place])
        rows[row] = so_far
    return rows
