"""Stopping powers of media, from the CSV files in ``media/``."""

from __future__ import annotations

import functools

import jax.numpy as jnp
import numpy as np

from pdcraft.domain.phantom import Stopping
from pdcraft.domain.voxels import Medium
from pdcraft.library.electron_data import atoms, matter, oscillators, stopping_powers
from pdcraft.library.photon_data import transport_tables
from pdcraft.library.read import read_rows


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
    grid, _, table, binding, form, x_grid = transport_tables([composition], [1.0])
    return Medium(
        name,
        density,
        energy_MeV,
        *stopping_powers(name, energy_MeV),
        atoms(composition, 1.0),
        oscillators(composition, density, excitation_eV) * np.array([1.0 / density, 1.0]),
        (grid, table[0].copy(), binding[0].copy(), form[0].copy(), x_grid),
    )
