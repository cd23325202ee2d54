r"""Convolution with voxel S values: one medium without end, energy spreads alike everywhere.

.. math:: \dot D_v = \frac{1}{\rho V}\sum_n\sum_{v'} A_n(v')\,K_n(v-v'),

with the energy :math:`K_n(k)` per decay that a voxel gets from one k voxels away, from our own
transport (theory page *dosimetry*, section 10). Density scaling multiplies by
:math:`\rho/\rho_v`, so that the energy of a voxel stays the same and its mass counts.
"""

from __future__ import annotations

from collections.abc import Sequence

import equinox as eqx
import numpy as np
from numpy.typing import NDArray

from pdcraft.domain import Activity, DoseRate, Emissions, Grid, InputError, Voxels
from pdcraft.domain.phantom import Stopping
from pdcraft.domain.units import GY_G_PER_MEV_MBQ_H
from pdcraft.domain.voxels import Medium
from pdcraft.dosimetry import convolution
from pdcraft.dosimetry.balance import EnergyBalance
from pdcraft.dosimetry.base import RADIATIONS, AbstractEngine
from pdcraft.dosimetry.core import kernel as core
from pdcraft.dosimetry.matter import csda_range
from pdcraft.dosimetry.point_source import Shells, alphas, transported
from pdcraft.dosimetry.voxel_input import check, check_emissions, warn

_SHELLS_PER_EDGE = 40
_POINTS = 500  # directions for a shell at one edge
_LEAST_NEAR, _MOST_NEAR = 3, 12
_SMOOTH = 0.35  # of an edge: over which the far energy is averaged
_FINENESS = 0.01  # range of the electron cut in edges
_CUT_MEV = (2e-3, 0.05)
_SAME_MM = 1e-3
_DENSITY_RATIO = 1.2
_COPIES = 3.5  # transforms held at once


class VoxelKernel(AbstractEngine[Voxels]):
    """Voxel S values of nuclides, and their convolution with activity.

    Attributes
    ----------
    nuclides
        Nuclides of the activity, in its order.
    grid
        The grid that the kernel was made for; others must have its voxels.
    density_g_per_cm3
        Of the medium in the kernel.
    MeV
        Energy per decay at offsets (i, j, k) >= 0. ``[nuclide, radiation, i, j, k]``.
    sigma
        Standard deviation of ``MeV`` in the nearest voxels. ``[nuclide, radiation, i, j, k]``.
    emitted_MeV, beyond_MeV
        Emitted energy per decay and what lies beyond the kernel. ``[nuclide, radiation]``.
    density_scaling
        Whether doses are scaled to the density of each voxel.
    memory_GB
        Most that a convolution may take.

    References
    ----------
    bolch1999 (voxel S values); dieudonne2013 (density scaling)
    """

    nuclides: tuple[str, ...]
    grid: Grid
    density_g_per_cm3: float
    MeV: NDArray
    sigma: NDArray
    emitted_MeV: NDArray
    beyond_MeV: NDArray
    density_scaling: bool = eqx.field(static=True)
    memory_GB: float = eqx.field(static=True)

    @classmethod
    def of(
        cls,
        emissions: Sequence[Emissions],
        medium: Medium,
        grid: Grid,
        *,
        reach_mm: float | None = None,
        density_g_per_cm3: float | None = None,
        alpha_stopping: Stopping | None = None,
        decays: int = 100_000,
        seed: int = 1,
        threads: int = 1,
        density_scaling: bool = False,
        float32: bool = True,
        memory_GB: float = 8.0,
    ) -> VoxelKernel:
        """Kernel for the nuclides of a chain, by transport of ``decays`` decays of each.

        Parameters
        ----------
        emissions
            As ``payload.emissions`` of an agent, or ``[library.emissions("I-131")]``.
        medium
            What is everywhere, as ``library.medium("water")``.
        grid
            Size of the voxels; with ``reach_mm`` None also how far the kernel reaches.
        reach_mm
            Largest offset; None: the whole volume, every voxel to every other.
        density_g_per_cm3
            Of the medium; None: its usual one.
        alpha_stopping
            Stopping power for alphas; None: they stay in their voxel.
        float32
            Whether the kernel, and with it the convolution, has 32 bits.

        Raises
        ------
        InputError
            If a nuclide emits nothing, or the kernel ends within the range of its electrons.

        Warns
        -----
        ValidityWarning
            If alphas are taken to stay in voxels that some leave.

        Examples
        --------
        >>> from pdcraft import library
        >>> grid = Grid.of((3, 3, 3), voxel_mm=4.8)
        >>> of = [library.emissions("I-131")]
        >>> engine = VoxelKernel.of(of, library.medium("soft_tissue"), grid, decays=2000)
        >>> bool(abs(engine.closure[0] - 1) < 0.005)
        True
        """
        names = check_emissions(emissions)
        density = medium.density_g_per_cm3 if density_g_per_cm3 is None else density_g_per_cm3
        if not density > 0:
            raise InputError(f"density_g_per_cm3 = {density:g} must be greater than 0 g/cm3.")
        edge = 0.1 * grid.voxel_mm * density  # g/cm2
        reach = csda_range(medium.electron_MeV, medium.collision + medium.radiative)
        longest = _check_reach(emissions, medium, reach, reach_mm, density)
        _check_alphas(emissions, alpha_stopping, grid)
        shape = _octant(grid, reach_mm)
        cut = float(np.interp(_FINENESS * edge.min(), reach, medium.electron_MeV))
        width = edge.min() / _SHELLS_PER_EDGE
        shells = int(np.ceil(np.linalg.norm((np.array(shape) + 1) * edge) / width))
        made = [
            [
                *(
                    transported(
                        each, radiation, medium, width=width, shells=shells,
                        cut_MeV=min(max(cut, _CUT_MEV[0]), _CUT_MEV[1]),
                        decays=decays, seed=seed + n, threads=threads,
                    )
                    for radiation in RADIATIONS[:2]
                ),
                alphas(each, alpha_stopping, width=width, shells=shells),
            ]
            for n, each in enumerate(emissions)
        ]  # fmt: skip
        octants = _octants(made, edge, shape, longest, np.float32 if float32 else np.float64)
        emitted = np.array([[each.energy_MeV(r) for r in RADIATIONS] for each in emissions])
        return cls(names, grid, density, *octants, emitted, _beyond(made, edge, shape),
                   density_scaling, memory_GB)  # fmt: skip

    @property
    def closure(self) -> NDArray:
        """Energy in the kernel and beyond it over emitted energy, ``[nuclide]``; 1 if exact."""
        inside = [[core.whole(octant) for octant in each] for each in self.MeV]
        return (np.array(inside) + self.beyond_MeV).sum(1) / self.emitted_MeV.sum(1)

    @property
    def S_mGy_per_MBq_s(self) -> NDArray:
        """Voxel S values, all radiations together. mGy/(MBq s), ``[nuclide, i, j, k]``."""
        mass_g = self.density_g_per_cm3 * self.grid.voxel_cm3
        return self.MeV.sum(1) * (GY_G_PER_MEV_MBQ_H / 3.6 / mass_g)

    def dose_rate(self, activity: Activity, anatomy: Voxels) -> DoseRate:
        """Absorbed dose rate in every voxel. Gy/h, ``[place, radiation, mode]``.

        Raises
        ------
        InputError
            If activity, body and kernel disagree, or the convolution needs more than
            ``memory_GB``.

        Warns
        -----
        ValidityWarning
            If voxels with activity are not as dense as the medium and densities are not scaled.
        """
        MBq = check(activity, anatomy, self.nuclides)
        self._check(MBq, anatomy)
        modes = MBq.shape[2]
        rate = np.empty((len(RADIATIONS), modes, len(anatomy.space)), self.MeV.dtype)
        for mode in range(modes):
            for radiation, energy in enumerate(self._spread(MBq[:, :, mode], anatomy.space.shape)):
                np.multiply(energy.reshape(-1), self._per_mass(anatomy), out=rate[radiation, mode])
        rate = np.moveaxis(rate, -1, 0)
        return DoseRate(activity.space, RADIATIONS, activity.clock, rate)  # pyright: ignore

    def _per_mass(self, body: Voxels) -> NDArray:
        """Dose rate per MeV MBq: one number, or one for each voxel. Gy/h."""
        kind, volume = self.MeV.dtype.type, body.space.voxel_cm3
        if not self.density_scaling:
            return kind(GY_G_PER_MEV_MBQ_H / (self.density_g_per_cm3 * volume))  # pyright: ignore
        density = np.asarray(body.density_g_per_cm3, kind)
        out = np.zeros_like(density)
        return np.divide(kind(GY_G_PER_MEV_MBQ_H / volume), density, out=out, where=density > 0)

    def balance(self, activity: Activity, anatomy: Voxels) -> EnergyBalance:
        """Emitted energy, what the grid absorbs (in the medium of the kernel), and the rest."""
        MBq = check(activity, anatomy, self.nuclides)
        total = MBq.sum(0)
        absorbed = np.array([
            [float(e.sum(dtype=float)) for e in self._spread(MBq[:, :, m], anatomy.space.shape)]
            for m in range(MBq.shape[2])
        ]).T  # fmt: skip
        inside = np.array([[core.whole(octant) for octant in each] for each in self.MeV])
        energies = self.emitted_MeV, inside + self.beyond_MeV
        emitted, known = (np.einsum("nm,nr->rm", total, E) for E in energies)
        return EnergyBalance(emitted, absorbed, known - absorbed)

    def _spread(self, MBq: NDArray, shape: Sequence[int]):
        """Energy per time in every voxel, by radiation. MeV MBq, each of the grid's shape."""
        lengths = convolution.padded(shape, self.MeV.shape[2:])
        maps = [MBq[:, n].reshape(shape).astype(self.MeV.dtype) for n in range(MBq.shape[1])]
        transforms = [convolution.forward(each, lengths) for each in maps]
        for radiation in range(len(RADIATIONS)):
            kernels = self.MeV[:, radiation]
            if not kernels.any():
                yield np.zeros(shape, self.MeV.dtype)
            elif not kernels.reshape(len(kernels), -1)[:, 1:].any():
                yield sum(k[0, 0, 0] * each for k, each in zip(kernels, maps, strict=True))
            else:
                total = None
                for k, each in zip(kernels, transforms, strict=True):
                    part = convolution.times(each, convolution.spectrum(k, lengths))
                    total = part if total is None else total + part
                yield convolution.backward(total, lengths, shape)  # pyright: ignore

    def _check(self, MBq: NDArray, body: Voxels) -> None:
        edge, ours = body.space.voxel_mm, self.grid.voxel_mm
        if np.abs(edge - ours).max() > _SAME_MM:
            raise InputError(
                f"The kernel is for voxels of {np.round(ours, 3).tolist()} mm, the activity has "
                f"{np.round(edge, 3).tolist()} mm. Make a kernel for this grid: "
                "VoxelKernel.of(emissions, medium, activity.space)."
            )
        lengths = convolution.padded(body.space.shape, self.MeV.shape[2:])
        item = 2 * self.MeV.dtype.itemsize
        needed = _COPIES * item * lengths[0] * lengths[1] * (lengths[2] // 2 + 1) * 1e-9
        if needed > self.memory_GB:
            raise InputError(
                f"The convolution of {body.space.shape} voxels needs {needed:.1f} GB, more than "
                f"memory_GB = {self.memory_GB:g}. Give the kernel a shorter reach_mm, or float32."
            )
        active = (MBq != 0).any(axis=(1, 2))
        density = np.asarray(body.density_g_per_cm3)[active]
        ratio = density / self.density_g_per_cm3
        off = np.maximum(ratio, 1.0 / ratio).max(initial=1.0)
        if off > _DENSITY_RATIO and not self.density_scaling:
            warn(
                f"Voxels with activity are up to {off:.1f} times as dense or as thin as the medium "
                f"of the kernel ({self.density_g_per_cm3:g} g/cm3). Use density_scaling=True, or "
                "MonteCarlo."
            )


def _octant(grid: Grid, reach_mm: float | None) -> tuple[int, int, int]:
    """Shape of the octant: the whole volume, or offsets up to the reach."""
    if reach_mm is None:
        return grid.shape
    i, j, k = (max(2, int(np.ceil(reach_mm / edge)) + 1) for edge in grid.voxel_mm)
    return i, j, k


def _check_reach(
    emissions: Sequence[Emissions], medium: Medium, reach: NDArray, reach_mm: float | None,
    density: float,
) -> float:  # fmt: skip
    """Range of the fastest electrons, g/cm2; an InputError if the kernel ends within it."""
    longest = 0.0
    for each in emissions:
        E, y = np.asarray(each.electron_MeV), np.asarray(each.electron_yield)
        if len(E) == 0:
            continue
        fastest = float(E[y * E > 1e-6 * each.energy_MeV("electron")].max())
        r = float(np.interp(fastest, medium.electron_MeV, reach))
        longest = max(longest, r)
        if reach_mm is not None and reach_mm < 10.0 * r / density:
            raise InputError(
                f"reach_mm = {reach_mm:g} mm is shorter than the range of the electrons of "
                f"{each.nuclide} ({10.0 * r / density:.1f} mm at {fastest:.2f} MeV in "
                f"{medium.name}). Choose a longer reach, or None for the whole volume."
            )
    return longest


def _check_alphas(
    emissions: Sequence[Emissions], stopping: Stopping | None, grid: Grid, least_mm: float = 2.0
) -> None:
    edge = float(grid.voxel_mm.min())
    for each in emissions:
        if each.energy_MeV("alpha") > 0 and stopping is None and edge < least_mm:
            warn(
                f"Alphas of {each.nuclide} are taken to stay in voxels of {edge:g} mm, which some "
                "leave. Give alpha_stopping."
            )


def _octants(
    made: list[list[Shells]], edge: NDArray, shape: Sequence[int], longest: float, kind: type
) -> tuple[NDArray, NDArray]:
    """Kernels ``[nuclide, radiation, i, j, k]``, and sigma of their nearest voxels."""
    width = made[0][0].width
    near = np.minimum(np.clip(np.ceil(longest / edge) + 2, _LEAST_NEAR, _MOST_NEAR), shape)
    near = near.astype(int)
    shells = min(int(np.linalg.norm(near * edge) / width) + 1, made[0][0].MeV.shape[1])
    weights = core.near_weights(width, shells, edge, near, _POINTS)
    close = tuple(slice(0, n) for n in near)
    MeV = np.zeros((len(made), len(RADIATIONS), *shape), kind)
    sigma = np.zeros((len(made), len(RADIATIONS), *near))
    for n, each in enumerate(made):
        for r, found in enumerate(each):
            batches = np.tensordot(found.MeV[:, :shells], weights, axes=1)
            sigma[n, r] = batches.std(0, ddof=1) / np.sqrt(len(batches))
            cumulative = np.concatenate([[0.0], np.cumsum(found.MeV.mean(0))])
            octant = np.zeros(tuple(shape))
            core.fill_far(octant, near, edge, width, cumulative, _SMOOTH * edge.min())
            octant[close] = batches.mean(0)
            MeV[n, r] = octant
    return MeV, sigma


def _beyond(made: list[list[Shells]], edge: NDArray, shape: Sequence[int]) -> NDArray:
    """Energy per decay outside the octant and its mirror images. MeV, ``[nuclide, radiation]``."""
    shells = made[0][0].MeV.shape[1]
    outside = 1.0 - core.inside(made[0][0].width, shells, edge, np.array(shape), 500)
    return np.array([[outside @ s.MeV.mean(0) + s.beyond_MeV for s in each] for each in made])
