"""First and second transport cross sections per molecule of water."""

import numpy as np

from pdcraft.dosimetry.core.scattering import transport
from pdcraft.library.electron_data import atoms, matter

ENERGIES_MEV = (0.001, 0.01, 0.1, 1.0, 5.0)


def compute() -> dict[str, float]:
    composition, density, _ = matter("water")
    water = atoms(composition, density)
    molecules = water[water[:, 0] == 8, 1].item()
    energy_MeV = np.array(ENERGIES_MEV)
    return {
        f"order {n}, {E:g} MeV": float(value / molecules)
        for n in (1, 2)
        for E, value in zip(ENERGIES_MEV, transport(n, energy_MeV, water), strict=True)
    }
