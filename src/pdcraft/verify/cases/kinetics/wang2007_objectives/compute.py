"""Ten patients, two concentrations each, bolus into one compartment, k = 0.5 exp(eta)."""

from pathlib import Path

import numpy as np

from pdcraft import library
from pdcraft.kinetics import estimation

VARIANCE = 0.1


def compute() -> dict[str, float]:
    records = library.event_records(Path(__file__).with_name("data.csv"))
    found = {}
    for error, second in (("additive", "foce"), ("proportional", "focei")):
        model = estimation.PopulationModel(
            estimation.one_compartment(),
            {"CL": estimation.Theta(0.5), "V": estimation.Theta(1.0, fixed=True)},
            np.array([[0.04]]), ("CL",), ("lognormal",), {error: VARIANCE**0.5}, error,
        )  # fmt: skip
        steps = estimation.prepare(model, records)
        for method in ("fo", second, "laplace"):
            found[f"{error} {method}"] = estimation.objective_at(model, steps, method=method)
    return found
