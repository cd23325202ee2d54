r"""Decays in a voxel grid: photons and electrons together, across media and densities.

A history is one decay. Its place is drawn in proportion to activity, by stratified sampling (the
h-th of N histories lies in the h-th of N equal parts of the activity), then evenly in the voxel; it
emits whole numbers of photons and electrons with the mean of the yields.

* *Photons* fly by delta tracking with the largest :math:`\rho\,\mu/\rho` of the body; electrons
  that they free are followed.
* *Electrons* fly as in ``electron.py``, in steps of g/cm². One whose range does not reach the
  nearest face of its voxel rests where it is, after it has radiated what it would have on its way:
  a hard photon with the chance n(E), from an energy E' drawn with the density
  :math:`\Sigma_{br}(E')/S(E')`. This changes no mean.
* Photons that are absorbed below the cut of electrons, and electrons freed below it, give their
  energy where they are; positrons annihilate.

*optics* is (energy grid, majorant 1/cm, tables [medium, node, column] cm²/g, S(x), integral of F²,
grid of x), *X, *limits* (cut of electrons in MeV, longest relative
loss), *source* (cumulative activity of the rows along k, activity [place], number of histories).

References
----------
woodcock1965 (delta tracking); salvat2011, Chap. 4 (mixed simulation)
"""

import math

import numpy as np
from numba import njit

from pdcraft.dosimetry.core.coupled import make_pair
from pdcraft.dosimetry.core.electron import (
    ELECTRON,
    PHOTON,
    POSITRON,
    STACK,
    annihilate,
    deflect,
    hard_event,
    push,
    radiate,
    soft_event,
    step_limits,
)
from pdcraft.dosimetry.core.photoelectric import absorb
from pdcraft.dosimetry.core.photon import (
    ELECTRON_MEV,
    LOWEST_MEV,
    between,
    bisect,
    coherent,
    grid_place,
    incoherent,
    isotropic,
)
from pdcraft.dosimetry.core.rng import uniform
from pdcraft.dosimetry.core.voxel import (
    CHANNEL,
    FIRST,
    LOST,
    NEXT,
    OUTSIDE,
    SIDE,
    SIGN,
    density_at,
    deposit,
    fly_mass,
    medium_at,
    move,
    nearest_face,
    value,
    voxel_at,
)

ROOM = 2048  # events that a pair of histories may leave


@njit(cache=True, nogil=True)
def radiate_to_rest(particle, m, i, f, electrons, stack, top, state):
    """The hard photon, if any, that an electron emits until it rests; it loses that energy."""
    grid, rests = electrons[0], electrons[4]
    wanted = uniform(state)
    if wanted >= value(rests, m, i, f, 1):
        return top
    node = max(bisect(rests[m, :, 1], wanted) - 1, 0)
    energy = particle[6]
    particle[6] = min(energy, math.exp(grid[0] + grid[1] * (node + uniform(state))))
    before = particle[6]
    top = radiate(particle, node, electrons[2][m], stack, top, state)
    particle[6] = energy - (before - particle[6])
    return top


@njit(cache=True, nogil=True)
def rest(particle, place, stack, top, events, state):
    """Leave all energy here; a positron annihilates."""
    deposit(place, particle[6], events)
    if particle[7] == POSITRON and place != OUTSIDE:
        top = annihilate(particle, stack, top, state)
    return top


@njit(cache=True, nogil=True)
def follow_electron(particle, body, electrons, limits, stack, top, events, state):
    """An electron or positron to rest or out of the grid. Returns the new top of the stack."""
    grid, tables, inverses, constants, rests = electrons
    place = voxel_at(particle, body)
    while place != OUTSIDE and particle[6] > limits[0]:
        m, density = medium_at(place, body), density_at(place, body)
        i, f = grid_place(particle[6], grid)
        if value(rests, m, i, f, 0) < density * nearest_face(particle, body):
            top = radiate_to_rest(particle, m, i, f, electrons, stack, top, state)
            break
        medium = (grid, tables[m], inverses[m], constants[m])
        bound, longest = step_limits(particle, i, f, medium)
        step = -math.log(1.0 - uniform(state)) / bound
        is_hard = step < longest
        step = min(step, longest)
        hinge = step * uniform(state)
        place = fly_mass(particle, hinge, place, body)
        if place < 0:
            place = place if place == OUTSIDE else -2 - place
            continue
        deposit(place, soft_event(particle, step, i, f, medium, state), events)
        if particle[6] <= limits[0]:
            break
        place = fly_mass(particle, step - hinge, place, body)
        if place < 0:
            place = place if place == OUTSIDE else -2 - place
            continue
        if is_hard:
            i, f = grid_place(particle[6], grid)
            top = hard_event(particle, bound, i, f, medium, stack, top, state)
    return rest(particle, place, stack, top, events, state)


@njit(cache=True, nogil=True)
def scatter(photon, place, binding, nodes, least, stack, top, events, state):
    """Incoherent scattering; a recoil electron of more than ``least`` MeV goes on the stack."""
    E = photon[6]
    ratio, cosine = incoherent(E, binding, nodes, state)
    phi = 2.0 * math.pi * uniform(state)
    T = E * (1.0 - ratio)
    if T > least:
        along = (E - E * ratio * cosine) / math.sqrt(T * (T + 2.0 * ELECTRON_MEV))
        along = min(1.0, max(-1.0, along))
        top = push(stack, top, photon, T, ELECTRON, along, phi + math.pi)
    else:
        deposit(place, T, events)
    deflect(photon, cosine, phi)
    photon[6] = E * ratio
    return top


@njit(cache=True, nogil=True)
def interact(photon, place, m, i, f, optics, least, stack, top, events, state):
    """One real collision of a photon; without energy afterwards it is gone. Returns the top."""
    tables, bindings, forms, nodes = optics[2], optics[3], optics[4], optics[5]
    pick = uniform(state) * value(tables, m, i, f, 0)
    pick -= value(tables, m, i, f, 2)
    if pick < 0.0:
        return scatter(photon, place, bindings[m], nodes, least, stack, top, events, state)
    pick -= value(tables, m, i, f, 1)
    if pick < 0.0:
        if photon[6] > least:
            xrays = (optics[6][m], optics[7][m])
            top = absorb(photon, i, f, xrays, stack, top, state)
        else:
            deposit(place, photon[6], events)
        photon[6] = 0.0
        return top
    pick -= value(tables, m, i, f, 3)
    if pick < 0.0 or photon[6] <= 2.0 * ELECTRON_MEV:
        cosine = coherent(photon[6], forms[m], nodes, state)
        deflect(photon, cosine, 2.0 * math.pi * uniform(state))
        return top
    top = make_pair(photon, stack, top, state)
    photon[6] = 0.0
    return top


@njit(cache=True, nogil=True)
def follow_photon(photon, body, optics, least, stack, top, events, state):
    """A photon to absorption or out of the grid; electrons it frees go on the stack."""
    grid, ceiling, tables = optics[0], optics[1], optics[2]
    energy, place = 0.0, OUTSIDE
    i, f, longest = 0, 0.0, 0.0
    while photon[6] > LOWEST_MEV:
        if photon[6] != energy:
            energy = photon[6]
            i, f = grid_place(energy, grid)
            longest = 1.0 / between(ceiling, i, f)
        move(photon, -math.log(1.0 - uniform(state)) * longest)
        place = voxel_at(photon, body)
        if place == OUTSIDE:
            break
        m, real = medium_at(place, body), density_at(place, body) * longest
        if uniform(state) < real * value(tables, m, i, f, 0):
            top = interact(photon, place, m, i, f, optics, least, stack, top, events, state)
    if photon[6] > 0.0:
        deposit(place, photon[6], events)
    return top


@njit(cache=True, nogil=True)
def follow_all(stack, top, particle, matter, events, state):
    """Everything on the stack, and what comes of it."""
    body, optics, electrons, limits = matter
    while top > 0:
        top -= 1
        for n in range(8):
            particle[n] = stack[top, n]
        if particle[7] == PHOTON:
            top = follow_photon(particle, body, optics, limits[0], stack, top, events, state)
        else:
            top = follow_electron(particle, body, electrons, limits, stack, top, events, state)


@njit(cache=True, nogil=True)
def born(particle, history, source, body, state):
    """Put a decay somewhere in the activity. Returns its place."""
    rows, activity, total = source
    shape, edge = body[0], body[1]
    wanted = (history + uniform(state)) / total * rows[-1]
    row = bisect(rows, wanted)
    left = wanted - (rows[row - 1] if row > 0 else 0.0)
    place, last = row * shape[2], 0
    for k in range(shape[2]):
        here = abs(activity[place + k])
        if here > 0.0:
            last = k
            if left < here:
                break
            left -= here
    particle[0] = (row // shape[1] + uniform(state)) * edge[0]
    particle[1] = (row % shape[1] + uniform(state)) * edge[1]
    particle[2] = (last + uniform(state)) * edge[2]
    return place + last


@njit(cache=True, nogil=True)
def emit(particle, spectrum, kind, stack, state):
    """Draw the particles of one kind that a decay emits. Returns their number."""
    energy_MeV, cumulative = spectrum
    many = int(cumulative[-1] + uniform(state))
    for n in range(many):
        line = bisect(cumulative, uniform(state) * cumulative[-1])
        new = stack[n]
        for axis in range(3):
            new[axis] = particle[axis]
        new[3], new[4], new[5] = isotropic(state)
        new[6] = energy_MeV[line]
        new[7] = kind
    return many


@njit(cache=True, nogil=True)
def decay(history, source, nuclide, matter, work, events, state):
    """One decay, from its place to the last deposit.

    ``nuclide`` is (photon energies and cumulative yields, electron energies and cumulative
    yields), each with at least one line, ``matter`` (body, optics, electrons, limits), ``work``
    (stack, particle, emitted energy [CHANNELS]).
    """
    stack, particle, emitted = work
    marks = events[2]
    place = born(particle, history, source, matter[0], state)
    x, y, z = particle[0], particle[1], particle[2]
    marks[SIGN] = 1 if source[1][place] > 0.0 else -1
    for channel in range(2):
        marks[CHANNEL] = channel
        particle[0], particle[1], particle[2] = x, y, z
        if channel == 0:
            top = emit(particle, nuclide[0], PHOTON, stack, state)
        else:
            top = emit(particle, nuclide[1], ELECTRON, stack, state)
        for n in range(top):
            emitted[channel] += marks[SIGN] * stack[n, 6]
        follow_all(stack, top, particle, matter, events, state)


@njit(cache=True, nogil=True)
def decays(key, begin, end, source, nuclide, matter, keys, MeV, emitted):
    """Events of histories ``begin`` … ``end - 1`` in pairs, as many as there is room for.

    Returns
    -------
    history, events, lost
        First history that was not run, number of events, number of those that found no room.
    """
    work = np.zeros((STACK, 8)), np.zeros(8), emitted
    state, marks = np.zeros(3, np.uint64), np.zeros(6, np.int64)
    for history in range(begin, end):
        marks[SIDE] = 1 - 2 * (history % 2)
        if marks[SIDE] == 1:
            marks[FIRST] = marks[NEXT]
            if marks[NEXT] + ROOM > len(keys):
                return history, marks[NEXT], marks[LOST]
        state[0], state[1], state[2] = key, history, 0
        decay(history, source, nuclide, matter, work, (keys, MeV, marks), state)
    return end, marks[NEXT], marks[LOST]
