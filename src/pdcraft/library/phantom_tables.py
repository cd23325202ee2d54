"""Photon specific absorbed fractions, organ masses and marrow distribution of the shipped phantoms.

The tables were made by ``scripts/make_saf.py`` with pdcraft's own transport; reading them needs
numpy only.

References
----------
cristy1987 (geometry); cristy1981 (active marrow by bone)
"""

import csv
import functools
from pathlib import Path

import numpy as np

from pdcraft.library.phantom_geometry import FOLDER, description


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


@functools.cache
def saf_photon(
    phantom: str,
) -> tuple[tuple[str, ...], tuple[str, ...], np.ndarray, np.ndarray, np.ndarray]:
    """Photon specific absorbed fractions of a phantom.

    Parameters
    ----------
    phantom
        "adult_male" or "adult_female".

    Returns
    -------
    sources, targets
        Names of the regions.
    energy_MeV
        Photon energies [energy].
    saf_per_kg
        Fraction of the emitted energy absorbed per mass of the target [target, source, energy],
        1/kg.
    rel_sigma
        Relative standard deviation of each value (1 where nothing was scored).

    Raises
    ------
    MissingError
        If the library has no such phantom.

    Examples
    --------
    >>> sources, targets, energy_MeV, saf, _ = saf_photon("adult_male")
    >>> bool(saf[targets.index("liver"), sources.index("liver"), 0] < 1 / 1.9)
    True
    """
    description(phantom)  # raises for an unknown name
    rows = _rows(FOLDER / phantom / "saf_photon.csv")
    columns = [key for key in rows[0] if key not in ("target", "source", "quantity")]
    targets = tuple(dict.fromkeys(row["target"] for row in rows))
    sources = tuple(dict.fromkeys(row["source"] for row in rows))
    values = {q: np.zeros((len(targets), len(sources), len(columns))) for q in ("saf", "sigma")}
    for row in rows:
        place = targets.index(row["target"]), sources.index(row["source"])
        values[row["quantity"]][place] = [float(row[c]) for c in columns]
    return sources, targets, np.array([float(c) for c in columns]), values["saf"], values["sigma"]


@functools.cache
def electron_fractions(
    phantom: str,
) -> tuple[np.ndarray, dict[tuple[str, str], np.ndarray]] | None:
    """Absorbed fractions of electrons between the regions of a phantom.

    Returns
    -------
    energy_MeV, fraction
        Energies, and by (target, source) the part of the energy that the target absorbs
        ``[energy]``; pairs that share nothing are absent. None if the phantom has no table.

    Examples
    --------
    >>> energy_MeV, fraction = electron_fractions("adult_male")
    >>> bool(np.all(np.diff(fraction["thyroid", "thyroid"]) < 0))
    True
    """
    path = FOLDER / phantom / "saf_electron.csv"
    if not path.exists():
        return None
    rows = _rows(path)
    columns = [key for key in rows[0] if key not in ("target", "source", "quantity")]
    found = {
        (row["target"], row["source"]): np.array([float(row[c]) for c in columns])
        for row in rows
        if row["quantity"] == "fraction"
    }
    return np.array([float(c) for c in columns]), found


@functools.cache
def organ_masses_g(phantom: str) -> dict[str, float]:
    """Mass of every region of a phantom, g: volume times density; active marrow as published."""
    description(phantom)
    rows = _rows(FOLDER / phantom / "organ_masses.csv")
    return {row["region"]: float(row["mass_g"]) for row in rows}


def marrow_distribution(phantom: str) -> dict[str, float]:
    """Fraction of the active marrow in each bone of a phantom; the fractions add up to 1."""
    percent = description(phantom).get("marrow", {"percent": {}})["percent"]
    total = sum(percent.values())
    return {bone: value / total for bone, value in percent.items()}
