"""A body on a grid, and the media that fill it, as transport needs them."""

from __future__ import annotations

from collections.abc import Sequence

import equinox as eqx
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdcraft.domain.errors import InputError
from pdcraft.domain.space import Grid


class Medium(eqx.Module):
    """What photons and electrons meet in one gram of a medium.

    Attributes
    ----------
    name
        As ``"water"`` or ``"cortical_bone"``.
    density_g_per_cm3
        Its usual density; voxels have their own.
    electron_MeV
        Energies of the stopping powers, even in ln E. MeV, ``[electron]``.
    collision, radiative
        Mass stopping powers of electrons. MeV cm2/g, ``[electron]``.
    atoms
        ``[element, 4]``: Z, atoms per gram, screening of the nucleus and of the electrons.
    oscillators
        ``[shell, 2]``: electrons per gram, resonance energy in MeV.
    optics
        Photon data as ``dosimetry.core`` takes them: energy grid [ln of the lowest energy in MeV,
        step of ln E, nodes]; mass attenuation [node, 6]: total, photoelectric, incoherent,
        coherent, pair, transfer (cm2/g); S(x); integral of F² over x²; grid of x (1/angstrom);
        K X rays (MeV, chance).

    References
    ----------
    estar; nistxcom; hubbell1975
    """

    name: str = eqx.field(static=True)
    density_g_per_cm3: float
    electron_MeV: NDArray
    collision: NDArray
    radiative: NDArray
    atoms: NDArray
    oscillators: NDArray
    optics: tuple


class Voxels(eqx.Module):
    """A body on a grid: what fills each voxel, and how dense it is.

    Attributes
    ----------
    space
        The grid.
    media
        Names of the media.
    medium
        Position in ``media`` of what fills each voxel. ``[place]``.
    density_g_per_cm3
        g/cm3, ``[place]``; 0 where there is nothing.
    """

    space: Grid
    media: tuple[str, ...] = eqx.field(static=True)
    medium: NDArray
    density_g_per_cm3: NDArray

    @classmethod
    def of(
        cls, space: Grid, *, media: Sequence[str], medium: ArrayLike, density_g_per_cm3: ArrayLike
    ) -> Voxels:
        """A body from arrays of the grid's shape, from its ``place`` axis, or from one number each.

        Raises
        ------
        InputError
            If a shape differs from the grid's, a density is negative or not a number, or a medium
            has no name.

        Examples
        --------
        >>> grid = Grid.of((3, 3, 3), voxel_mm=4.0)
        >>> body = Voxels.of(grid, media=["water"], medium=0, density_g_per_cm3=1.0)
        >>> round(float(body.mass_g.sum()), 3)
        1.728
        """
        which = _placed("medium", medium, space, np.uint8)
        density = _placed("density_g_per_cm3", density_g_per_cm3, space, np.float32)
        if int(which.max()) >= len(media):
            raise InputError(
                f"medium goes up to {int(which.max())}, but only {len(media)} media have names "
                f"({', '.join(media)}). Number them from 0."
            )
        if not (np.isfinite(density).all() and density.min() >= 0):
            raise InputError(
                "density_g_per_cm3 must be 0 or more and finite in every voxel. "
                "Set what is outside the body to air (0.0012)."
            )
        return cls(space, tuple(media), which, density)

    @property
    def mass_g(self) -> NDArray:
        """Mass of every voxel. g, ``[place]``."""
        return np.asarray(self.density_g_per_cm3) * self.space.voxel_cm3


def _placed(name: str, values: ArrayLike, space: Grid, kind: type) -> NDArray:
    array = np.asarray(values)
    if array.shape not in ((), space.shape, (len(space),)):
        raise InputError(
            f"{name} has shape {array.shape}; it must be {space.shape}, ({len(space)},), or one "
            "number for all voxels."
        )
    if array.ndim == 0:
        array = np.full(len(space), array)
    return np.ascontiguousarray(array.reshape(-1), dtype=kind)
