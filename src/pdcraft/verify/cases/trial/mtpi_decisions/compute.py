"""Decisions of mTPI after every count."""

from pdcraft.trial import MTPI

CODE = {"escalate": 1, "stay": 0, "de-escalate": -1}


def compute() -> dict[str, float]:
    found = {}
    for target in (0.25, 0.30):
        rule = MTPI(target)
        for n in range(1, 16):
            closed = rule.eliminate_at(n)
            for dlt in range(n + 1):
                decision = CODE[rule.verdict(n, dlt).decision]
                eliminated = closed is not None and dlt >= closed
                found[f"target {target:.2f} {dlt} of {n}"] = -2 if eliminated else decision
    return found
