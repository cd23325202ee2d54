"""Photon cross-fire from organs whose place is hard to check otherwise, adult male."""

from pdcraft.library.phantom_tables import saf_photon

TARGETS_OF = {
    "gall bladder contents": ("gall bladder wall", "liver", "upper large intestine wall",
        "small intestine", "pancreas", "kidneys", "stomach wall"),
    "heart contents": ("heart wall", "lungs", "thymus", "liver", "stomach wall", "breasts",
        "spleen", "pancreas", "skin", "muscle"),
    "uterus": ("urinary bladder wall", "small intestine", "upper large intestine wall",
        "lower large intestine wall", "ovaries", "kidneys"),
    "thyroid": ("lungs", "muscle", "skin"),
    "pancreas": ("stomach wall", "spleen", "adrenals", "liver", "kidneys"),
    "ovaries": ("upper large intestine wall", "small intestine"),
}  # fmt: skip
ENERGIES_MEV = (0.05, 0.1, 0.2, 0.5, 1)


def compute() -> dict[str, float]:
    sources, targets, energy_MeV, saf, _ = saf_photon("adult_male")
    at, grid = targets.index, energy_MeV.tolist()
    return {
        f"{target} <- {source}, {E:g} MeV": saf[at(target), sources.index(source), grid.index(E)]
        for source, its_targets in TARGETS_OF.items()
        for target in its_targets
        for E in ENERGIES_MEV
    }
