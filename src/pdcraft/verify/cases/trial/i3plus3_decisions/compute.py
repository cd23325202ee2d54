"""Decisions of the i3+3 after every count."""

from pdcraft.trial import I3Plus3

CODE = {"escalate": 1, "stay": 0, "de-escalate": -1}
INTERVALS = ((0.30, 0.25, 0.35), (0.25, 0.20, 0.30), (0.30, 0.20, 0.40))


def compute() -> dict[str, float]:
    found = {}
    for target, low, high in INTERVALS:
        rule = I3Plus3(target, low=low, high=high)
        for n in range(1, 13):
            closed = rule.eliminate_at(n)
            for dlt in range(n + 1):
                decision = CODE[rule.verdict(n, dlt).decision]
                eliminated = closed is not None and dlt >= closed
                here = f"target {target:.2f} in {low:.2f} to {high:.2f}, {dlt} of {n}"
                found[here] = -2 if eliminated else decision
    return found
