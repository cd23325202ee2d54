"""One neighbour at each distance, a source of one 100 keV electron."""

import jax.numpy as jnp

from pdcraft import dosimetry, library
from pdcraft.domain.agent import Emissions

DISTANCES_UM = (10, 11, 12, 13, 14, 15, 20, 25, 30, 40, 50, 60)
PARTS = {"N": 0, "Cy": 1, "CS": 2, "C": 3}
PAIRS = ("C<-C", "C<-CS", "N<-N", "N<-Cy", "N<-CS")
GY_KG_PER_MEV = 1.602176634e-13


def compute() -> dict[str, float]:
    none, found = jnp.zeros(0), {}
    line = Emissions("e", none, none, jnp.array([0.1]), jnp.ones(1), none, none)
    for d in DISTANCES_UM:
        cell = dosimetry.build_cell(
            [line], cell_um=5.0, nucleus_um=3.0, neighbours={d: 1},
            stopping=library.electrons_after_cole(), alpha_stopping=library.alphas_in_water(),
        )  # fmt: skip
        for pair in PAIRS:
            target, source = pair.split("<-")
            t = 0 if target == "N" else 2
            energy_MeV = float(cell.neighbour_MeV[t, PARTS[source]].sum())
            found[f"{d} um, {pair}"] = GY_KG_PER_MEV * energy_MeV / (1e-3 * cell.mass_g[t])
    return found
