"""Photon cross-fire between organs of the adult female."""

from pdcraft.library.phantom_tables import saf_photon

TARGETS_OF = {
    "thyroid": ("lungs", "muscle", "skin", "brain"),
    "gall bladder contents": ("gall bladder wall", "liver", "upper large intestine wall",
        "pancreas", "kidneys"),
    "heart contents": ("heart wall", "lungs", "liver", "breasts", "thymus", "stomach wall",
        "pancreas", "muscle"),
    "heart wall": ("liver",),
}  # fmt: skip
ENERGIES_MEV = (0.05, 0.1, 0.2, 0.5, 1)


def compute() -> dict[str, float]:
    sources, targets, energy_MeV, saf, _ = saf_photon("adult_female")
    at, grid = targets.index, energy_MeV.tolist()
    return {
        f"{target} <- {source}, {E:g} MeV": saf[at(target), sources.index(source), grid.index(E)]
        for source, its_targets in TARGETS_OF.items()
        for target in its_targets
        for E in ENERGIES_MEV
    }
