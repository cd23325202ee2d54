"""What voxel engines ask of activity, body and emissions before they begin."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pdcraft.domain import Activity, Emissions, Grid, InputError, Voxels, unknown
from pdcraft.domain.errors import ValidityWarning
from pdcraft.dosimetry.base import RADIATIONS

_SAME_MM = 1e-3


def check(activity: Activity, body: Voxels, nuclides: Sequence[str]) -> NDArray:
    """Activity as a plain array, MBq ``[place, nuclide, mode]``, after all checks.

    Raises
    ------
    InputError
        If the activity is not on the grid of the body, or not of the engine's nuclides.
    """
    if not isinstance(activity.space, Grid) or not isinstance(body, Voxels):
        raise InputError(
            "A voxel engine needs activity over a Grid and a body of Voxels; for named regions "
            "use Mird."
        )
    ours, theirs = activity.space, body.space
    if ours.shape != theirs.shape or np.abs(ours.affine_mm - theirs.affine_mm).max() > _SAME_MM:
        raise InputError(
            f"The activity lies on a grid of {ours.shape} voxels of "
            f"{np.round(ours.voxel_mm, 3).tolist()} mm, the body on one of {theirs.shape} of "
            f"{np.round(theirs.voxel_mm, 3).tolist()} mm, or they are shifted. Resample one of "
            "them to the other."
        )
    if activity.nuclides != tuple(nuclides):
        raise InputError(
            f"The engine was built for {', '.join(nuclides)}; the activity is of "
            f"{', '.join(activity.nuclides)}. Build it for the chain of the payload."
        )
    MBq = np.asarray(activity.MBq)
    if MBq.ndim != 3 or MBq.shape[:2] != (len(ours), len(nuclides)):
        raise InputError(
            f"MBq has shape {MBq.shape}; it must be [place, nuclide, mode] with {len(ours)} places "
            f"and {len(nuclides)} nuclides."
        )
    if not np.isfinite(MBq).all():
        raise InputError("The activity must be finite in every voxel; set what is unknown to 0.")
    inside = np.asarray(body.density_g_per_cm3) > 0
    if np.any(MBq[~inside] != 0):
        raise InputError(
            "Activity lies in voxels of density 0, which cannot have a dose. Give the air there "
            "its density (0.0012 g/cm3), or move the activity into the body."
        )
    return MBq


def check_emissions(emissions: Sequence[Emissions]) -> tuple[str, ...]:
    """Names of the nuclides; an InputError if one emits nothing."""
    if not emissions:
        raise InputError("An engine needs the emissions of at least one nuclide.")
    for each in emissions:
        if sum(each.energy_MeV(r) for r in RADIATIONS) <= 0:
            raise InputError(
                f"{each.nuclide} emits no photons, electrons or alphas, so it has no dose. Leave "
                "it out of the chain."
            )
    return tuple(each.nuclide for each in emissions)


def check_media(body: Voxels, known: Sequence[str]) -> NDArray:
    """For each medium of the body its position among those of the engine."""
    for name in body.media:
        if name not in known:
            raise unknown("Medium", name, known)
    return np.array([known.index(name) for name in body.media])


def warn(text: str) -> None:
    """Say that something is outside the checked range."""
    warnings.warn(text, ValidityWarning, stacklevel=4)
