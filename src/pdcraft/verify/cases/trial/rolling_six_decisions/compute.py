"""The decision of every row of the table that the unmodified rolling six allows."""

from pdcraft.trial import RollingSix

CODE = {"escalate": 1, "stay": 0, "de-escalate": -1, "suspend": 9}


def compute() -> dict[str, float]:
    rule, found = RollingSix(), {}
    for n in range(1, 7):
        for observed in range(n + 1):
            for dlt in range(min(observed, 2) + 1):
                if (n, observed, dlt) == (6, 6, 0):  # not printed
                    continue
                verdict = rule.decide(n, dlt, pending=n - observed)
                found[f"{n} enrolled {observed} observed {dlt} DLT"] = CODE[verdict.decision]
    return found
