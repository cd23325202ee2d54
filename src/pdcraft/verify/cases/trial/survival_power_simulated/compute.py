"""Power by recursion; the drift is that of Schoenfeld, ln(1/h) sqrt(d)/2."""

import math

from pdcraft.trial import OBrienFlemingLike, error_spending

EVENTS = (124.0, 186.0, 247.0)


def compute() -> dict[str, tuple[float, float]]:
    design = error_spending(EVENTS, alpha=0.025, spending=OBrienFlemingLike())
    power = design.rejects(-math.log(0.7) * math.sqrt(EVENTS[-1]) / 2).sum()
    return {"power": (power, math.sqrt(power * (1 - power) / 10_000))}
