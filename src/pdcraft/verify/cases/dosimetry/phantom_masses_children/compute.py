"""Organ masses of the stylised children: volumes of our shapes times the densities."""

from pdcraft.library.phantom_tables import organ_masses_g

ORGANS = (
    "adrenals", "brain", "gall bladder contents", "gall bladder wall", "heart contents",
    "heart wall", "kidneys", "liver", "lower large intestine contents",
    "lower large intestine wall", "lungs", "ovaries", "pancreas", "skin", "small intestine",
    "spleen", "stomach contents", "stomach wall", "testes", "thymus", "thyroid",
    "upper large intestine contents", "upper large intestine wall", "urinary bladder wall",
    "uterus",
)  # fmt: skip


def compute() -> dict[str, float]:
    return {
        f"{organ}, {name}": organ_masses_g(name)[organ]
        for name in ("newborn", "age_1", "age_5", "age_10")
        for organ in ORGANS
    }
