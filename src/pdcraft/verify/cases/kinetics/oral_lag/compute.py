"""100 mg at 0, 6 and 12 h; lag 0.7 h, F 0.6, KA 1.2/h, CL 3 L/h, V 30 L."""

from pathlib import Path

import numpy as np

from pdcraft import library
from pdcraft.kinetics import estimation

VALUES = {"CL": 3.0, "V": 30.0, "KA": 1.2, "ALAG": 0.7, "F": 0.6}


def compute() -> dict[str, float]:
    records = library.event_records(Path(__file__).with_name("data.csv"), dvid=(1, 2))
    oral = estimation.one_compartment(oral=True, others=((0, None),))
    model = estimation.PopulationModel(
        estimation.Absorbed(oral, has_lag=True, has_share=True),
        {k: estimation.Theta(v) for k, v in VALUES.items()}, np.array([[0.1]]), ("CL",),
        ("lognormal",), {"additive": 1.0, "depot.additive": 1.0}, "additive",
        kinds=(("depot", "additive"),),
    )  # fmt: skip
    steps = estimation.prepare(model, records)
    found = np.asarray(estimation.typical_values(model, steps))[0]
    return {
        f"{('plasma', 'depot')[steps.kind[0, j]]} at {float(steps.time_h[0, j]):g} h": found[j]
        for j in np.flatnonzero(np.asarray(steps.is_observed)[0])
    }
