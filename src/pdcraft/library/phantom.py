"""Reference phantoms with their photon SAF tables, as nouns."""

from __future__ import annotations

import functools

import jax.numpy as jnp

from pdcraft.domain import unknown
from pdcraft.domain.phantom import Phantom
from pdcraft.library.phantom_tables import organ_masses_g, saf_photon

PHANTOMS = ("adult_male", "adult_female")


@functools.cache
def phantom(name: str) -> Phantom:
    """A reference body, as ``phantom("adult_male")``.

    Raises
    ------
    MissingError
        If the library has no such phantom.

    References
    ----------
    cristy1987, the stylised adult phantoms; specific absorbed fractions by pdcraft's own transport

    Examples
    --------
    >>> float(phantom("adult_male").mass_g[phantom("adult_male").target("thyroid")]) > 15
    True
    """
    if name not in PHANTOMS:
        raise unknown("Phantom", name, PHANTOMS)
    sources, targets, energy, saf, sigma = saf_photon(name)
    mass = organ_masses_g(name)
    return Phantom(
        name, tuple(targets), tuple(sources),
        jnp.array([mass[t] for t in targets]), jnp.array([mass[s] for s in sources]),
        jnp.asarray(energy), jnp.asarray(saf), jnp.asarray(sigma),
    )  # fmt: skip
