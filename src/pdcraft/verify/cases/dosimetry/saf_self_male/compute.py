"""Photon self-absorption in organs of the adult male."""

from pdcraft.library.phantom_tables import saf_photon

TARGETS_OF = {
    "thyroid": ("thyroid",),
    "liver": ("liver",),
    "kidneys": ("kidneys",),
    "spleen": ("spleen",),
    "lungs": ("lungs",),
    "total body": ("total body",),
}  # fmt: skip
ENERGIES_MEV = (0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 1.5, 2, 4)


def compute() -> dict[str, float]:
    sources, targets, energy_MeV, saf, _ = saf_photon("adult_male")
    at, grid = targets.index, energy_MeV.tolist()
    return {
        f"{target} <- {source}, {E:g} MeV": saf[at(target), sources.index(source), grid.index(E)]
        for source, its_targets in TARGETS_OF.items()
        for target in its_targets
        for E in ENERGIES_MEV
    }
