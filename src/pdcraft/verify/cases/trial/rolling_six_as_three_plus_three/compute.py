"""Exact selection by the rolling six when outcomes are complete, one patient at a time."""

from pdcraft.trial import Design, RollingSix

SCENARIOS = {
    "S1": (0.05, 0.15, 0.3, 0.45, 0.6),
    "S2": (0.05, 0.1, 0.2, 0.3, 0.45),
    "S3": (0.3, 0.4, 0.5, 0.6, 0.7),
    "S4": (0.05, 0.1, 0.15, 0.2, 0.25),
    "S5": (0.15, 0.3, 0.45, 0.6, 0.75),
    "S6": (0.01, 0.03, 0.08, 0.15, 0.3),
    "S7": (0.12, 0.27, 0.44, 0.53, 0.57),
    "S8": (0.03, 0.05, 0.1, 0.18, 0.22),
    "S9": (0.45, 0.55, 0.65, 0.75, 0.85),
    "S10": (0.02, 0.05, 0.3, 0.7, 0.9),
}


def compute() -> dict[str, float]:
    oc = Design((RollingSix(),), 5, 1).operating_characteristics(list(SCENARIOS.values()))
    found = {}
    for i, name in enumerate(SCENARIOS):
        found[f"{name} none"] = oc.none[i]
        found |= {f"{name} level {j + 1}": oc.selected[i, j] for j in range(5)}
    return found
