"""Reference phantoms with their photon SAF tables, as nouns."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from pdcraft.domain import unknown
from pdcraft.domain.phantom import Phantom
from pdcraft.library.phantom_geometry import FOLDER, known_phantoms
from pdcraft.library.phantom_tables import electron_fractions, organ_masses_g, saf_photon

PHANTOMS = ("adult_male", "adult_female")
"""The bodies of the river: one of each sex."""
_SAME_BODY = {"age_15": "adult_female"}


def phantom_names() -> tuple[str, ...]:
    """Names that `phantom` knows: bodies with tables, the 15-year-old being the adult female."""
    made = [n for n in known_phantoms() if (FOLDER / n / "saf_photon.csv").exists()]
    return tuple(sorted([*made, *_SAME_BODY]))


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
    if name not in phantom_names():
        raise unknown("Phantom", name, phantom_names())
    shapes = _SAME_BODY.get(name, name)
    sources, targets, energy, saf, sigma = saf_photon(shapes)
    mass = organ_masses_g(shapes)
    return Phantom(
        name, tuple(targets), tuple(sources),
        jnp.array([mass[t] for t in targets]), jnp.array([mass[s] for s in sources]),
        jnp.asarray(energy), jnp.asarray(saf), jnp.asarray(sigma),
        *_electrons(shapes, targets, sources),
    )  # fmt: skip


def _electrons(
    name: str, targets: Sequence[str], sources: Sequence[str]
) -> tuple[Array, Array] | tuple[None, None]:
    """Energies and absorbed fractions ``[target, source, energy]``, or nothing."""
    known = electron_fractions(name)
    if known is None:
        return None, None
    energy, found = known
    fraction = np.zeros((len(targets), len(sources), len(energy)))
    for (target, source), values in found.items():
        if target in targets and source in sources:
            fraction[targets.index(target), sources.index(source)] = values
    return jnp.asarray(energy), jnp.asarray(fraction)
