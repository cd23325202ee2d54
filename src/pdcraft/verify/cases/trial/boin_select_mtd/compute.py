"""The example of select.mtd in the R package BOIN."""

from pdcraft.trial import BOIN, History, estimated_rates, overdose_probabilities

N, DLT = (3, 3, 15, 9), (0, 0, 4, 4)


def compute() -> dict[str, float]:
    rates = estimated_rates(N, DLT)
    above = overdose_probabilities(0.30, N, DLT)
    return (
        {"MTD": BOIN(0.30).select_mtd(History.of_counts(N, DLT, level=3))}
        | {f"isotonic rate at level {j}": p for j, p in enumerate(rates, start=1)}
        | {f"probability above target at level {j}": p for j, p in enumerate(above, start=1)}
    )
