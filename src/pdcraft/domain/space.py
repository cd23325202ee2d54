"""Where things are: named regions, or voxels of a grid."""

from __future__ import annotations

from collections.abc import Sequence

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike, NDArray

from pdcraft.domain.errors import InputError, unknown

_EVEN = 1e-3


class Regions(eqx.Module):
    """Named regions of a body and their masses.

    Attributes
    ----------
    names
        Region names, plural lower-case ICRP words (``"kidneys"``, ``"red marrow"``).
    mass_g
        Mass of each region. g, ``[place]``; 0 for a region that has no mass of its own.
    """

    names: tuple[str, ...] = eqx.field(static=True)
    mass_g: Float[Array, "place"]

    def index(self, name: str) -> int:
        """Position of a region; a MissingError suggests the nearest name."""
        if name not in self.names:
            raise unknown("Region", name, self.names)
        return self.names.index(name)

    def __len__(self) -> int:
        """Number of regions."""
        return len(self.names)


class Grid(eqx.Module):
    r"""Voxels of equal size. The place of voxel (i, j, k) on a ``place`` axis is in C order.

    .. math:: (x, y, z, 1)^T = A\,(i, j, k, 1)^T

    is the centre of a voxel in the patient's frame: left, posterior, superior, in mm.

    Attributes
    ----------
    shape
        Number of voxels along i, j and k.
    affine_mm
        The matrix :math:`A`. mm, ``[4, 4]``; its first three columns at right angles.

    Examples
    --------
    >>> grid = Grid.of((2, 3, 4), voxel_mm=(4.0, 4.0, 5.0))
    >>> len(grid), grid.voxel_mm.tolist(), round(grid.voxel_cm3, 3)
    (24, [4.0, 4.0, 5.0], 0.08)
    """

    shape: tuple[int, int, int] = eqx.field(static=True)
    affine_mm: NDArray

    def __check_init__(self):
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise InputError(f"shape = {self.shape} must be three numbers of voxels, 1 or more.")
        if np.shape(self.affine_mm) != (4, 4):
            raise InputError(
                f"affine_mm has shape {np.shape(self.affine_mm)}; it must be [4, 4]: the axes of "
                "the voxels and the centre of voxel (0, 0, 0) in mm. Grid.of() makes one."
            )
        axes = np.asarray(self.affine_mm)[:3, :3]
        edge = np.linalg.norm(axes, axis=0)
        if not edge.min() > 0:
            raise InputError(f"Voxels of {edge.tolist()} mm have no volume; edges must be > 0 mm.")
        if np.abs(axes.T @ axes / np.outer(edge, edge) - np.eye(3)).max() > _EVEN:
            raise InputError(
                "The axes of affine_mm are not at right angles. Resample the image to voxels "
                "that are boxes."
            )

    @classmethod
    def of(
        cls, shape: tuple[int, int, int], *, voxel_mm: ArrayLike, first_mm: ArrayLike = 0.0
    ) -> Grid:
        """Grid with its axes along those of the patient.

        Parameters
        ----------
        shape
            Number of voxels along x, y and z.
        voxel_mm
            Edges of a voxel, one number or three. mm.
        first_mm
            Centre of voxel (0, 0, 0), one number or three. mm.
        """
        affine = np.diag([*np.broadcast_to(np.asarray(voxel_mm, float), 3), 1.0])
        affine[:3, 3] = first_mm
        return cls(tuple(int(n) for n in shape), affine)  # pyright: ignore

    @classmethod
    def through(cls, x_mm: Sequence[float], y_mm: Sequence[float], z_mm: Sequence[float]) -> Grid:
        """Grid through the given centres of columns, rows and slices. mm.

        Raises
        ------
        InputError
            If the centres of an axis are fewer than two or not evenly spaced.

        Examples
        --------
        >>> Grid.through([0, 2], [0, 2], [0, 3, 7])
        Traceback (most recent call last):
        ...
        pdcraft.domain.errors.InputError: Slices along z are 3 to 4 mm apart; a grid needs one...
        """
        edge = []
        for axis, centres in zip("xyz", (x_mm, y_mm, z_mm), strict=True):
            gap = np.diff(np.asarray(centres, float))
            if len(gap) == 0:
                raise InputError(f"Along {axis} a grid through centres needs at least two of them.")
            if np.ptp(gap) > _EVEN * abs(gap).max():
                raise InputError(
                    f"Slices along {axis} are {gap.min():g} to {gap.max():g} mm apart; a grid "
                    "needs one spacing. Resample the image, or look for a missing slice."
                )
            edge.append(gap.mean())
        first = (x_mm[0], y_mm[0], z_mm[0])
        return cls.of((len(x_mm), len(y_mm), len(z_mm)), voxel_mm=edge, first_mm=first)

    @property
    def voxel_mm(self) -> NDArray:
        """Edges of a voxel along i, j and k. mm, ``[3]``."""
        return np.linalg.norm(np.asarray(self.affine_mm)[:3, :3], axis=0)

    @property
    def voxel_cm3(self) -> float:
        """Volume of a voxel. cm3."""
        return float(self.voxel_mm.prod() * 1e-3)

    def __len__(self) -> int:
        """Number of voxels."""
        return int(np.prod(self.shape))
