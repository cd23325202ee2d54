"""Titration by single patients, exactly."""

from pdcraft.trial import BOIN, AcceleratedTitration, Design, StopAt, operating_characteristics


def compute() -> dict[str, float]:
    design = Design((BOIN(0.30), AcceleratedTitration(), StopAt(3)), 3)
    oc = operating_characteristics(design, [0.2, 0.3, 0.4])
    return {f"patients at level {j}": n for j, n in enumerate(oc.patients, start=1)}
