"""Stopping powers of media, from the CSV files in ``media/``."""

from __future__ import annotations

import functools

import jax.numpy as jnp

from pdcraft.domain.phantom import Stopping
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
