r"""Spheres: which part of the electrons' energy stays in the lesion that emits it.

Electrons slow down along straight tracks here, so the absorbed fraction is a lower bound (theory
page *dosimetry*, equations 5 and 6).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdcraft.domain import InputError
from pdcraft.domain.agent import Emissions
from pdcraft.domain.phantom import Stopping


def radius_cm(mass_g: ArrayLike, *, density_g_per_cm3: float = 1.0) -> NDArray:
    """Radius of a sphere. cm.

    Examples
    --------
    >>> round(float(radius_cm(20.0)), 3)
    1.684
    """
    mass = np.asarray(mass_g, float)
    if np.any(mass <= 0) or density_g_per_cm3 <= 0:
        raise InputError(
            f"A sphere of {np.min(mass):g} g at {density_g_per_cm3:g} g/cm3 has no radius; "
            "mass and density must be greater than 0."
        )
    return np.cbrt(3.0 * mass / (4.0 * np.pi * density_g_per_cm3))


def csda_range_g_per_cm2(stopping: Stopping, energy_MeV: ArrayLike) -> NDArray:
    r"""Range in the continuous-slowing-down approximation. g/cm2.

    .. math:: R(E) = \int_0^E \frac{dE'}{S(E')/\rho}

    Below the table the stopping power is taken to follow :math:`E^{-0.78}`, its slope there.

    Parameters
    ----------
    stopping
        Stopping power of the medium.
    energy_MeV
        Electron energies. MeV, > 0.

    Returns
    -------
    Array
        g/cm2, shape of ``energy_MeV``.

    References
    ----------
    estar, CSDA range
    """
    fine, reach = _range_table(stopping)
    return np.exp(np.interp(np.log(energy_MeV), np.log(fine), np.log(reach)))


def _range_table(stopping: Stopping) -> tuple[NDArray, NDArray]:
    E, S = np.asarray(stopping.energy_MeV), np.asarray(stopping.MeV_cm2_per_g)
    fine = np.geomspace(1e-5, E[-1], 1500)
    slope = np.log(S[1] / S[0]) / np.log(E[1] / E[0])
    power = np.where(
        fine < E[0],
        S[0] * (fine / E[0]) ** slope,
        np.exp(np.interp(np.log(fine), np.log(E), np.log(S))),
    )
    steps = np.diff(fine) * 0.5 * (1 / power[1:] + 1 / power[:-1])
    first = fine[0] / power[0] / (1.0 - slope)
    return fine, first + np.concatenate([[0.0], np.cumsum(steps)])


def electron_absorbed_fraction(
    energy_MeV: ArrayLike,
    mass_g: ArrayLike,
    stopping: Stopping,
    *,
    density_g_per_cm3: float = 1.0,
) -> NDArray:
    r"""Part of an electron's energy that stays in a uniform sphere, along straight tracks.

    .. math:: \phi(E, R) = \frac1E\int_0^{\min(r_0, 2R)} \left|\frac{dE}{dr}\right|
              \left[1 - \frac{3r}{4R} + \frac{r^3}{16R^3}\right] dr

    Parameters
    ----------
    energy_MeV, mass_g
        Electron energies (MeV) and sphere masses (g); broadcast against each other.
    stopping
        Stopping power; scaled by ``density_g_per_cm3``.

    Returns
    -------
    Array
        0 to 1.

    Notes
    -----
    The bracket is the chance that a point at distance r from a uniform random point of the sphere,
    in a random direction, still lies in it. Real tracks bend, so this is a lower bound.

    References
    ----------
    goddu1994, geometric factor of the sphere; estar, stopping power
    """
    energy, mass = np.broadcast_arrays(np.asarray(energy_MeV, float), np.asarray(mass_g, float))
    fine, reach = _range_table(stopping)
    left = energy[..., None] * np.linspace(0.0, 1.0, 401)[1:] ** 2  # residual energies
    left = np.concatenate([np.full((*energy.shape, 1), fine[0]), left], axis=-1)
    left = np.maximum(left, fine[0])
    residual = np.exp(np.interp(np.log(left), np.log(fine), np.log(reach)))
    gone = (residual[..., -1:] - residual) / density_g_per_cm3  # path from the start, cm
    x = gone / (2.0 * radius_cm(mass, density_g_per_cm3=density_g_per_cm3)[..., None])
    stays = np.where(x < 1.0, 1.0 - 1.5 * x + 0.5 * x**3, 0.0)
    deposit = np.diff(left, axis=-1) * 0.5 * (stays[..., 1:] + stays[..., :-1])
    return (deposit.sum(axis=-1) + fine[0]) / energy


def mean_electron_absorbed_fraction(
    emissions: Emissions, mass_g: ArrayLike, stopping: Stopping
) -> NDArray:
    """Energy-weighted absorbed fraction of all electrons of a nuclide in spheres. 0 to 1."""
    E, y = np.asarray(emissions.electron_MeV), np.asarray(emissions.electron_yield)
    keep = (E > 1e-5) & (y > 0)
    if not keep.any():
        return np.ones_like(np.asarray(mass_g, float))
    E, y = E[keep], y[keep]
    phi = electron_absorbed_fraction(E, np.asarray(mass_g, float)[..., None], stopping)
    return (phi * E * y).sum(axis=-1) / (E * y).sum()
