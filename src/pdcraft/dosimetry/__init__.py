"""What activity does to a body: `Activity` and `Anatomy` in, `DoseRate` out.

In: activity in source regions or voxels (MBq, on any clock), the patient's regions and masses, or
the body on a grid (`Voxels`).
Out: absorbed dose rate in target regions or voxels (Gy/h) by radiation; the clock passes through
untouched.
Choices: `Mird`, the sum over sources with S values of reference phantoms; active marrow, myeloma
nests in it and lesions treated apart; `Sphere`, the self-dose of spheres of any mass and density;
`Cell`, nucleus and cytoplasm from membrane, neighbours and medium. `sphere.py` holds absorbed
fractions of electrons, `core/` our own transport that all tables come from. On a grid `MonteCarlo`
(any media and densities), `VoxelKernel` (convolution in one medium) and `LocalDeposition` (energy
stays in its voxel); they also report where the energy went (`EnergyBalance`).
`MergedSources` serves a body with fewer regions; a cytotoxic payload has `NoRadiation`.
Read first: `mird.py`.
"""

from __future__ import annotations

from pdcraft.domain import Activity, DoseRate
from pdcraft.dosimetry.balance import EnergyBalance
from pdcraft.dosimetry.base import RADIATIONS, AbstractEngine, Body
from pdcraft.dosimetry.cell import Cell, build_cell, close_packed
from pdcraft.dosimetry.lesion import PhotonSpheres, mean_photon_absorbed_fraction
from pdcraft.dosimetry.local_deposition import LocalDeposition
from pdcraft.dosimetry.marrow import (
    marrow_self_fraction,
    marrow_tia_from_blood_MBq_h,
    marrow_to_blood_ratio,
)
from pdcraft.dosimetry.merged_sources import MergedSources
from pdcraft.dosimetry.mird import Mird
from pdcraft.dosimetry.mird_build import build_mird
from pdcraft.dosimetry.monte_carlo import MonteCarlo
from pdcraft.dosimetry.no_radiation import NoRadiation
from pdcraft.dosimetry.s_values import (
    organ_s_Gy_per_MBq_h,
    photon_s_Gy_per_MBq_h,
    photon_s_sigma_Gy_per_MBq_h,
)
from pdcraft.dosimetry.sphere import (
    ElectronSpheres,
    csda_range_g_per_cm2,
    electron_absorbed_fraction,
    mean_electron_absorbed_fraction,
)
from pdcraft.dosimetry.sphere_engine import Sphere, build_sphere, photon_absorbed_fraction
from pdcraft.dosimetry.voxel_kernel import VoxelKernel

__all__ = [
    "RADIATIONS",
    "AbstractEngine",
    "Cell",
    "ElectronSpheres",
    "EnergyBalance",
    "LocalDeposition",
    "MergedSources",
    "Mird",
    "MonteCarlo",
    "NoRadiation",
    "PhotonSpheres",
    "Sphere",
    "VoxelKernel",
    "build_cell",
    "build_mird",
    "build_sphere",
    "close_packed",
    "csda_range_g_per_cm2",
    "electron_absorbed_fraction",
    "irradiate",
    "marrow_self_fraction",
    "marrow_tia_from_blood_MBq_h",
    "marrow_to_blood_ratio",
    "mean_electron_absorbed_fraction",
    "mean_photon_absorbed_fraction",
    "organ_s_Gy_per_MBq_h",
    "photon_absorbed_fraction",
    "photon_s_Gy_per_MBq_h",
    "photon_s_sigma_Gy_per_MBq_h",
]  # fmt: skip


def irradiate(engine: AbstractEngine[Body], activity: Activity, anatomy: Body) -> DoseRate:
    """Absorbed dose rate in every region of an anatomy, or in every voxel of a body.

    Parameters
    ----------
    engine
        How energy is carried from source to target.
    activity
        Activity in the source regions or voxels. MBq, ``[place, nuclide, mode]``.
    anatomy
        Target regions and masses (`Anatomy`), or what fills the voxels (`Voxels`).

    Returns
    -------
    DoseRate
        Gy/h, ``[place, radiation, mode]``, on the clock of ``activity``.
    """
    return engine.dose_rate(activity, anatomy)
