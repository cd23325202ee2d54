"""Own S values, and those of one neighbour at each distance; the median of all ratios."""

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
        d, pair = float(name.split()[0]), name.split(", ")[1]
        if d not in cells:
            cells[d] = dosimetry.build_cell(
                [library.emissions("Lu-177")], cell_um=5.0, nucleus_um=3.0,
                neighbours={d: 1} if d else None, stopping=library.electrons_after_cole(),
                alpha_stopping=library.alphas_in_water(),
            )  # fmt: skip
        energy = cells[d].neighbour_MeV if d else cells[d].own_MeV
        target, source = pair.split("<-")
        t = 0 if target == "N" else 2
        energy_MeV = float(energy[t, PARTS[source]].sum())
        found[name] = GY_KG_PER_MEV * energy_MeV / (1e-3 * cells[d].mass_g[t])
    ratios = [found[name] / printed[name] for name in printed]
    return {**found, "median ratio to the reference": float(np.median(ratios))}
