"""Everything is given as free iodide to the whole-body model of the reference man."""

import numpy as np

from pdcraft import kinetics, library


def compute() -> dict[str, float]:
    man = library.physiology("adult_male")
    model = kinetics.PBPK((man,), library.graph("iodine_icrp137"))
    parameters = library.parameters("kinetics/clr1404_pbpk")
    who = kinetics.subject(man, parameters, {"thyroid.blockade": 0.0})
    thyroid, found = model.places.index("thyroid"), {}
    for nuclide in ("I-131", "I-124", "I-123", "I-125"):
        decay = float(library.chain(nuclide, daughters="leave").rate_per_h[0])
        x = model.transform_h(who, decay, as_iodide=True)
        found[f"thyroid {nuclide}"] = float(x[0, thyroid].sum())
    modes = kinetics.common_modes(model.slowest_per_h, model.fastest_per_h, model.modes)
    x = model.transform_h(who, modes.node_per_h, as_iodide=True)
    share = modes.coefficients(x)[:, thyroid].sum(axis=-1) @ np.exp(-24.0 * modes.rate_per_h)
    return {**found, "thyroid content after 24 h without decay": 100 * float(share)}
