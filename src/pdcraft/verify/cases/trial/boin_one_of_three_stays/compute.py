"""Exact operating characteristics of BOIN with and without the rule of one in three."""

from pdcraft.trial import BOIN, Design, StopAt, StopAtLevel

DLT = (
    (0.25, 0.41, 0.45, 0.49, 0.53),
    (0.12, 0.25, 0.42, 0.49, 0.55),
    (0.04, 0.12, 0.25, 0.43, 0.63),
    (0.02, 0.06, 0.10, 0.25, 0.40),
    (0.02, 0.05, 0.08, 0.11, 0.25),
)


def compute() -> dict[str, float]:
    found = {}
    for table, stays in (("Table 4", True), ("Table A2", True), ("Table A16", False)):
        rule = BOIN(0.25, stay_on_1_of_3=stays)
        design = Design((rule, StopAtLevel(9), StopAt(30)), 5)
        oc = design.operating_characteristics(DLT)
        for i in range(5):
            name = f"{table} scenario {i + 1}"
            found[f"{name} selects the MTD"] = 100 * oc.selected[i, i]
            if i < 4:
                found[f"{name} selects a level above"] = 100 * oc.selected[i, i + 1 :].sum()
            found[f"{name} patients"] = oc.patients[i].sum()
    return found
