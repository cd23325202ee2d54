"""Electrons above 10 keV in the sphere that pyPenred was run on."""

import numpy as np

from pdcraft import library
from pdcraft.dosimetry.sphere import ElectronSpheres, electron_absorbed_fraction
from pdcraft.library.electron_data import sphere_fractions


def compute() -> dict[str, float]:
    water, spheres, found = library.electrons_in_water(), ElectronSpheres(*sphere_fractions()), {}
    for nuclide in ("I-131", "Lu-177", "Y-90"):
        emitted = library.emissions(nuclide)
        E, y = np.asarray(emitted.electron_MeV), np.asarray(emitted.electron_yield)
        E, y = E[E > 0.01], y[E > 0.01]
        share = electron_absorbed_fraction(E, 20.0, water, spheres=spheres)
        found[f"{nuclide} electrons in 20 g"] = float((share * E * y).sum() / (E * y).sum())
    return found
