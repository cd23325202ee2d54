"""Photon energy to and from active marrow of the adult male."""

from pdcraft.library.phantom_tables import saf_photon

TARGETS_OF = {
    "heart contents": ("red marrow",),
    "thyroid": ("red marrow",),
    "pancreas": ("red marrow",),
    "uterus": ("red marrow",),
    "ovaries": ("red marrow",),
    "red marrow": ("red marrow", "lungs", "muscle", "skin", "brain"),
}  # fmt: skip
ENERGIES_MEV = (0.1, 0.2, 0.5, 1, 1.5)


def compute() -> dict[str, float]:
    sources, targets, energy_MeV, saf, _ = saf_photon("adult_male")
    at, grid = targets.index, energy_MeV.tolist()
    return {
        f"{target} <- {source}, {E:g} MeV": saf[at(target), sources.index(source), grid.index(E)]
        for source, its_targets in TARGETS_OF.items()
        for target in its_targets
        for E in ENERGIES_MEV
    }
