r"""How positrons differ from electrons: Bhabha collisions, stopping power, annihilation in flight.

* *Collisions* (Bhabha): the electron that is struck is another particle, so losses go up to E,

  .. math:: \frac{d\sigma}{dW} = \frac{2\pi r_e^2mc^2}{\beta^2W^2}\,[1 - b_1x + b_2x^2 - b_3x^3
            + b_4x^4],\qquad x = W/E.

* *Stopping power*: that of electrons, with :math:`F^+` in place of :math:`F^-` of Berger and
  Seltzer, exact in the theory that both tables follow.
* *Annihilation in flight* (Heitler) into two quanta that share :math:`E + 2mc^2`.

Elastic scattering, soft straggling and radiation are those of electrons: the sign of the charge
changes the Mott ratio by :math:`2\pi\alpha Z\beta\sqrt\mu(1-\sqrt\mu)`, below 5 % at all angles in
water, and positrons of less than 1 MeV radiate less, which is below 0.2 % of their energy.
Energies in MeV, lengths in cm.

References
----------
bhabha1936 (collisions); icru37, Eq. 2.9-2.12 (F of both signs); heitler1954, Sect. 27
(annihilation); salvat2011, Sect. 3.2.2 and 3.4 (both in this form, and the sampling)
"""

import math

import numpy as np
from numba import njit

from pdcraft.dosimetry.core.photon import ELECTRON_MEV
from pdcraft.dosimetry.core.rng import uniform

_RADIUS_CM = 2.8179403262e-13


@njit(cache=True, nogil=True)
def bhabha_shape(x, gamma):
    """The bracket of Bhabha's formula at the relative loss x; 1 at x = 0, and never above."""
    plus, first = gamma + 1.0, (gamma - 1.0) / gamma
    a = first * first
    b1 = a * (2.0 * plus * plus - 1.0) / (gamma * gamma - 1.0)
    b2 = a * (3.0 * plus * plus + 1.0) / (plus * plus)
    b3 = a * 2.0 * gamma * (gamma - 1.0) / (plus * plus)
    b4 = a * (gamma - 1.0) * (gamma - 1.0) / (plus * plus)
    return 1.0 - x * (b1 - x * (b2 - x * (b3 - x * b4)))


def bhabha(loss_MeV, energy_MeV):
    """Bhabha cross section of one free electron at rest, cm²/MeV, for losses up to E."""
    gamma = energy_MeV / ELECTRON_MEV + 1.0
    strength = 2.0 * np.pi * _RADIUS_CM**2 * ELECTRON_MEV / (1.0 - gamma**-2)
    return strength / loss_MeV**2 * bhabha_shape(loss_MeV / energy_MeV, gamma)


def collision_difference(energy_MeV, electrons_per_cm3):
    r"""Collision stopping power of positrons less that of electrons. MeV/cm.

    .. math:: \frac{2\pi r_e^2mc^2n_e}{\beta^2}\,(F^+ - F^-)

    References
    ----------
    icru37, Eq. 2.9-2.12
    """
    tau = np.asarray(energy_MeV, float) / ELECTRON_MEV
    beta2 = tau * (tau + 2.0) / (tau + 1.0) ** 2
    minus = (1.0 - beta2) * (1.0 + tau**2 / 8.0 - (2.0 * tau + 1.0) * np.log(2.0))
    t = tau + 2.0
    plus = 2.0 * np.log(2.0) - beta2 / 12.0 * (23.0 + 14.0 / t + 10.0 / t**2 + 4.0 / t**3)
    strength = 2.0 * np.pi * _RADIUS_CM**2 * ELECTRON_MEV * electrons_per_cm3 / beta2
    return strength * (plus - minus)


def annihilation(energy_MeV):
    r"""Cross section of annihilation in flight, per electron. cm².

    .. math:: \frac{\pi r_e^2}{(\gamma+1)(\gamma^2-1)}\left[(\gamma^2+4\gamma+1)
              \ln(\gamma+\sqrt{\gamma^2-1}) - (3+\gamma)\sqrt{\gamma^2-1}\right]

    References
    ----------
    heitler1954, Sect. 27
    """
    gamma = np.asarray(energy_MeV, float) / ELECTRON_MEV + 1.0
    root = np.sqrt(gamma**2 - 1.0)
    bracket = (gamma**2 + 4.0 * gamma + 1.0) * np.log(gamma + root) - (3.0 + gamma) * root
    return np.pi * _RADIUS_CM**2 / ((gamma + 1.0) * root**2) * bracket


@njit(cache=True, nogil=True)
def bhabha_loss(energy_MeV, hard_MeV, state):
    """Energy of the electron that a positron strikes, between ``hard_MeV`` and E."""
    gamma = energy_MeV / ELECTRON_MEV + 1.0
    span = 1.0 - hard_MeV / energy_MeV
    while True:
        loss = hard_MeV / (1.0 - uniform(state) * span)
        if uniform(state) <= bhabha_shape(loss / energy_MeV, gamma):
            return loss


@njit(cache=True, nogil=True)
def annihilation_quanta(energy_MeV, state):
    """Energies (MeV) and cosines of the two quanta of a positron that annihilates in flight."""
    gamma = energy_MeV / ELECTRON_MEV + 1.0
    root = math.sqrt(gamma * gamma - 1.0)
    least = 1.0 / (gamma + 1.0 + root)
    span = math.log((1.0 - least) / least)
    top = gamma * gamma + 2.0 * gamma - 1.0
    while True:
        share = least * math.exp(span * uniform(state))
        shape = gamma * gamma + 4.0 * gamma + 1.0 - (gamma + 1.0) ** 2 * share - 1.0 / share
        if uniform(state) * top <= shape:
            break
    total = energy_MeV + 2.0 * ELECTRON_MEV
    one = min(1.0, max(-1.0, (gamma + 1.0 - 1.0 / share) / root))
    other = min(1.0, max(-1.0, (gamma + 1.0 - 1.0 / (1.0 - share)) / root))
    return share * total, one, (1.0 - share) * total, other
