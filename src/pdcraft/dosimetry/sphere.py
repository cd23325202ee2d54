r"""Spheres: which part of the electrons' energy stays in the lesion that emits it.

With a table of our own electron transport (`ElectronSpheres`) tracks bend, straggle, knock out
electrons and radiate. Without one, electrons slow down along straight tracks (theory page
*dosimetry*, equation 5): a few per cent low where the sphere is as large as the range or larger,
and up to 20 % high in spheres far smaller than the range, which fast secondary electrons leave.
"""

from __future__ import annotations

import warnings

import equinox as eqx
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline

from pdcraft.domain import InputError
from pdcraft.domain.agent import Emissions
from pdcraft.domain.errors import ValidityWarning
from pdcraft.domain.phantom import Stopping


class ElectronSpheres(eqx.Module):
    """Absorbed fractions of electrons that are even in water spheres of unit density.

    Attributes
    ----------
    energy_MeV, mass_g
        Rising energies (MeV) and masses (g).
    fraction, sigma
        Absorbed fraction and its standard deviation. ``[energy, mass]``.
    """

    energy_MeV: NDArray
    mass_g: NDArray
    fraction: NDArray
    sigma: NDArray


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
    fine, reach = range_table(stopping)
    return np.exp(np.interp(np.log(energy_MeV), np.log(fine), np.log(reach)))


def range_table(stopping: Stopping) -> tuple[NDArray, NDArray]:
    """Energies from 10 eV up (MeV) and their ranges (g/cm2); below the table a power law."""
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
    spheres: ElectronSpheres | None = None,
) -> NDArray:
    r"""Part of an electron's energy that stays in a uniform sphere.

    Along straight tracks it is

    .. math:: \phi(E, R) = \frac1E\int_0^{\min(r_0, 2R)} \left|\frac{dE}{dr}\right|
              \left[1 - \frac{3r}{4R} + \frac{r^3}{16R^3}\right] dr

    Parameters
    ----------
    energy_MeV, mass_g
        Electron energies (MeV) and sphere masses (g); broadcast against each other.
    stopping
        Stopping power; scaled by ``density_g_per_cm3``.
    spheres
        Transported fractions to interpolate instead (theory page, Eq. 14). Outside the table they
        go on parallel to straight tracks; above its highest energy with a warning.

    Returns
    -------
    Array
        0 to 1.

    Notes
    -----
    The bracket is the chance that a point at distance r from a uniform random point of the sphere,
    in a random direction, still lies in it.

    References
    ----------
    goddu1994, geometric factor of the sphere; estar, stopping power
    """
    energy, mass = np.broadcast_arrays(np.asarray(energy_MeV, float), np.asarray(mass_g, float))
    if spheres is not None:
        return _transported(energy, mass * density_g_per_cm3**2, stopping, spheres)
    return _straight(energy, mass, stopping, density_g_per_cm3)


def _straight(energy: NDArray, mass: NDArray, stopping: Stopping, density_g_per_cm3: float):
    fine, reach = range_table(stopping)
    whole = np.exp(np.interp(np.log(energy), np.log(fine), np.log(reach)))
    diameter = 2.0 * radius_cm(mass, density_g_per_cm3=density_g_per_cm3) * density_g_per_cm3
    end = np.minimum(whole - reach[0], diameter)
    path = end[..., None] * (1.0 - np.linspace(1.0, 0.0, 401) ** 2)  # fine where the track ends
    left = np.exp(np.interp(np.log(whole[..., None] - path), np.log(reach), np.log(fine)))
    x = path / diameter[..., None]
    stays = 1.0 - 1.5 * x + 0.5 * x**3
    deposit = -np.diff(left, axis=-1) * 0.5 * (stays[..., 1:] + stays[..., :-1])
    return (deposit.sum(axis=-1) + np.where(end < diameter, fine[0], 0.0)) / energy


def _transported(
    energy: NDArray, mass: NDArray, stopping: Stopping, spheres: ElectronSpheres
) -> NDArray:
    """Log-odds of the fraction, cubic in the scaled mass and linear in ln E."""
    E1 = spheres.energy_MeV[-1]
    if np.any(energy > E1 * 1.0001):
        warnings.warn(
            f"Electrons of {np.max(energy):g} MeV are above the table of spheres, which ends at "
            f"{E1:g} MeV; the value there is used.",
            ValidityWarning,
            stacklevel=3,
        )
    place = np.interp(
        np.log(energy), np.log(spheres.energy_MeV), np.arange(len(spheres.energy_MeV))
    )
    row = np.minimum(place.astype(int), len(spheres.energy_MeV) - 2)
    scaled = np.log(mass) - 3.0 * np.log(csda_range_g_per_cm2(stopping, np.minimum(energy, E1)))
    row, scaled = np.atleast_1d(row), np.atleast_1d(scaled)
    odds = np.empty((2, *scaled.shape))
    for i in np.unique([row, row + 1]):
        for side in (0, 1):
            mine = row + side == i
            odds[side, mine] = _log_odds(i, scaled[mine], stopping, spheres)
    share = place - row
    return (1.0 / (1.0 + np.exp(-((1.0 - share) * odds[0] + share * odds[1])))).reshape(
        energy.shape
    )


def _log_odds(i: int, scaled: NDArray, stopping: Stopping, spheres: ElectronSpheres) -> NDArray:
    """Log-odds of energy i against ln(m/r0³); beyond the masses parallel to straight tracks."""
    reach = csda_range_g_per_cm2(stopping, spheres.energy_MeV[i])
    known = np.log(spheres.mass_g) - 3.0 * np.log(reach)
    odds = np.log(spheres.fraction[i] / (1.0 - spheres.fraction[i]))
    found = CubicSpline(known, odds)(np.clip(scaled, known[0], known[-1]))
    beyond = (scaled < known[0]) | (scaled > known[-1])
    if beyond.any():
        mass = np.exp(np.concatenate([scaled[beyond], known[[0, -1]]])) * reach**3
        straight = _straight(np.full(mass.shape, spheres.energy_MeV[i]), mass, stopping, 1.0)
        *far, first, last = np.log(straight / np.maximum(1.0 - straight, 1e-12))
        found[beyond] += far - np.where(scaled[beyond] < known[0], first, last)
    return found


def mean_electron_absorbed_fraction(
    emissions: Emissions,
    mass_g: ArrayLike,
    stopping: Stopping,
    *,
    spheres: ElectronSpheres | None = None,
) -> NDArray:
    """Energy-weighted absorbed fraction of all electrons of a nuclide in spheres. 0 to 1."""
    E, y = np.asarray(emissions.electron_MeV), np.asarray(emissions.electron_yield)
    keep = (E > 1e-5) & (y > 0)
    if not keep.any():
        return np.ones_like(np.asarray(mass_g, float))
    E, y = E[keep], y[keep]
    mass = np.asarray(mass_g, float)[..., None]
    phi = electron_absorbed_fraction(E, mass, stopping, spheres=spheres)
    return (phi * E * y).sum(axis=-1) / (E * y).sum()
