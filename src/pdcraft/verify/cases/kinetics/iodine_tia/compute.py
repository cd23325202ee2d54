"""Organs and nuclides of the published iodine model."""

from pdcraft import kinetics, library


def compute() -> dict[str, float]:
    model = kinetics.IodineICRP137(library.graph("iodine_icrp137"))
    rate = {
        n: float(library.chain(n, daughters="leave").rate_per_h[0])
        for n in ("I-131", "I-124", "I-123", "I-125")
    }
    found = {
        f"I-131 {organ}": float(v) for organ, v in model.time_integrated_h(rate["I-131"]).items()
    }
    for nuclide in ("I-124", "I-123", "I-125"):
        tia = model.time_integrated_h(rate[nuclide])
        found[f"{nuclide} thyroid"] = float(tia["thyroid"])
    return found
