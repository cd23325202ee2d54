"""Exact operating characteristics of three variants of the 3+3."""

from pdcraft.trial import Design, ThreePlusThree, operating_characteristics

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
    found = {}
    for variant in "ABC":
        design = Design((ThreePlusThree(variant),), 5)
        for name, rates in SCENARIOS.items():
            oc = operating_characteristics(design, rates)
            found[f"{variant} {name} none selected"] = oc.none
            found[f"{variant} {name} patients"] = oc.patients.sum()
            for j in range(5):
                found[f"{variant} {name} selected {j + 1}"] = oc.selected[j]
                found[f"{variant} {name} patients {j + 1}"] = oc.patients[j]
                found[f"{variant} {name} DLT {j + 1}"] = oc.dlt[j]
    return found
