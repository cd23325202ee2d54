"""Exact success of the design in the README of BOP2FE."""

from pdcraft.trial import BOP2


def compute() -> dict[str, tuple[float, float]]:
    design = BOP2(0.2, (10, 15, 20, 25, 30, 35, 40), lam=0.9, gamma=1.0, eta=2.1)
    found = {}
    for at, p in (("p0", 0.2), ("p1", 0.4)):
        succeeds = design.characteristics(p).succeeds
        found[f"succeeds at {at}"] = (succeeds, (succeeds * (1 - succeeds) / 1_000) ** 0.5)
    return found
