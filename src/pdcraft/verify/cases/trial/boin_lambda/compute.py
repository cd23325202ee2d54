"""Interval boundaries of BOIN at seven targets."""

from pdcraft.trial import BOIN

TARGETS = (0.15, 0.20, 0.25, 0.30, 0.33, 0.35, 0.40)


def compute() -> dict[str, float]:
    found = {}
    for target in TARGETS:
        found[f"target {target:.2f} lambda_e"] = BOIN(target).lambda_e
        found[f"target {target:.2f} lambda_d"] = BOIN(target).lambda_d
    return found
