"""A woman, ECOG 1 or more, treated before, alpha-1 acid glycoprotein 2.54 g/L; drug as given."""

from pathlib import Path

import numpy as np

from pdcraft import library
from pdcraft.kinetics import estimation

ABOVE = 2.54 - 1.34  # g/L over the reference
BASELINE = 5.21965 * (1 - 0.121451) * (1 + 0.130406) * (1 - 0.146837) * (1 + 0.494618 * ABOVE)
SLOPE = 15.5711 / 0.808 * (1 - 0.350693 * ABOVE)  # L/umol at 808 g/mol, to L/mg


def compute() -> dict[str, float]:
    model = estimation.PopulationModel(
        estimation.Friberg(driven=True),
        {"CIRC0": estimation.Theta(BASELINE), "MTT": estimation.Theta(84.1791),
         "GAMMA": estimation.Theta(0.144543), "SLOPE": estimation.Theta(SLOPE)},
        np.diag([0.0639703, 0.0191785, 0.128412]), ("CIRC0", "MTT", "SLOPE"),
        ("lognormal",) * 3, {"additive": 0.424093}, "log", columns={"CP": "CP"},
    )  # fmt: skip
    file = Path(__file__).with_name("data.csv")
    records = library.event_records(file, covariates=("CP",), carry="nocb")
    steps = estimation.prepare(model, records, carry="nocb")
    objective, free = estimation.Objective(model, "focei"), model.start()
    eta = objective.modes(free, np.zeros((1, 3)), steps)
    value = np.asarray(objective.values(free, eta, steps)).sum()
    names = ("eta of baseline", "eta of transit", "eta of slope")
    return {"objective": float(value)} | dict(zip(names, np.asarray(eta[0], float), strict=True))
