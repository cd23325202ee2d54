"""Own S values, and those of a neighbour at the distance of two radii; the median of all ratios."""

import csv
from pathlib import Path

import numpy as np

from pdcraft import dosimetry, library

PARTS = {"N": 0, "Cy": 1, "CS": 2, "C": 3}
GY_KG_PER_MEV = 1.602176634e-13


def compute() -> dict[str, float]:
    with open(Path(__file__).parent / "reference.csv", encoding="utf-8") as file:
        printed = {r["quantity"]: float(r["reference"]) for r in list(csv.DictReader(file))[:-1]}
    cells, found = {}, {}
    for name in printed:
        nuclide, radii, which, pair = name.replace(",", "").split()
        cell_um, nucleus_um = map(float, radii.split("/"))
        beside = {2.0 * cell_um: 1} if which == "neighbour" else None
        if (nuclide, radii, which) not in cells:
            cells[nuclide, radii, which] = dosimetry.build_cell(
                [library.emissions(nuclide)], cell_um=cell_um, nucleus_um=nucleus_um,
                neighbours=beside, stopping=library.electrons_after_cole(),
                alpha_stopping=library.alphas_in_water(),
            )  # fmt: skip
        cell, (target, source) = cells[nuclide, radii, which], pair.split("<-")
        energy, t = cell.neighbour_MeV if beside else cell.own_MeV, 0 if target == "N" else 2
        energy_MeV = float(energy[t, PARTS[source]].sum())
        found[name] = GY_KG_PER_MEV * energy_MeV / (1e-3 * cell.mass_g[t])
    ratios = [found[name] / printed[name] for name in printed]
    return {**found, "median ratio to the reference": float(np.median(ratios))}
