"""Spheres from a cell to a small lesion."""

import math

from pdcraft import dosimetry, library

_RADII_UM = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


def compute() -> dict[str, float]:
    emitted, water = library.emissions("I-131"), library.electrons_in_water()
    mass_g = [4 / 3 * math.pi * (1e-4 * r) ** 3 for r in _RADII_UM]
    share = dosimetry.mean_electron_absorbed_fraction(emitted, mass_g, water)
    return {f"radius {r} um": float(v) for r, v in zip(_RADII_UM, share, strict=True)}
