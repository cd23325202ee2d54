"""Indometacin, intravenous: both amplitudes and the fast rate vary, additive error."""

from pathlib import Path

import numpy as np

from pdcraft import library
from pdcraft.kinetics import estimation

SD = np.array([0.5713, 0.1581, 0.1115])


def compute() -> dict[str, float]:
    theta = {
        "A1": 2.82760992, "K1": np.exp(0.77321349), "A2": 0.46097136, "K2": np.exp(-1.34510053),
    }  # fmt: skip
    model = estimation.PopulationModel(
        estimation.ExponentialSum(2), {k: estimation.Theta(v) for k, v in theta.items()},
        np.diag(SD**2), ("A1", "K1", "A2"), ("normal", "lognormal", "normal"),
        {"additive": 0.08149662},
    )  # fmt: skip
    records = library.event_records(Path(__file__).with_name("data.csv"))
    steps = estimation.prepare(model, records)
    objective = estimation.objective_at(model, steps, method="foce")
    return {"log-likelihood": -0.5 * (objective + records.observations * np.log(2 * np.pi))}
