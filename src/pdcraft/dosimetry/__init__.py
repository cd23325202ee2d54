"""What activity does to a body: `Activity` and `Anatomy` in, `DoseRate` out.

In: activity in source regions (MBq, on any clock), the patient's regions and masses.
Out: absorbed dose rate in target regions (Gy/h) by radiation; the clock passes through untouched.
Choices: `Mird`, the sum over sources with S values of reference phantoms; active marrow, myeloma
nests in it and lesions treated apart. `sphere.py` holds absorbed fractions of lesions,
`core/` our own photon transport that the phantom tables come from.
Read first: `mird.py`.
"""

from __future__ import annotations

from pdcraft.domain import Activity, Anatomy, DoseRate
from pdcraft.dosimetry.base import RADIATIONS, AbstractEngine
from pdcraft.dosimetry.lesion import PhotonSpheres, mean_photon_absorbed_fraction
from pdcraft.dosimetry.marrow import marrow_self_fraction
from pdcraft.dosimetry.mird import Mird, build_mird
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

__all__ = [
    "RADIATIONS", "AbstractEngine", "ElectronSpheres", "Mird", "PhotonSpheres", "build_mird",
    "csda_range_g_per_cm2", "electron_absorbed_fraction", "irradiate", "marrow_self_fraction",
    "mean_electron_absorbed_fraction", "mean_photon_absorbed_fraction", "organ_s_Gy_per_MBq_h",
    "photon_s_Gy_per_MBq_h", "photon_s_sigma_Gy_per_MBq_h",
]  # fmt: skip


def irradiate(engine: AbstractEngine, activity: Activity, anatomy: Anatomy) -> DoseRate:
    """Absorbed dose rate in every region of an anatomy.

    Parameters
    ----------
    engine
        How energy is carried from source to target.
    activity
        Activity in the source regions. MBq, ``[place, nuclide, mode]``.
    anatomy
        Target regions and masses.

    Returns
    -------
    DoseRate
        Gy/h, ``[place, radiation, mode]``, on the clock of ``activity``.
    """
    return engine.dose_rate(activity, anatomy)
