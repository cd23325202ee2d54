"""Exact selection of the CRM as in dfcrm, target 0.30."""

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
TRIALS = 10_000
SCENARIOS = {
    "S1": (0.05, 0.15, 0.30, 0.45, 0.60),
    "S5": (0.15, 0.30, 0.45, 0.60, 0.75),
    "S8": (0.03, 0.05, 0.10, 0.18, 0.22),
}


def compute() -> dict[str, tuple[float, float]]:
    oc = operating_characteristics(DESIGN, list(SCENARIOS.values()))
    found = {}
    for i, name in enumerate(SCENARIOS):
        chances = {f"selected {j + 1}": oc.selected[i, j] for j in range(5)}
        for what, p in chances.items():
            found[f"{name} {what}"] = (100 * p, 100 * (p * (1 - p) / TRIALS) ** 0.5)
    return found
