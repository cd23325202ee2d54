"""Photon self-absorption in the stylised children."""

from pdcraft.library.phantom_tables import saf_photon

PAIRS = """
newborn: liver <- liver; heart wall <- heart wall; adrenals <- adrenals; lower large intestine
  wall <- lower large intestine wall; urinary bladder wall <- urinary bladder wall
age_1: heart wall <- heart wall; urinary bladder wall <- urinary bladder wall
age_5: kidneys <- kidneys; liver <- liver; heart wall <- heart wall; uterus <- uterus; lower
  large intestine wall <- lower large intestine wall; urinary bladder wall <- urinary bladder
  wall
age_10: heart wall <- heart wall; uterus <- uterus; adrenals <- adrenals
"""
ENERGIES_MEV = (0.1, 0.2, 0.5, 1)


def compute() -> dict[str, float]:
    found = {}
    for line in PAIRS.replace("\n  ", " ").strip().splitlines():
        name, _, pairs = line.partition(": ")
        sources, targets, energy_MeV, saf, _ = saf_photon(name)
        for target, source in (pair.split(" <- ") for pair in pairs.split("; ")):
            for E in ENERGIES_MEV:
                e = energy_MeV.tolist().index(E)
                key = f"{target} <- {source}, {name}, {E:g} MeV"
                found[key] = saf[targets.index(target), sources.index(source), e]
    return found
