"""A 3+3 with a single level, by merged states."""

from pdcraft.trial import Design, ThreePlusThree, operating_characteristics

RATES = (0.01, 0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.33, 0.40, 0.50, 0.60, 0.70, 0.80)


def compute() -> dict[str, float]:
    design = Design(rules=(ThreePlusThree("A"),), levels=1)
    found = {}
    for p in RATES:
        oc = operating_characteristics(design, [p])
        found[f"p = {p:.2f} passes"] = oc.selected[0]
        found[f"p = {p:.2f} stops"] = oc.none
        found[f"p = {p:.2f} patients"] = oc.patients[0]
        found[f"p = {p:.2f} DLT"] = oc.dlt[0]
    return found
