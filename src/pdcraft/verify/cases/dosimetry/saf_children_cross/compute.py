"""Photon cross-fire in the stylised children."""

from pdcraft.library.phantom_tables import saf_photon

PAIRS = """
newborn: heart wall <- heart contents; urinary bladder wall <- urinary bladder contents; liver
  <- kidneys; spleen <- kidneys; adrenals <- kidneys; stomach wall <- liver; heart wall <-
  liver; muscle <- liver; muscle <- kidneys; red marrow <- liver; red marrow <- kidneys; thymus
  <- heart contents; liver <- total body; brain <- total body; kidneys <- total body
age_1: urinary bladder wall <- urinary bladder contents; heart wall <- heart contents; liver <-
  heart wall; stomach wall <- heart wall; thymus <- heart wall; muscle <- heart wall; muscle <-
  uterus; red marrow <- heart wall; liver <- total body; kidneys <- total body
age_5: liver <- kidneys; spleen <- kidneys; adrenals <- kidneys; lungs <- liver; stomach wall <-
  liver; heart wall <- liver; muscle <- liver; muscle <- kidneys; red marrow <- liver; liver <-
  total body; kidneys <- total body
age_10: liver <- heart wall; stomach wall <- heart wall; lungs <- heart wall; thymus <- heart
  wall; muscle <- heart wall; muscle <- uterus; liver <- total body; kidneys <- total body
"""
ENERGIES_MEV = (0.05, 0.1, 0.2, 0.5, 1)


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
