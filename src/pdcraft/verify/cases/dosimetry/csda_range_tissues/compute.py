"""Ranges at the energies of the reference."""

from pdcraft import dosimetry, library

_MEV = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3)


def compute() -> dict[str, float]:
    found = {}
    for medium in ("soft_tissue", "lung", "cortical_bone", "adipose"):
        reach = dosimetry.csda_range_g_per_cm2(library.electrons_in(medium), _MEV)
        title = medium.replace("_", " ")
        found |= {f"{title}, {E:g} MeV": float(r) for E, r in zip(_MEV, reach, strict=True)}
    return found
