"""Theophylline, oral: KA and clearance vary, additive error."""

from pathlib import Path

import numpy as np

from pdcraft import library
from pdcraft.kinetics import estimation

SD = np.array([0.6435737, 0.1669282])


def compute() -> dict[str, float]:
    structure = estimation.Linear(
        ("depot", "central"), ((0, 1, "KA", None), (1, None, "KE", None)), 1, ("CL", "KE"),
        (("KA", "1/time"), ("KE", "1/time"), ("CL", "volume/time")),
    )  # fmt: skip
    logs = {"KE": -2.45470459, "KA": 0.46573714, "CL": -3.22722298}
    model = estimation.PopulationModel(
        structure, {name: estimation.Theta(np.exp(v)) for name, v in logs.items()},
        np.diag(SD**2), ("KA", "CL"), ("lognormal",) * 2, {"additive": 0.7092545},
    )  # fmt: skip
    records = library.event_records(Path(__file__).with_name("data.csv"))
    steps = estimation.prepare(model, records)
    objective = estimation.objective_at(model, steps, method="foce")
    return {"log-likelihood": -0.5 * (objective + records.observations * np.log(2 * np.pi))}
