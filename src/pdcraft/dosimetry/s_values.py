r"""S values of a reference body: specific absorbed fractions folded with what a nuclide emits.

.. math:: S(r_T \leftarrow r_S) = \sum_i E_i\,Y_i\,\Phi(r_T \leftarrow r_S, E_i)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pdcraft.domain.agent import Emissions
from pdcraft.domain.phantom import Phantom
from pdcraft.domain.units import GY_G_PER_MEV_MBQ_H

MARROW, BODY = "red marrow", "total body"


def photon_s_Gy_per_MBq_h(phantom: Phantom, emissions: Emissions) -> NDArray:
    r"""Photon S values of a phantom for one nuclide, all targets and sources.

    .. math:: S = \sum_i E_i\,Y_i\,\Phi(r_T\leftarrow r_S, E_i)

    with :math:`\ln\Phi` linear in :math:`\ln E` between the table's energies.

    Returns
    -------
    Array
        Gy/(MBq h), ``[target, source]``.

    References
    ----------
    bolch2009, Eq. 4
    """
    saf = np.asarray(phantom.saf_per_kg)
    E, y = np.asarray(emissions.photon_MeV), np.asarray(emissions.photon_yield)
    if not len(E):
        return np.zeros(saf.shape[:2])
    i, f = _place(phantom, E)
    low, high = saf[..., i], saf[..., i + 1]
    both = (low > 0) & (high > 0)
    safe = np.where(both, low, 1.0), np.where(both, high, 1.0)
    log_mean = np.exp((1 - f) * np.log(safe[0]) + f * np.log(safe[1]))
    value = np.where(both, log_mean, (1 - f) * low + f * high)
    return GY_G_PER_MEV_MBQ_H * 1e-3 * (value * (E * y)).sum(axis=-1)


def photon_s_sigma_Gy_per_MBq_h(phantom: Phantom, emissions: Emissions) -> NDArray:
    """Standard deviation of `photon_s_Gy_per_MBq_h` from the table's Monte Carlo.

    Energies of the table are independent runs; lines between the same two energies are not.

    Returns
    -------
    Array
        Gy/(MBq h), ``[target, source]``.
    """
    saf = np.asarray(phantom.saf_per_kg)
    sigma = np.asarray(phantom.relative_sigma) * saf
    E, y = np.asarray(emissions.photon_MeV), np.asarray(emissions.photon_yield)
    weight = np.zeros(saf.shape[-1])
    if len(E):
        i, f = _place(phantom, E)
        np.add.at(weight, i, E * y * (1 - f))
        np.add.at(weight, i + 1, E * y * f)
    return GY_G_PER_MEV_MBQ_H * 1e-3 * np.sqrt(((sigma * weight) ** 2).sum(axis=-1))


def _place(phantom: Phantom, energy_MeV: NDArray) -> tuple[NDArray, NDArray]:
    """Interval of the table and place in it, logarithmic, kept within the table."""
    grid = np.log(np.asarray(phantom.energy_MeV))
    x = np.log(np.clip(energy_MeV, np.exp(grid[0]), np.exp(grid[-1])))
    i = np.clip(np.searchsorted(grid, x) - 1, 0, len(grid) - 2)
    return i, (x - grid[i]) / (grid[i + 1] - grid[i])


def electron_shares(phantom: Phantom, emissions: Emissions) -> NDArray:
    r"""Part of a nuclide's electron energy that goes from each source to each target.

    .. math:: \phi(r_T \leftarrow r_S) = \sum_i E_i Y_i\,\phi_i / \sum_i E_i Y_i

    Fractions are linear in energy between those of the phantom's table; at its lowest energy and
    below, and without a table, electrons stay where they are.

    Returns
    -------
    Array
        0 to 1, ``[target, source]``.
    """
    stay = np.array([[float(t == s) for s in phantom.sources] for t in phantom.targets])
    E, y = np.asarray(emissions.electron_MeV), np.asarray(emissions.electron_yield)
    if phantom.electron_MeV is None or not (E * y).sum() > 0:
        return stay
    known = np.asarray(phantom.electron_fraction)
    held = known.sum(axis=(0, 2)) > 0  # sources that the table has
    known = np.where(held[None, :, None], known, stay[..., None])
    nodes = np.concatenate([[0.0], np.asarray(phantom.electron_MeV)])
    table = np.concatenate([stay[..., None], known], axis=-1)
    x = np.clip(E, nodes[0], nodes[-1])
    i = np.clip(np.searchsorted(nodes, x) - 1, 0, len(nodes) - 2)
    f = (x - nodes[i]) / (nodes[i + 1] - nodes[i])
    value = (1 - f) * table[..., i] + f * table[..., i + 1]
    return (value * (E * y)).sum(axis=-1) / (E * y).sum()


def organ_s_Gy_per_MBq_h(
    phantom: Phantom, emissions: Emissions, *, marrow_self: float = 1.0
) -> NDArray:
    r"""S values of a reference body for one nuclide, photons and charged particles together.

    Electrons go where the phantom's table says (without one they stay in their source), alphas
    stay; whole body as source or target spreads them evenly, and active marrow keeps the share
    ``marrow_self`` of its electrons.

    Parameters
    ----------
    phantom, emissions
        The body, and what one nuclide emits.
    marrow_self
        From `marrow_self_fraction`. 0 to 1.

    Returns
    -------
    Array
        Gy/(MBq h), ``[target, source]``.

    References
    ----------
    bolch2009, Eq. 4

    Examples
    --------
    >>> from pdcraft import library
    >>> body = library.phantom("adult_male")
    >>> S = organ_s_Gy_per_MBq_h(body, library.emissions("I-131"))
    >>> round(float(S[body.target("thyroid"), body.source("thyroid")]), 4)
    0.0056
    """
    S = photon_s_Gy_per_MBq_h(phantom, emissions)
    electron, alpha = (GY_G_PER_MEV_MBQ_H * emissions.energy_MeV(r) for r in ("electron", "alpha"))
    mass, share = np.asarray(phantom.mass_g), electron_shares(phantom, emissions)
    for t, target in enumerate(phantom.targets):
        for k, source in enumerate(phantom.sources):
            if BODY in (target, source):
                S[t, k] += (electron + alpha) / mass[phantom.target(BODY)]
            elif mass[t] > 0:
                held = marrow_self if target == source == MARROW else share[t, k]
                S[t, k] += (held * electron + alpha * (target == source)) / mass[t]
    return S
