"""Toxicities that change the level, for every number of patients of the published table."""

from pdcraft.trial import BOIN


def compute() -> dict[str, float]:
    rows = {row.n: row for row in BOIN(0.25, stay_on_1_of_3=True).decision_table(30)}
    found = {}
    for n in range(3, 31):
        found[f"n = {n} escalate if at most"] = rows[n].escalate_if_at_most
        found[f"n = {n} de-escalate from"] = rows[n].deescalate_if_at_least
        found[f"n = {n} eliminate from"] = rows[n].eliminate_if_at_least
    return found
