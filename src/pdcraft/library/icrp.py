"""Readers for files of the ICRP that a user has: voxel phantoms (110) and absorbed fractions (133).

pdcraft ships neither. The readers follow the formats in which the files are distributed; they check
counts and say which line does not fit.

References
----------
icrp133
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from pdcraft.domain import Grid, Voxels
from pdcraft.domain.errors import InputError, unknown
from pdcraft.domain.phantom import Phantom
from pdcraft.domain.voxels import Medium
from pdcraft.library.mixture import mean_excitation_eV, mixture

ICRP110_SHAPES = {"AM": (254, 127, 222), "AF": (299, 137, 348)}
"""Columns, rows and slices of the adult voxel phantoms."""
ICRP110_VOXELS_MM = {"AM": (2.137, 2.137, 8.0), "AF": (1.775, 1.775, 4.84)}
ICRP110_ELEMENTS = ("H", "C", "N", "O", "Na", "Mg", "P", "S", "Cl", "K", "Ca", "Fe", "I")
_Z = (1, 6, 7, 8, 11, 12, 15, 16, 17, 19, 20, 26, 53)
_ORGAN = re.compile(r"^\s*(\d+)\s+(.+?)\s+(\d+)\s+(\d+\.\d+)\s*$")
_SEXES = {"AM": 0, "AF": 1}


@dataclass(frozen=True)
class VoxelPhantom:
    """A voxel phantom as the ICRP distributes it.

    Attributes
    ----------
    organ
        Identity of every voxel; column from right to left, row from front to back, slice from the
        feet up. 0 is outside. ``[column, row, slice]``.
    voxel_mm
        Sides of a voxel. mm.
    names, medium, density_g_per_cm3
        By identity.
    percent
        Composition of every medium by element, in the order of `ICRP110_ELEMENTS`; empty where
        there is no file of media.
    """

    organ: NDArray
    voxel_mm: tuple[float, float, float]
    names: dict[int, str]
    medium: dict[int, int]
    density_g_per_cm3: dict[int, float]
    percent: dict[int, tuple[float, ...]]

    def masses_g(self) -> dict[str, float]:
        """Mass of every organ that has voxels, by name. g."""
        volume_cm3 = float(np.prod(self.voxel_mm)) / 1e3
        count = np.bincount(self.organ.ravel())
        return {
            name: float(count[i]) * volume_cm3 * self.density_g_per_cm3[i]
            for i, name in self.names.items()
            if i < len(count) and count[i]
        }

    def body(self) -> tuple[Voxels, tuple[Medium, ...]]:
        """The same as a body for the voxel engines, and the media that fill it.

        Voxels outside have density 0. Mean excitation energies follow from the elements
        (`mixture.mean_excitation_eV`); the density effect is taken at the density of the first
        organ of a medium.

        Raises
        ------
        InputError
            If there was no file of media, or a medium is not in it.
        """
        present = [int(i) for i in np.unique(self.organ) if i]
        used = sorted({self.medium[i] for i in present})
        lacking = [k for k in used if k not in self.percent]
        if lacking:
            raise InputError(
                f"The composition of media {lacking} is not known: put the file of media "
                "(as AM_media.dat) beside the voxels."
            )
        media = []
        for k in used:
            parts = {Z: p / 100.0 for Z, p in zip(_Z, self.percent[k], strict=True) if p > 0}
            density = next(self.density_g_per_cm3[i] for i in present if self.medium[i] == k)
            media.append(
                mixture(
                    f"medium {k}", parts, density_g_per_cm3=density,
                    mean_excitation_eV=mean_excitation_eV(parts),
                )
            )  # fmt: skip
        size = int(self.organ.max()) + 1
        which, density = np.zeros(size, np.uint8), np.zeros(size, np.float32)
        for i in present:
            which[i], density[i] = used.index(self.medium[i]), self.density_g_per_cm3[i]
        grid = Grid.of(self.organ.shape, voxel_mm=self.voxel_mm)
        names = [m.name for m in media]
        body = Voxels.of(
            grid, media=names, medium=which[self.organ], density_g_per_cm3=density[self.organ]
        )
        return body, tuple(media)


def voxel_phantom(
    folder: str | Path,
    name: str,
    *,
    shape: tuple[int, int, int] | None = None,
    voxel_mm: tuple[float, float, float] | None = None,
) -> VoxelPhantom:
    """A voxel phantom from a user's folder with ``AM.dat``, ``AM_organs.dat``, ``AM_media.dat``.

    Parameters
    ----------
    folder, name
        Where the files are; "AM" or "AF" (another name needs ``shape`` and ``voxel_mm``).
    shape, voxel_mm
        Columns, rows, slices, and the sides of a voxel (mm), if they differ from the ICRP's.

    Raises
    ------
    InputError
        If a file is missing, a line does not fit, or the number of voxels is wrong.
    MissingError
        If a voxel holds an organ that the list of organs does not have.
    """
    folder = Path(folder)
    if name not in ICRP110_SHAPES and (shape is None or voxel_mm is None):
        raise unknown("Voxel phantom", name, ICRP110_SHAPES)
    shape = shape or ICRP110_SHAPES[name]
    voxel_mm = voxel_mm or ICRP110_VOXELS_MM[name]
    organ = np.array(_text(folder / f"{name}.dat").split(), dtype=np.int16)
    if organ.size != np.prod(shape):
        raise InputError(
            f"{name}.dat holds {organ.size} voxels; {' x '.join(map(str, shape))} = "
            f"{np.prod(shape)} are needed."
        )
    rows = [m.groups() for m in map(_ORGAN.match, _lines(folder / f"{name}_organs.dat")) if m]
    names = {int(i): title for i, title, _, _ in rows}
    for i in np.unique(organ):
        if i and int(i) not in names:
            raise unknown(f"In {name}.dat, organ", str(i), (str(k) for k in names))
    return VoxelPhantom(
        organ.reshape(shape[::-1]).transpose(2, 1, 0), voxel_mm, names,
        {int(i): int(medium) for i, _, medium, _ in rows},
        {int(i): float(rho) for i, _, _, rho in rows},
        _media(folder / f"{name}_media.dat"),
    )  # fmt: skip


def _media(path: Path) -> dict[int, tuple[float, ...]]:
    if not path.exists():
        return {}
    found = {}
    for line in _lines(path):
        parts = line.split()
        numbers = parts[-len(ICRP110_ELEMENTS) :]
        if len(parts) <= len(ICRP110_ELEMENTS) or not parts[0].isdigit():
            continue
        if all(re.fullmatch(r"\d+\.?\d*", v) for v in numbers):
            found[int(parts[0])] = tuple(float(v) for v in numbers)
    return found


def icrp133_phantom(
    photons: str | Path, targets: str | Path, *, electrons: str | Path | None = None, sex: str
) -> Phantom:
    """Absorbed fractions of a reference computational phantom from a user's SAF files.

    Parameters
    ----------
    photons, electrons
        SAF files, as ``rcp-am_photon_2016-08-12.SAF``: specific absorbed fractions, 1/kg.
    targets
        Index of the target tissues with their masses, as ``torgans_2016-08-12.NDX``.
    sex
        "AM" or "AF": which column of masses.

    Returns
    -------
    Phantom
        Its targets and sources; targets hold their blood. Source masses are those of the target of
        the same name, 0 where there is none. Use it with `dosimetry.organ_s_Gy_per_MBq_h`.

    Raises
    ------
    InputError
        If a file is missing or a line does not fit.
    """
    if sex not in _SEXES:
        raise unknown("Sex", sex, _SEXES)
    mass = _target_masses(Path(targets), _SEXES[sex])
    t, s, energy, saf = _saf(Path(photons))
    mass_kg = np.array([mass.get(name, 0.0) for name in t])
    extra = ()
    if electrons is not None:
        t2, s2, electron_MeV, electron_saf = _saf(Path(electrons))
        if (t2, s2) != (t, s):
            raise InputError(f"{Path(electrons).name} has other regions than {Path(photons).name}.")
        extra = (
            jnp.asarray(electron_MeV[1:]),
            jnp.asarray(electron_saf[..., 1:] * mass_kg[:, None, None]),
        )
    return Phantom(
        f"icrp133_{sex}", t, s, jnp.asarray(1e3 * mass_kg),
        jnp.array([1e3 * mass.get(name, 0.0) for name in s]),
        jnp.asarray(energy[1:]), jnp.asarray(saf[..., 1:]), jnp.zeros(saf[..., 1:].shape),
        *extra,
    )  # fmt: skip


def _target_masses(path: Path, column: int) -> dict[str, float]:
    """Masses by target. kg."""
    found = {}
    for line in _lines(path):
        parts = line.split()
        if len(parts) == 3 and all(re.fullmatch(r"[\d.]+E[+-]\d+", v) for v in parts[1:]):
            found[parts[0]] = float(parts[1 + column])
    if not found:
        raise InputError(f"{path.name} lists no target tissue with two masses.")
    return found


def _saf(path: Path) -> tuple[tuple[str, ...], tuple[str, ...], NDArray, NDArray]:
    """Targets, sources, energies (MeV, the first 0) and SAF ``[target, source, energy]``. 1/kg."""
    lines = _lines(path)
    head = lines[3].split() if len(lines) > 3 else []
    if len(head) < 4 or not (head[0].isdigit() and head[1].isdigit()):
        raise InputError(f"Line 4 of {path.name} must give the numbers of regions and energies.")
    energy = np.array([float(v) for v in head[2:] if re.fullmatch(r"\d+\.\d+", v)])
    rows: dict[tuple[str, str], list[float]] = {}
    for number, line in enumerate(lines[5:], start=6):
        if "<-" not in line:
            continue
        target, _, rest = line.partition("<-")
        source, *values = rest.split()
        if len(values) < len(energy):
            raise InputError(
                f"Line {number} of {path.name} has {len(values)} numbers for {len(energy)} "
                "energies."
            )
        rows[target.strip(), source] = [float(v) for v in values[: len(energy)]]
    targets = tuple(dict.fromkeys(t for t, _ in rows))
    sources = tuple(dict.fromkeys(s for _, s in rows))
    if (len(targets), len(sources)) != (int(head[0]), int(head[1])):
        raise InputError(
            f"{path.name} announces {head[0]} targets and {head[1]} sources and holds "
            f"{len(targets)} and {len(sources)}."
        )
    saf = np.array([[rows[t, s] for s in sources] for t in targets])
    return targets, sources, energy, saf


def _text(path: Path) -> str:
    if not path.exists():
        raise InputError(f"There is no file {path}.")
    return path.read_text(encoding="latin-1")


def _lines(path: Path) -> list[str]:
    return _text(path).splitlines()
