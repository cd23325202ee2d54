"""Exact operating characteristics of the CRM as in dfcrm, target 0.30."""

from pdcraft.trial import (
    CRM,
    Coherent,
    Design,
    OneLevelUp,
    StopAt,
    operating_characteristics,
    skeleton,
)

GUESS = skeleton(0.30, 0.05, prior_mtd=3, levels=5)
RULES = (CRM(0.30, GUESS, estimator="plug-in"), OneLevelUp(), Coherent(0.30), StopAt(30))
DESIGN = Design(RULES, 5)
SCENARIOS = {
    "S1": (0.05, 0.15, 0.30, 0.45, 0.60),
    "S2": (0.05, 0.10, 0.20, 0.30, 0.45),
    "S3": (0.30, 0.40, 0.50, 0.60, 0.70),
    "S4": (0.05, 0.10, 0.15, 0.20, 0.25),
    "S5": (0.15, 0.30, 0.45, 0.60, 0.75),
    "S6": (0.01, 0.03, 0.08, 0.15, 0.30),
    "S7": (0.12, 0.27, 0.44, 0.53, 0.57),
    "S8": (0.03, 0.05, 0.10, 0.18, 0.22),
    "S9": (0.45, 0.55, 0.65, 0.75, 0.85),
    "S10": (0.02, 0.05, 0.30, 0.70, 0.90),
}


def compute() -> dict[str, float]:
    oc = operating_characteristics(DESIGN, list(SCENARIOS.values()))
    found = {}
    for i, name in enumerate(SCENARIOS):
        found[f"{name} none selected"] = oc.none[i]
        found[f"{name} patients"] = oc.patients[i].sum()
        for j in range(5):
            found[f"{name} selected {j + 1}"] = oc.selected[i, j]
            found[f"{name} patients {j + 1}"] = oc.patients[i, j]
            found[f"{name} DLT {j + 1}"] = oc.dlt[i, j]
    return found
