r"""Electrons from birth to rest: soft steps with a random hinge, hard events one by one.

A particle is a row [x, y, z, u, v, w, energy, kind] of a stack (cm, MeV). Between hard events it
flies a step s, no longer than a relative energy loss :math:`C_2`; at a random point of the step,
the hinge, it loses energy and turns as all soft events of the whole step would make it:

.. math:: \langle\Delta E\rangle = S s\,\Big(1 - \frac{s}{2}\frac{dS}{dE}\Big),\qquad
          \operatorname{var}\Delta E = \Omega^2 s,\qquad
          \langle\cos\theta\rangle = e^{-s/\lambda_1},\qquad
          \langle P_2(\cos\theta)\rangle = e^{-s/\lambda_2}.

The hinge gives the lateral displacement. Mean and variance of the loss are exact for each step;
the skew of straggling comes from the hard collisions. Positrons have their own stopping power and
collisions, and annihilate in flight or at rest (``positron.py``).

References
----------
salvat2011, Chap. 4 (random hinge, artificial distributions, delta interactions); lewis1950 (exact
moments of depth, which the tests ask for)
"""

import math

import numpy as np
from numba import njit

from pdcraft.dosimetry.core.photon import ELECTRON_MEV, between, isotropic, turn
from pdcraft.dosimetry.core.positron import annihilation_quanta, bhabha_loss
from pdcraft.dosimetry.core.rng import uniform

ELECTRON, PHOTON, POSITRON = 0.0, 1.0, 2.0
SOFT_LOSS, COLLISIONS, BOUND = 0, 2, 5  # columns of the table, of electrons
SOFT_LOSS_POSITRON, BHABHA, ANNIHILATION, BOUND_POSITRON = 10, 11, 12, 13
STACK = 128  # each particle waits with less than half the energy of the one before


@njit(cache=True, nogil=True)
def normal(state):
    """Standard normal number within three sigma, scaled to unit variance."""
    while True:
        radius = math.sqrt(-2.0 * math.log(1.0 - uniform(state)))
        x = radius * math.cos(2.0 * math.pi * uniform(state))
        if abs(x) < 3.0:
            return 1.015387 * x


@njit(cache=True, nogil=True)
def soft_loss(mean, variance, state):
    """Positive loss with this mean and variance: normal, uniform, or uniform and none."""
    square = mean * mean
    if square > 9.0 * variance:
        return max(0.0, mean + math.sqrt(variance) * normal(state))
    if square > 3.0 * variance:
        return mean + math.sqrt(3.0 * variance) * (2.0 * uniform(state) - 1.0)
    nothing = (3.0 * variance - square) / (3.0 * variance + 3.0 * square)
    if uniform(state) < nothing:
        return 0.0
    return uniform(state) * (3.0 * variance + 3.0 * square) / (2.0 * mean)


@njit(cache=True, nogil=True)
def soft_cosine(first, second, state):
    r"""Cosine of a soft deflection with :math:`\langle P_1\rangle=e^{-first}`, P₂ likewise."""
    m = -0.5 * math.expm1(-first)
    square = m + math.expm1(-second) / 6.0
    b = (2.0 * m - 3.0 * square) / (1.0 - 2.0 * m)
    a = 1.0 - 2.0 * m + b
    if uniform(state) < a:
        return 1.0 - 2.0 * b * uniform(state)
    return 1.0 - 2.0 * (b + (1.0 - b) * uniform(state))


@njit(cache=True, nogil=True)
def hard_cosine(energy_MeV, least, eta, mott, state):
    """Cosine of a hard elastic deflection: Wentzel beyond ``least``, times the Mott ratio."""
    tau = energy_MeV / ELECTRON_MEV
    square = tau * (tau + 2.0) / ((tau + 1.0) * (tau + 1.0))
    mott = mott * math.sqrt(square)
    low, high = 1.0 / (1.0 + eta), 1.0 / (least + eta)
    while True:
        mu = min(1.0, max(least, 1.0 / (low + (high - low) * uniform(state)) - eta))
        root = math.sqrt(mu)
        ratio = 1.0 - square * mu + mott * root * (1.0 - root)
        if uniform(state) * (1.0 + 0.25 * mott) <= ratio:
            return 1.0 - 2.0 * mu


@njit(cache=True, nogil=True)
def moller_loss(energy_MeV, hard_MeV, state):
    """Energy of the slower electron of a Møller collision, between ``hard_MeV`` and E/2."""
    a = (energy_MeV / (energy_MeV + ELECTRON_MEV)) ** 2
    span = 1.0 - 2.0 * hard_MeV / energy_MeV
    while True:
        loss = hard_MeV / (1.0 - uniform(state) * span)
        x = loss / (energy_MeV - loss)
        shape = 1.0 + x * x - x + a * (x + (loss / energy_MeV) ** 2)
        if uniform(state) * (1.0 + 1.25 * a) <= shape:
            return loss


@njit(cache=True, nogil=True)
def deflect(particle, cosine, phi):
    """Turn a particle."""
    particle[3], particle[4], particle[5] = turn(particle[3], particle[4], particle[5], cosine, phi)


@njit(cache=True, nogil=True)
def push(stack, top, particle, energy_MeV, kind, cosine, phi):
    """Put a new particle on the stack, at the place of ``particle`` and turned from it."""
    new = stack[top]
    for n in range(6):
        new[n] = particle[n]
    deflect(new, cosine, phi)
    new[6] = energy_MeV
    new[7] = kind
    return top + 1


@njit(cache=True, nogil=True)
def collide(particle, hard_MeV, stack, top, state):
    """Møller or Bhabha collision: the primary turns, the knocked electron goes on the stack."""
    E, rest = particle[6], 2.0 * ELECTRON_MEV
    positron = particle[7] == POSITRON
    W = bhabha_loss(E, hard_MeV, state) if positron else moller_loss(E, hard_MeV, state)
    phi = 2.0 * math.pi * uniform(state)
    sent = math.sqrt(W * (E + rest) / (E * (W + rest)))
    kept = math.sqrt((E - W) * (E + rest) / (E * (E - W + rest)))
    top = push(stack, top, particle, W, ELECTRON, min(1.0, sent), phi + math.pi)
    deflect(particle, min(1.0, kept), phi)
    particle[6] = E - W
    return top


@njit(cache=True, nogil=True)
def radiate(particle, i, inverse, stack, top, state):
    """Bremsstrahlung: a photon goes on the stack, at the angle of a moving dipole."""
    last = inverse.shape[1] - 1
    place = uniform(state) * last
    j = min(int(place), last - 1)
    k = min(math.exp(between(inverse[i], j, place - j)), particle[6])
    tau = particle[6] / ELECTRON_MEV
    beta = math.sqrt(tau * (tau + 2.0)) / (tau + 1.0)
    c = 2.0 * uniform(state) - 1.0
    cosine = (c + beta) / (1.0 + beta * c)
    top = push(stack, top, particle, k, PHOTON, cosine, 2.0 * math.pi * uniform(state))
    particle[6] -= k
    return top


@njit(cache=True, nogil=True)
def annihilate_in_flight(particle, stack, top, state):
    """Two quanta that share the positron's energy and the rest masses; nothing is left of it."""
    one, cosine, other, opposite = annihilation_quanta(particle[6], state)
    phi = 2.0 * math.pi * uniform(state)
    top = push(stack, top, particle, one, PHOTON, cosine, phi)
    particle[6] = 0.0
    particle[7] = ELECTRON  # so that nothing annihilates at rest
    return push(stack, top, particle, other, PHOTON, opposite, phi + math.pi)


@njit(cache=True, nogil=True)
def step_limits(particle, i, f, medium):
    """Rate of hard events, delta interactions included (1/cm), and the longest step (cm)."""
    table, C2 = medium[1], medium[3][1]
    if particle[7] == POSITRON:
        loss, bound = between(table[:, SOFT_LOSS_POSITRON], i, f), table[:, BOUND_POSITRON]
    else:
        loss, bound = between(table[:, SOFT_LOSS], i, f), table[:, BOUND]
    return between(bound, i, f), C2 * particle[6] / loss


@njit(cache=True, nogil=True)
def hard_event(particle, bound, i, f, medium, stack, top, state):
    """A hard event of the kind that chance picks, or none (a delta interaction)."""
    table, inverse, constants = medium[1], medium[2], medium[3]
    positron = particle[7] == POSITRON
    pick = uniform(state) * bound
    pick -= between(table[:, 4], i, f)
    if pick < 0.0:
        least, eta = between(table[:, 8], i, f), between(table[:, 9], i, f)
        cosine = hard_cosine(particle[6], least, eta, constants[2], state)
        deflect(particle, cosine, 2.0 * math.pi * uniform(state))
        return top
    pick -= between(table[:, BHABHA if positron else COLLISIONS], i, f)
    if pick < 0.0:
        if particle[6] > constants[0] * (1.0 if positron else 2.0):
            top = collide(particle, constants[0], stack, top, state)
        return top
    pick -= between(table[:, 3], i, f)
    if pick < 0.0 and particle[6] > constants[0]:
        node = i + 1 if uniform(state) < f else i
        return radiate(particle, node, inverse, stack, top, state)
    if positron and pick >= 0.0:
        pick -= between(table[:, ANNIHILATION], i, f)
        if pick < 0.0:
            top = annihilate_in_flight(particle, stack, top, state)
    return top


@njit(cache=True, nogil=True)
def soft_event(particle, step, i, f, medium, state):
    """The hinge: loss and turn of all soft events of a step. Returns the energy lost, MeV."""
    grid, table = medium[0], medium[1]
    E = particle[6]
    column = SOFT_LOSS_POSITRON if particle[7] == POSITRON else SOFT_LOSS
    S = between(table[:, column], i, f)
    slope = (table[i + 1, column] - table[i, column]) / (grid[1] * E)
    mean = S * step * (1.0 - 0.5 * step * slope)
    half = 0.5 * mean / (E * grid[1])  # nodes down to the energy halfway through the step
    lost = soft_loss(mean, between(table[:, 1], i, f) * step, state)
    first = step * max(0.0, between(table[:, 6], i, f - half))
    second = step * max(0.0, between(table[:, 7], i, f - half))
    deflect(particle, soft_cosine(first, second, state), 2.0 * math.pi * uniform(state))
    lost = min(lost, E)
    particle[6] = E - lost
    return lost


@njit(cache=True, nogil=True)
def fly(particle, step):
    """Move a particle along its direction."""
    for axis in range(3):
        particle[axis] += step * particle[3 + axis]


@njit(cache=True, nogil=True)
def annihilate(particle, stack, top, state):
    """Two quanta of 511 keV, back to back in a random direction."""
    particle[3], particle[4], particle[5] = isotropic(state)
    top = push(stack, top, particle, ELECTRON_MEV, PHOTON, 1.0, 0.0)
    return push(stack, top, particle, ELECTRON_MEV, PHOTON, -1.0, 0.0)


def new_stack() -> np.ndarray:
    """Empty stack of particles."""
    return np.zeros((STACK, 8))
