r"""Energy in spheres by expected values: the same physics as ``coupled.py``, less noise.

One run from a point serves even sources in spheres of all radii (reciprocity, see ``coupled.py``):
a deposit at distance r counts :math:`g(r/2R)`, with :math:`g(x) = 1 - \tfrac32x + \tfrac12x^3`.
Three things are replaced by their mean or by fewer samples, none of which changes the mean:

* *Flights of photons.* Instead of waiting for collisions, every flight scores the mean energy that
  it gives to electrons in the ball :math:`r<2R`,

  .. math:: w E\,\mu_{tr}\int e^{-\mu s}\,g\!\left(\frac{|\mathbf r+s\mathbf\Omega|}{2R}\right)ds,

  in closed form from the centre, later by one point drawn along the chord of the ball.
* *Secondary electrons.* That score lets electrons stop where they are born. At real collisions a
  ``share`` of them is transported, and scores :math:`1/\text{share}` times what its transport
  changes: deposits less :math:`T g(r/2R)`. Where tracks are short of the radius this is small.
* *Lines of the source* are drawn by golden-ratio steps instead of at random, so that each is drawn
  as often as it should be, and with chances that need not be their yields.

Photons that collide outside the largest ball play roulette.

References
----------
goddu1994 (geometric factor of the sphere); kahn1954 (expected values, roulette)
"""

import math

import numpy as np
from numba import njit

from pdcraft.dosimetry.core.coupled import compton, deposit, follow_electron, make_pair, outside
from pdcraft.dosimetry.core.electron import PHOTON, STACK, deflect, fly
from pdcraft.dosimetry.core.photoelectric import absorb
from pdcraft.dosimetry.core.photon import (
    ELECTRON_MEV,
    LOWEST_MEV,
    between,
    coherent,
    grid_place,
    isotropic,
)
from pdcraft.dosimetry.core.rng import stream, uniform

GOLDEN = 0.6180339887498949
WEIGHT = 8  # column of a particle after those of ``electron.py``
_SURVIVAL = 0.5
_TERMS = 12


@njit(cache=True, nogil=True)
def from_centre(a):
    r"""Share of collisions that count: :math:`\int_0^a e^{-t} g(t/a)\,dt`, :math:`a = 2\mu R`."""
    if a > 0.5:
        rest = math.exp(-a)
        first = 1.0 - rest * (1.0 + a)
        third = 6.0 - rest * (((a + 3.0) * a + 6.0) * a + 6.0)
        return 1.0 - rest - 1.5 * first / a + 0.5 * third / (a * a * a)
    total, power = 0.0, a
    for n in range(_TERMS):
        total += power * (1.0 / (n + 1.0) - 1.5 / (n + 2.0) + 0.5 / (n + 4.0))
        power *= -a / (n + 1.0)
    return total


@njit(cache=True, nogil=True)
def on_chord(square, along, mu, radius_cm, pick):
    """Mean of g times chance of a collision, from one point on the chord of the ball.

    ``square`` is the squared distance from the centre, ``along`` position times direction.
    """
    ball = 4.0 * radius_cm * radius_cm
    inner = along * along - square + ball
    if inner <= 0.0:
        return 0.0
    root = math.sqrt(inner)
    end = root - along
    if end <= 0.0:
        return 0.0
    begin = max(0.0, -root - along)
    chance = -math.expm1(-mu * (end - begin))
    s = begin - math.log1p(-pick * chance) / mu
    x = math.sqrt(max(0.0, square + s * (s + 2.0 * along)) / ball)
    return math.exp(-mu * begin) * chance * max(0.0, 1.0 - 1.5 * x + 0.5 * x * x * x)


@njit(cache=True, nogil=True)
def score_flight(photon, mu, transfer, radii_cm, score, state):
    """Mean energy that a flight gives to electrons in every ball."""
    energy = photon[WEIGHT] * photon[6] * transfer / mu
    square = photon[0] ** 2 + photon[1] ** 2 + photon[2] ** 2
    if square == 0.0:
        for n in range(len(radii_cm)):
            score[n] += energy * from_centre(2.0 * radii_cm[n] * mu)
        return
    along = photon[0] * photon[3] + photon[1] * photon[4] + photon[2] * photon[5]
    pick = uniform(state)
    for n in range(len(radii_cm) - 1, -1, -1):
        share = on_chord(square, along, mu, radii_cm[n], pick)
        if share == 0.0:
            return
        score[n] += energy * share


@njit(cache=True, nogil=True)
def sample_secondary(photon, limits, stack, top, tally, score, state):
    """Keep the electron on top of the stack with chance ``share``, or drop it."""
    energy = stack[top - 1, 6]
    if energy <= limits[0] or uniform(state) >= limits[2]:
        return top - 1
    weight = photon[WEIGHT] / limits[2]
    stack[top - 1, WEIGHT] = weight
    deposit(photon, -weight * energy, tally, score)
    return top


@njit(cache=True, nogil=True)
def collide(photon, i, f, optics, limits, stack, top, tally, score, state):
    """One collision. Returns whether the photon lives on, and the new top of the stack."""
    table, matter, begin = optics[1], (optics[2], optics[3], optics[4]), top
    energy = photon[6]
    pick = uniform(state) * between(table[:, 0], i, f) - between(table[:, 2], i, f)
    if pick < 0.0:
        top = compton(photon, matter, stack, top, state)
        return True, sample_secondary(photon, limits, stack, top, tally, score, state)
    pick -= between(table[:, 1], i, f)
    if pick < 0.0:
        top = absorb(photon, i, f, optics[5], stack, top, state)
        if top - begin == 2:  # an X ray leaves with a part of what the flight has scored
            stack[begin, WEIGHT] = photon[WEIGHT]
            deposit(photon, -photon[WEIGHT] * stack[begin, 6], tally, score)
        return False, sample_secondary(photon, limits, stack, top, tally, score, state)
    pick -= between(table[:, 3], i, f)
    if pick < 0.0 or energy <= 2.0 * ELECTRON_MEV:
        cosine = coherent(energy, matter[1], matter[2], state)
        deflect(photon, cosine, 2.0 * math.pi * uniform(state))
        return True, top
    top = make_pair(photon, stack, top, state)  # both are followed: the positron makes photons
    stack[begin:top, WEIGHT] = photon[WEIGHT]
    deposit(photon, -photon[WEIGHT] * (energy - 2.0 * ELECTRON_MEV), tally, score)
    return False, top


@njit(cache=True, nogil=True)
def expect_photon(photon, optics, limits, stack, top, tally, score, state):
    """A photon to its end, scored by expected values. Returns the new top of the stack."""
    grid, table, radii_cm = optics[0], optics[1], tally[2]
    ball = 4.0 * radii_cm[-1] ** 2
    alive = True
    while alive:
        if photon[6] <= LOWEST_MEV:
            deposit(photon, photon[WEIGHT] * photon[6], tally, score)
            return top
        i, f = grid_place(photon[6], grid)
        mu = between(table[:, 0], i, f)
        score_flight(photon, mu, between(table[:, 5], i, f), radii_cm, score, state)
        fly(photon, -math.log(1.0 - uniform(state)) / mu)
        if outside(photon, limits[1]):
            return top
        if photon[0] ** 2 + photon[1] ** 2 + photon[2] ** 2 > ball:
            if uniform(state) >= _SURVIVAL:
                return top
            photon[WEIGHT] /= _SURVIVAL
        alive, top = collide(photon, i, f, optics, limits, stack, top, tally, score, state)
    return top


@njit(cache=True, nogil=True)
def born_by_turns(particle, source, key, history, state):
    """A particle at the centre whose line is the next of the sequence. Returns the line."""
    energy_MeV, cumulative, kind, weight = source
    place = (GOLDEN * (history % 4294967296) + 2.0**-32 * key) % 1.0
    line = np.searchsorted(cumulative, place * cumulative[-1], side="right")
    line = min(line, len(cumulative) - 1)
    particle[:] = 0.0
    particle[3], particle[4], particle[5] = isotropic(state)
    particle[6] = energy_MeV[line]
    particle[7] = kind[line]
    particle[WEIGHT] = weight[line]
    return line


@njit(cache=True, nogil=True)
def histories(key, begin, end, source, medium, optics, limits, radii_cm):
    """Sum of the scores of histories ``begin`` … ``end - 1``.

    Parameters
    ----------
    key
        Key of the random streams, see :func:`pdcraft.dosimetry.core.rng.key`.
    source
        (energies, MeV; cumulative chances; kinds: 0 electron, 1 photon, 2 positron; weights, yield
        over chance), one entry per line.
    medium, optics
        As :func:`pdcraft.dosimetry.core.coupled.histories` takes them.
    limits
        (cut of electrons, MeV; radius beyond which nothing is followed, cm; share of the secondary
        electrons that are transported, above 0 and up to 1).
    radii_cm
        Radii of the spheres, rising. cm.

    Returns
    -------
    ndarray
        Energy in the spheres, MeV: [born as electron or positron | born as photon, sphere].
    """
    count = len(radii_cm)
    score, local = np.zeros((2, count + 3)), np.zeros(count + 3)
    tally, reach = (1.0, 0, radii_cm), (limits[0], limits[1])
    stack, particle = np.zeros((STACK, 9)), np.zeros(9)
    for history in range(begin, end):
        state = stream(key, history)
        born_by_turns(stack[0], source, key, history, state)
        into = score[1] if stack[0, 7] == PHOTON else score[0]
        top = 1
        while top > 0:
            top -= 1
            particle[:] = stack[top]
            if particle[7] == PHOTON:
                top = expect_photon(particle, optics, limits, stack, top, tally, into, state)
                continue
            first, weight = top, particle[WEIGHT]
            local[:] = 0.0
            top = follow_electron(particle, medium, reach, stack, top, tally, local, state)
            stack[first:top, WEIGHT] = weight
            for n in range(count):
                into[n] += weight * local[n]
    return score[:, :count].copy()
