"""The woman of the case of the objective function, without random effects."""

from pathlib import Path

import numpy as np

from pdcraft import library
from pdcraft.kinetics import estimation

ABOVE = 2.54 - 1.34  # g/L of alpha-1 acid glycoprotein over the reference
BASELINE = 5.21965 * (1 - 0.121451) * (1 + 0.130406) * (1 - 0.146837) * (1 + 0.494618 * ABOVE)
SLOPE = 15.5711 / 0.808 * (1 - 0.350693 * ABOVE)  # L/umol at 808 g/mol, to L/mg


def compute() -> dict[str, float]:
    model = estimation.PopulationModel(
        estimation.Friberg(driven=True),
        {"CIRC0": estimation.Theta(BASELINE), "MTT": estimation.Theta(84.1791),
         "GAMMA": estimation.Theta(0.144543), "SLOPE": estimation.Theta(SLOPE)},
        np.eye(1), ("MTT",), ("lognormal",), {"additive": 1.0}, columns={"CP": "CP"},
    )  # fmt: skip
    file = Path(__file__).parents[1] / "docetaxel_neutrophils" / "data.csv"
    records = library.event_records(file, covariates=("CP",), carry="nocb")
    counts = estimation.typical_values(model, estimation.prepare(model, records, carry="nocb"))
    at = {h: float(np.asarray(counts)[0, list(records.time_h).index(h)]) for h in (168, 336, 504)}
    return {"baseline": BASELINE} | {f"after {h} h": x for h, x in at.items()}
