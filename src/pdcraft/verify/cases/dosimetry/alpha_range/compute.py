"""Ranges at the energies of the reference."""

from pdcraft import dosimetry, library

_MEV = (0.1, 0.5, 1, 2, 4, 5, 5.5, 6, 8, 10)


def compute() -> dict[str, float]:
    reach = dosimetry.csda_range_g_per_cm2(library.alphas_in_water(), _MEV)
    return {f"{E:g} MeV": float(r) for E, r in zip(_MEV, reach, strict=True)}
