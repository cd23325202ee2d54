"""Electron energy in the sphere that pyPenred was run on."""

from pdcraft import dosimetry, library


def compute() -> dict[str, float]:
    water, found = library.electrons_in_water(), {}
    for nuclide in ("I-131", "Y-90"):
        emitted = library.emissions(nuclide)
        share = dosimetry.mean_electron_absorbed_fraction(emitted, 20.0, water)
        found[f"{nuclide} electrons in 20 g"] = float(share) * emitted.energy_MeV("electron")
    return found
