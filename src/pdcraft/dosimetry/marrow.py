"""Active marrow: which part of the electrons' energy it keeps, and its activity from blood."""

from __future__ import annotations

import numpy as np

from pdcraft.domain import InputError
from pdcraft.domain.agent import Emissions
from pdcraft.domain.phantom import Stopping
from pdcraft.dosimetry.sphere import csda_range_g_per_cm2


def marrow_self_fraction(
    emissions: Emissions, stopping: Stopping, floor: float, length_g_per_cm2: float
) -> float:
    r"""Part of the electron energy from active marrow that active marrow absorbs. 0 to 1.

    .. math:: \phi_{RM}(E) = \phi_\infty + \frac{1-\phi_\infty}{1 + R(E)/L}

    Parameters
    ----------
    emissions, stopping
        What is emitted, and what stops it.
    floor, length_g_per_cm2
        :math:`\phi_\infty` and :math:`L` (g/cm2).

    References
    ----------
    icrp133, to whose self absorbed fractions the two parameters are fitted
    """
    E, y = np.asarray(emissions.electron_MeV), np.asarray(emissions.electron_yield)
    keep = (E > 1e-5) & (y > 0)
    if not keep.any():
        return 1.0
    E, y = E[keep], y[keep]
    phi = floor + (1.0 - floor) / (1.0 + csda_range_g_per_cm2(stopping, E) / length_g_per_cm2)
    return float((phi * E * y).sum() / (E * y).sum())


EXTRACELLULAR = 0.19
"""Volume of extracellular fluid per volume of active marrow (sgouros1993, abstract)."""


def marrow_to_blood_ratio(haematocrit: float, *, extracellular: float = EXTRACELLULAR) -> float:
    r"""Concentration in active marrow over that in blood, of what stays in extracellular fluid.

    .. math:: RMBLR = \frac{RMECFF}{1 - HCT}

    Parameters
    ----------
    haematocrit
        HCT, 0 to 1 (excluded).
    extracellular
        RMECFF.

    Notes
    -----
    For agents that neither bind to marrow or blood cells nor enter them (antibodies). Not for
    those that marrow takes up: give their activity in "red marrow" itself.

    References
    ----------
    sgouros1993, abstract

    Examples
    --------
    >>> round(marrow_to_blood_ratio(0.47), 4)
    0.3585
    """
    if not (0.0 <= haematocrit < 1.0 and 0.0 < extracellular <= 1.0):
        raise InputError(
            f"Haematocrit {haematocrit:g} must be from 0 to below 1, extracellular fraction "
            f"{extracellular:g} from 0 to 1."
        )
    return extracellular / (1.0 - haematocrit)


def marrow_tia_from_blood_MBq_h(
    blood_MBq_h_per_mL: float,
    *,
    marrow_g: float,
    haematocrit: float,
    density_g_per_mL: float = 1.06,
) -> float:
    r"""Time-integrated activity in active marrow from that in blood. MBq h.

    .. math:: \tilde A_{RM} = RMBLR\,[\tilde A_\text{blood}]\,m_{RM}/\rho

    Parameters
    ----------
    blood_MBq_h_per_mL
        Time-integrated concentration in blood.
    marrow_g
        Mass of active marrow, of the patient if it is known.
    density_g_per_mL
        Of blood, by which a concentration per volume becomes one per mass.

    References
    ----------
    sgouros1993

    Examples
    --------
    >>> round(marrow_tia_from_blood_MBq_h(0.01, marrow_g=1120.0, haematocrit=0.45), 3)
    3.65
    """
    if marrow_g <= 0 or blood_MBq_h_per_mL < 0:
        raise InputError(
            f"Marrow mass {marrow_g:g} g must be greater than 0, and the activity in blood not "
            "negative."
        )
    ratio = marrow_to_blood_ratio(haematocrit)
    return ratio * blood_MBq_h_per_mL * marrow_g / density_g_per_mL
