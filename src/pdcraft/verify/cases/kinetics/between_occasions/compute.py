"""10 A exp(-0.1 t), A = 1.1 + eta + kappa, variances 0.2 and 0.1, error 0.7; two or three days."""

from pathlib import Path

import numpy as np

from pdcraft import library
from pdcraft.kinetics import estimation


def compute() -> dict[str, float]:
    theta = {"A1": estimation.Theta(1.1), "K1": estimation.Theta(0.1)}
    model = estimation.PopulationModel(
        estimation.ExponentialSum(1), theta, np.array([[0.2]]), ("A1",), ("normal",),
        {"additive": 0.7}, "additive",
        occasions=estimation.Occasions("OCC", {"A1": 0.1}, ("normal",)),
    )  # fmt: skip
    records = library.event_records(Path(__file__).with_name("data.csv"), covariates=("OCC",))
    model = model.with_occasions(records)
    steps = estimation.prepare(model, records)
    return {
        f"objective by {method}": estimation.objective_at(model, steps, method=method)
        for method in estimation.METHODS
    }
