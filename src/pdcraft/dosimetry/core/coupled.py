r"""Electrons and photons together, in one medium without end, from a point or a sphere.

A history begins with a line of the source and ends when its stack is empty. Photons hand electrons
to the stack (photoelectric, Compton, pairs) and electrons hand photons to it (bremsstrahlung,
annihilation). Below ``cut_MeV`` electrons give their energy where they are; photons below 1 keV
likewise. A photoelectron gets the energy of the photon less that of a K X ray, if one is emitted.

Energy is scored in the shells of a radial tally, and for even sources in spheres by reciprocity:
a deposit :math:`\varepsilon` at distance r from a point source counts in a sphere of radius R

.. math:: \varepsilon\left[1 - \frac{3r}{4R} + \frac{r^3}{16R^3}\right],\qquad r < 2R,

the chance that a point at distance r, in a random direction, from an even random point of the
sphere is in the sphere. So one run from a point serves spheres of every size.

The score is [shells…, spheres…, deposited, escaped, steps]; energy escapes beyond ``outer_cm``.

References
----------
goddu1994 (geometric factor of the sphere)
"""

import math

import numpy as np
from numba import njit

from pdcraft.dosimetry.core.electron import (
    ELECTRON,
    PHOTON,
    POSITRON,
    STACK,
    annihilate,
    deflect,
    fly,
    hard_event,
    push,
    soft_event,
    step_limits,
)
from pdcraft.dosimetry.core.photoelectric import absorb
from pdcraft.dosimetry.core.photon import (
    ELECTRON_MEV,
    LOWEST_MEV,
    between,
    coherent,
    grid_place,
    incoherent,
    isotropic,
)
from pdcraft.dosimetry.core.rng import stream, uniform


@njit(cache=True, nogil=True)
def deposit(particle, energy_MeV, tally, score):
    """Score energy at the place of a particle."""
    width_cm, shells, radii_cm = tally[0], tally[1], tally[2]
    r = math.sqrt(particle[0] ** 2 + particle[1] ** 2 + particle[2] ** 2)
    score[-3] += energy_MeV
    if r < width_cm * shells:
        score[int(r / width_cm)] += energy_MeV
    for n in range(len(radii_cm) - 1, -1, -1):
        x = 0.5 * r / radii_cm[n]
        if x >= 1.0:
            return
        score[shells + n] += energy_MeV * (1.0 - 1.5 * x + 0.5 * x * x * x)


@njit(cache=True, nogil=True)
def outside(particle, outer_cm):
    """Whether a particle has left the sphere beyond which nothing is followed."""
    return particle[0] ** 2 + particle[1] ** 2 + particle[2] ** 2 > outer_cm * outer_cm


@njit(cache=True, nogil=True)
def follow_electron(particle, medium, limits, stack, top, tally, score, state):
    """An electron or positron to the end of its path. Returns the new top of the stack."""
    grid = medium[0]
    cut, outer = limits
    while particle[6] > cut:
        if outside(particle, outer):
            score[-2] += particle[6]
            return top
        i, f = grid_place(particle[6], grid)
        bound, longest = step_limits(particle, i, f, medium)
        step = -math.log(1.0 - uniform(state)) / bound
        is_hard = step < longest
        step = min(step, longest)
        hinge = step * uniform(state)
        score[-1] += 1.0
        fly(particle, hinge)
        deposit(particle, soft_event(particle, step, i, f, medium, state), tally, score)
        if particle[6] <= cut:
            break
        fly(particle, step - hinge)
        if is_hard:
            i, f = grid_place(particle[6], grid)
            top = hard_event(particle, bound, i, f, medium, stack, top, state)
    if outside(particle, outer):
        score[-2] += particle[6]
        return top
    deposit(particle, particle[6], tally, score)
    if particle[7] == POSITRON:
        top = annihilate(particle, stack, top, state)
    return top


@njit(cache=True, nogil=True)
def compton(photon, matter, stack, top, state):
    """Incoherent scattering; the recoil electron goes on the stack, on the other side."""
    binding, _, nodes = matter
    E = photon[6]
    ratio, cosine = incoherent(E, binding, nodes, state)
    phi = 2.0 * math.pi * uniform(state)
    T = E * (1.0 - ratio)
    momentum = math.sqrt(T * (T + 2.0 * ELECTRON_MEV))
    along = (E - E * ratio * cosine) / momentum if momentum > 0.0 else 1.0
    top = push(stack, top, photon, T, ELECTRON, min(1.0, max(-1.0, along)), phi + math.pi)
    deflect(photon, cosine, phi)
    photon[6] = E * ratio
    return top


@njit(cache=True, nogil=True)
def make_pair(photon, stack, top, state):
    """Electron and positron, forward, share the energy evenly at random."""
    free = photon[6] - 2.0 * ELECTRON_MEV
    share = uniform(state)
    top = push(stack, top, photon, free * share, ELECTRON, 1.0, 0.0)
    return push(stack, top, photon, free * (1.0 - share), POSITRON, 1.0, 0.0)


@njit(cache=True, nogil=True)
def follow_photon(photon, optics, limits, stack, top, tally, score, state):
    """A photon to absorption or escape; electrons it frees go on the stack. Returns its top."""
    grid, table, matter = optics[0], optics[1], (optics[2], optics[3], optics[4])
    while photon[6] > LOWEST_MEV:
        i, f = grid_place(photon[6], grid)
        fly(photon, -math.log(1.0 - uniform(state)) / between(table[:, 0], i, f))
        if outside(photon, limits[1]):
            score[-2] += photon[6]
            return top
        pick = uniform(state) * between(table[:, 0], i, f)
        pick -= between(table[:, 2], i, f)
        if pick < 0.0:
            top = compton(photon, matter, stack, top, state)
            continue
        pick -= between(table[:, 1], i, f)
        if pick < 0.0:
            return absorb(photon, i, f, optics[5], stack, top, state)
        pick -= between(table[:, 3], i, f)
        if pick < 0.0 or photon[6] <= 2.0 * ELECTRON_MEV:
            cosine = coherent(photon[6], matter[1], matter[2], state)
            deflect(photon, cosine, 2.0 * math.pi * uniform(state))
            continue
        return make_pair(photon, stack, top, state)
    deposit(photon, photon[6], tally, score)
    return top


@njit(cache=True, nogil=True)
def born(particle, source, state):
    """Set a particle's place, direction, energy and kind; returns the energy. MeV."""
    radius_cm, energy_MeV, cumulative, kind = source
    r = radius_cm * uniform(state) ** (1.0 / 3.0)
    u, v, w = isotropic(state)
    particle[0], particle[1], particle[2] = r * u, r * v, r * w
    particle[3], particle[4], particle[5] = isotropic(state)
    line = np.searchsorted(cumulative, uniform(state) * cumulative[-1], side="right")
    line = min(line, len(cumulative) - 1)
    particle[6] = energy_MeV[line]
    particle[7] = kind[line]


@njit(cache=True, nogil=True)
def histories(key, begin, end, source, medium, optics, limits, tally):
    """Sum of the scores of histories ``begin`` … ``end - 1``, one line of the source each.

    Parameters
    ----------
    key
        Key of the random streams, see :func:`pdcraft.dosimetry.core.rng.key`.
    source
        (radius of the even source, 0 for a point, cm; energies, MeV; cumulative yields; kinds:
        0 electron, 1 photon, 2 positron), one entry per line.
    medium
        As :func:`pdcraft.dosimetry.core.scattering.electron_tables` makes it.
    optics
        (energy grid, table 1/cm, S(x), integral of F², grid of x, X rays) of one material, from
        :func:`pdcraft.library.photon_data.optics`.
    limits
        (cut of electrons, MeV; radius beyond which nothing is followed, cm).
    tally
        (width of a shell, cm; number of shells; radii of spheres, cm, rising).

    Returns
    -------
    ndarray
        [shells + spheres + 3]: MeV, last the number of electron steps.
    """
    shells, radii_cm = tally[1], tally[2]
    score = np.zeros(shells + len(radii_cm) + 3)
    stack = np.zeros((STACK, 8))
    particle = np.zeros(8)
    for history in range(begin, end):
        state = stream(key, history)
        born(stack[0], source, state)
        top = 1
        while top > 0:
            top -= 1
            particle[:] = stack[top]
            if particle[7] == PHOTON:
                top = follow_photon(particle, optics, limits, stack, top, tally, score, state)
            else:
                top = follow_electron(particle, medium, limits, stack, top, tally, score, state)
    return score
