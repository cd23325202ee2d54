"""Decision tables of the keyboard design at five targets."""

from pdcraft.trial import Keyboard

TARGETS = (0.20, 0.25, 0.30, 0.33, 0.35)


def compute() -> dict[str, float]:
    found = {}
    for target in TARGETS:
        for row in Keyboard(target, margin=0.05).decision_table(30):
            here = f"target {target:.2f} n = {row.n}"
            found[f"{here} escalate at most"] = row.escalate_if_at_most
            found[f"{here} de-escalate at least"] = row.deescalate_if_at_least
            found[f"{here} eliminate at least"] = row.eliminate_if_at_least or 0
    return found
