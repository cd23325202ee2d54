"""Three skeletons; the MTD is level 3 by prior guess."""

from pdcraft.trial import Empiric, FixedIntercept, skeleton

CASES = (
    ("logistic", FixedIntercept(3.0), 0.25, 0.10, 6),
    ("empiric", Empiric(), 0.25, 0.05, 5),
    ("empiric", Empiric(), 0.30, 0.05, 6),
)


def compute() -> dict[str, float]:
    found = {}
    for name, model, target, halfwidth, levels in CASES:
        rates = skeleton(target, halfwidth, prior_mtd=3, levels=levels, model=model)
        here = f"{name}, target {target:.2f}, halfwidth {halfwidth:.2f}"
        found |= {f"{here}, level {j}": p for j, p in enumerate(rates, start=1)}
    return found
