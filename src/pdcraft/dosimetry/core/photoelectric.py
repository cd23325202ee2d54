r"""Photoelectric absorption: the photoelectron, and the X ray that fills the hole it leaves.

The hole is in the K shell of element Z with the chance :math:`p_Z(E)(1-1/J_Z)` above the edge,
:math:`p_Z` its share of the photoelectric coefficient and :math:`J_Z` the jump ratio; it is filled
by an X ray (:math:`K_\alpha` or :math:`K_\beta`) with the fluorescence yield :math:`\omega_Z`,
otherwise by Auger electrons. The photoelectron carries all the rest, binding energy included: Auger
electrons and X rays of L shells (4 keV in iodine, 0.2 mm of blood) stay within its reach.

The photoelectron leaves by Sauter's distribution of the K shell.

References
----------
sauter1931; salvat2011, Sect. 2.2 (sampling); krause1979 (yields, as tabulated in xraylib)
"""

import math

import numpy as np
from numba import njit

from pdcraft.dosimetry.core.electron import ELECTRON, PHOTON, push
from pdcraft.dosimetry.core.photon import ELECTRON_MEV, between
from pdcraft.dosimetry.core.rng import uniform


@njit(cache=True, nogil=True)
def sauter_cosine(energy_MeV, state):
    """Cosine between a photon and the K electron of this energy that it frees."""
    gamma = energy_MeV / ELECTRON_MEV + 1.0
    beta = math.sqrt(1.0 - 1.0 / (gamma * gamma))
    if beta < 1e-6:
        return 2.0 * uniform(state) - 1.0
    a = 1.0 / beta - 1.0
    b = 0.5 * beta * gamma * (gamma - 1.0) * (gamma - 2.0)
    highest = 2.0 * (1.0 / a + b)
    while True:
        u = uniform(state)
        nu = 2.0 * a / ((a + 2.0) ** 2 - 4.0 * u) * (2.0 * u + (a + 2.0) * math.sqrt(u))
        if uniform(state) * highest <= (2.0 - nu) * (1.0 / (a + nu) + b):
            return max(-1.0, 1.0 - nu)


@njit(cache=True, nogil=True)
def absorb(photon, i, f, xrays, stack, top, state):
    """Photoelectron and, where chance has it, an X ray on the stack. Returns its new top.

    ``xrays`` is (energies [line], MeV; cumulative chance per absorption [node, line]).
    """
    energy = photon[6]
    lines, chance = xrays
    last = len(lines) - 1
    if chance[i + 1, last] > 0.0:
        pick = uniform(state)
        if pick < between(chance[:, last], i, f):
            line = 0
            while pick >= between(chance[:, line], i, f) and line < last:
                line += 1
            if lines[line] < energy:
                energy -= lines[line]
                cosine = 2.0 * uniform(state) - 1.0
                phi = 2.0 * math.pi * uniform(state)
                top = push(stack, top, photon, lines[line], PHOTON, cosine, phi)
    cosine = sauter_cosine(energy, state)
    return push(stack, top, photon, energy, ELECTRON, cosine, 2.0 * math.pi * uniform(state))


def no_xrays(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """The argument ``xrays`` of a medium whose X rays stay below 1 keV."""
    return np.zeros(1), np.zeros((nodes, 1))
