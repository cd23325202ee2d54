"""Stopping powers of media, from the CSV files in ``media/``."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

from pdcraft.domain.errors import unknown
from pdcraft.domain.phantom import Stopping
from pdcraft.domain.voxels import Medium
from pdcraft.library.electron_data import atoms, matter, oscillators, stopping_powers
from pdcraft.library.photon_data import optics
from pdcraft.library.read import parameters, read_rows


@functools.cache
def electrons_in_water() -> Stopping:
    """Total stopping power of liquid water for electrons, 1 keV to 5 MeV.

    References
    ----------
    estar, liquid water

    Examples
    --------
    >>> float(electrons_in_water().MeV_cm2_per_g[-1]) > 1.9
    True
    """
    rows = read_rows("media/electron_water_liquid.csv")
    energy, power = (jnp.array([float(r[c]) for r in rows]) for c in ("E_MeV", "S_MeV_cm2_per_g"))
    return Stopping("water, liquid", 1.0, energy, power)


@functools.cache
def medium(name: str) -> Medium:
    """What photons (1 keV to 4.1 MeV) and electrons (1 keV to 5 MeV) meet in a medium.

    Parameters
    ----------
    name
        One of those in ``media/composition.csv``, as ``"water"`` or ``"cortical_bone"``.

    Raises
    ------
    MissingError
        If the medium is not listed.
    ImportError
        If the optional extra ``transport`` (cross sections, form factors) is not installed.

    References
    ----------
    estar (composition, stopping powers); nistxcom; hubbell1975

    Examples
    --------
    >>> medium("cortical_bone").density_g_per_cm3
    1.85
    """
    composition, density, excitation_eV = matter(name)
    energy_MeV = np.geomspace(1e-3, 5.05, 400)
    return Medium(
        name,
        density,
        energy_MeV,
        *stopping_powers(name, energy_MeV),
        atoms(composition, 1.0),
        oscillators(composition, density, excitation_eV) * np.array([1.0 / density, 1.0]),
        optics(composition, 1.0),
    )


@functools.cache
def electrons_in(medium: str) -> Stopping:
    """Total stopping power of a medium for electrons, 1 keV to 6 MeV, and its density.

    Parameters
    ----------
    medium
        As ``"soft_tissue"``, ``"cortical_bone"``, ``"lung"``, ``"adipose"``, ``"blood"``.

    Raises
    ------
    MissingError
        If there is no such medium.

    References
    ----------
    estar

    Examples
    --------
    >>> electrons_in("cortical_bone").density_g_per_cm3
    1.85
    """
    rows = [r for r in read_rows("media/composition.csv") if r["medium"] == medium]
    if not rows:
        known = sorted({r["medium"] for r in read_rows("media/composition.csv")})
        raise unknown("Medium", medium, known)
    table = read_rows(f"media/stopping_{medium}.csv")
    columns = ("collision_MeV_cm2_per_g", "radiative_MeV_cm2_per_g")
    with jax.ensure_compile_time_eval():  # the cache must not hold a tracer
        energy = jnp.array([float(r["E_MeV"]) for r in table])
        power = jnp.array([sum(float(r[c]) for c in columns) for r in table])
    return Stopping(medium, float(rows[0]["density_g_per_cm3"]), energy, power)


@functools.cache
def alphas_in_water() -> Stopping:
    """Total stopping power of liquid water for alpha particles, 1 keV to 12 MeV.

    References
    ----------
    astar, liquid water

    Examples
    --------
    >>> alphas_in_water().energy_MeV.shape
    (78,)
    """
    rows = read_rows("media/alpha_water_liquid.csv")
    with jax.ensure_compile_time_eval():
        energy, power = (
            jnp.array([float(r[c]) for r in rows]) for c in ("E_MeV", "S_MeV_cm2_per_g")
        )
    return Stopping("water, liquid", 1.0, energy, power)


@functools.cache
def electrons_after_cole() -> Stopping:
    r"""Stopping power of unit-density matter for electrons after Cole, 20 eV to 5 MeV.

    .. math:: E(R) = 5.9\,(R+0.007)^{0.565} + 0.00413\,R^{1.33} - 0.367,\qquad S = dE/dR

    with E in keV and R in um. The relation of the MIRD cellular S values.

    References
    ----------
    cole1969; goddu1997

    Examples
    --------
    >>> power = electrons_after_cole()
    >>> round(float(np.interp(0.1, power.energy_MeV, power.MeV_cm2_per_g)), 2)  # ESTAR: 4.12
    4.13
    """
    number = parameters("dosimetry/cole")
    a, b, c, d, e, f = (
        float(number[f"electron.{n}"].value)
        for n in ("linear", "shift", "exponent", "far", "far_exponent", "offset")
    )
    R = np.geomspace(2e-4, 3e4, 4000)
    energy_MeV = 1e-3 * (a * (R + b) ** c + d * R**e + f)
    power = a * c * (R + b) ** (c - 1.0) + d * e * R ** (e - 1.0)  # keV/um
    use = (energy_MeV >= 2e-5) & (energy_MeV <= 5.5)
    with jax.ensure_compile_time_eval():
        return Stopping(
            "unit density, Cole", 1.0, *map(jnp.asarray, (energy_MeV[use], 10 * power[use]))
        )
