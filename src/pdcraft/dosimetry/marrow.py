"""Active marrow: which part of the electrons' energy it keeps."""

from __future__ import annotations

import numpy as np

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
