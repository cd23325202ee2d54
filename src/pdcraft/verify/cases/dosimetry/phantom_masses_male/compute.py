"""Organ masses of the stylised adult male: volumes of our shapes times the densities."""

from pdcraft.library.phantom_tables import organ_masses_g

ORGANS = (
    "adrenals", "brain", "breasts", "gall bladder contents", "gall bladder wall",
    "lower large intestine contents", "lower large intestine wall", "small intestine",
    "stomach contents", "stomach wall", "upper large intestine contents",
    "upper large intestine wall", "heart contents", "heart wall", "kidneys", "liver", "lungs",
    "ovaries", "pancreas", "muscle", "skin", "spleen", "testes", "thymus", "thyroid",
    "urinary bladder contents", "urinary bladder wall", "uterus", "skeleton", "total body",
)  # fmt: skip


def compute() -> dict[str, float]:
    masses = organ_masses_g("adult_male")
    return {organ: masses[organ] for organ in ORGANS}
