"""Each organ at its two tolerance doses."""

from pdcraft.biology import ntcp, slope_from_tolerances
from pdcraft.library import parameters


def compute() -> dict[str, float]:
    held, found = parameters("tissues/late_tolerance"), {}
    for name in ("kidneys", "liver", "lungs", "thyroid", "salivary glands"):
        td5, td50 = held[f"{name}.td5"].value, held[f"{name}.td50"].value
        slope = slope_from_tolerances(td5, td50)
        for dose in (td5, td50):
            risk = 100.0 * float(ntcp(dose, td50_Gy=td50, slope=slope))
            found[f"{name} at {dose:g} Gy"] = risk
    return found
