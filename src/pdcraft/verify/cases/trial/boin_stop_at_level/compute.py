"""Exact selection in percent, with the standard error of 10,000 trials."""

from pdcraft.trial import BOIN, Design, StopAt, StopAtLevel, StopWhenTooToxic


def compute() -> dict[str, tuple[float, float]]:
    rules = (StopWhenTooToxic(0.25, 0.85), BOIN(0.25), StopAt(30), StopAtLevel(9))
    oc = Design(rules, 2).operating_characteristics([0.1, 0.5])
    chances = {"none": float(oc.none), "1": oc.selected[0], "2": oc.selected[1]}
    return {
        f"selected {what}": (100 * p, 100 * (p * (1 - p) / 10_000) ** 0.5)
        for what, p in chances.items()
    }
