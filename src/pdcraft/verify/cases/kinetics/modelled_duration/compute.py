"""CL 2 L/h, V 10 L, lag 0.5 h, F 0.6; 100 mg over 3.2 h three times; 80 mg at 7.5 mg/h for ever."""

from pathlib import Path

import numpy as np

from pdcraft import library
from pdcraft.kinetics import estimation

VALUES = {"CL": 2.0, "V": 10.0, "ALAG": 0.5, "F": 0.6, "D": 3.2, "R": 7.5}


def compute() -> dict[str, float]:
    model = estimation.PopulationModel(
        estimation.Absorbed(estimation.one_compartment(), True, True, True, True),
        {k: estimation.Theta(v) for k, v in VALUES.items()}, np.array([[0.1]]), ("D",),
        ("lognormal",), {"additive": 1.0}, "additive",
    )  # fmt: skip
    records = library.event_records(Path(__file__).with_name("data.csv"))
    steps = estimation.prepare(model, records)
    found = np.asarray(estimation.typical_values(model, steps))
    what = ("modelled duration", "steady state of a modelled rate")
    return {
        f"{what[i]}: at {float(steps.time_h[i, j]):g} h": found[i, j]
        for i, j in np.argwhere(np.asarray(steps.is_observed))
    }
