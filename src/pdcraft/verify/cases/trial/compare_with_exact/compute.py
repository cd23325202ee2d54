"""Simulated selection and its Monte Carlo error; seed 20."""

from pdcraft.trial import BOIN, CRM, Coherent, Design, OneLevelUp, StopAt, compare, skeleton

GUESS = skeleton(0.30, 0.05, prior_mtd=3, levels=5)
CRM_RULES = (CRM(0.30, GUESS, estimator="plug-in"), OneLevelUp(), Coherent(0.30), StopAt(30))
DESIGNS = {"BOIN": Design((BOIN(0.30), StopAt(30)), 5), "CRM": Design(CRM_RULES, 5)}


def compute() -> dict[str, tuple[float, float]]:
    found = compare(DESIGNS, (0.05, 0.15, 0.30, 0.45, 0.60), trials=4_000, seed=20)
    return {
        f"{name} selected {j + 1}": (float(mc.selected[j]), float(mc.selected_se[j]))
        for name, mc in found.items()
        for j in range(5)
    }
