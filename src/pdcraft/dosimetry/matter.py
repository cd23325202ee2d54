"""Media as the transport core takes them: one set of arrays for all media of a body."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pdcraft.domain import InputError
from pdcraft.domain.voxels import Medium
from pdcraft.dosimetry.core.scattering import electron_tables

PHOTON_MEV = 0.01
"""Bremsstrahlung photons above it are followed."""


class Matter(NamedTuple):
    """Media for `core`, per g/cm2 of path.

    Attributes
    ----------
    optics
        Photon data: energy grid, tables, S(x), F², grid of x, X rays and their chances.
    electrons
        Electron data: energy grid, tables, hard photons, constants, ranges and photons to rest
        [medium, node, 2].
    """

    optics: tuple
    electrons: tuple


def csda_range(energy_MeV: NDArray, total: NDArray) -> NDArray:
    r"""Range in the continuous-slowing-down approximation at the nodes. g/cm2, ``[node]``.

    Below the lowest node the stopping power goes on with its slope there.
    """
    slope = np.log(total[9] / total[0]) / np.log(energy_MeV[9] / energy_MeV[0])
    steps = 0.5 * (energy_MeV[1:] / total[1:] + energy_MeV[:-1] / total[:-1])
    first = energy_MeV[0] / total[0] / (1.0 - slope)
    return first + np.concatenate([[0.0], np.cumsum(steps * np.diff(np.log(energy_MeV)))])


def matter(media: Sequence[Medium], *, hard_MeV: float, C: float) -> Matter:
    r"""Tables of several media on one energy grid.

    Beside what :func:`pdcraft.dosimetry.core.scattering.electron_tables` gives, the range and the
    number of hard photons that an electron emits until it rests,

    .. math:: R(E) = \int_0^E \frac{dE'}{S},\qquad n(E) = \int_0^E \frac{\Sigma_{br}}{S}\,dE'.

    Parameters
    ----------
    media
        One or more, all on the same grids.
    hard_MeV
        Losses above it are events of their own.
    C
        Largest mean deflection and relative loss between hard elastic events.
    """
    if not media:
        raise InputError("A body needs at least one medium. Give library.medium('water').")
    made = [
        electron_tables(
            m.electron_MeV, m.collision, m.radiative, m.atoms, m.oscillators,
            hard_MeV=hard_MeV, photon_MeV=min(hard_MeV, PHOTON_MEV), C1=C, C2=C,
        )
        for m in media
    ]  # fmt: skip
    E = media[0].electron_MeV
    totals = [m.collision + m.radiative for m in media]
    rests = np.array([
        np.stack([csda_range(E, S), _to_rest(E, t[1][:, 3] / S)], axis=1)
        for t, S in zip(made, totals, strict=True)
    ])  # fmt: skip
    tables, inverses, constants = (np.array([m[k] for m in made]) for k in (1, 2, 3))
    optics = (
        media[0].optics[0], *(np.array([m.optics[k] for m in media]) for k in (1, 2, 3)),
        media[0].optics[4], *_xrays([m.optics[5] for m in media]),
    )  # fmt: skip
    return Matter(optics, (made[0][0], tables, inverses, constants, rests))


def _xrays(each: Sequence[tuple]) -> tuple[NDArray, NDArray]:
    """X rays of all media, filled up to the same number of lines with chance 0."""
    most = max(len(energies) for energies, _ in each)
    energies = np.array([np.pad(E, (0, most - len(E)), mode="edge") for E, _ in each])
    chances = [np.pad(c, ((0, 0), (0, most - c.shape[1])), mode="edge") for _, c in each]
    return energies, np.array(chances)


def _to_rest(energy_MeV: NDArray, per_MeV: NDArray) -> NDArray:
    steps = 0.5 * (per_MeV[1:] + per_MeV[:-1]) * np.diff(energy_MeV)
    return np.concatenate([[0.0], np.cumsum(steps)])
