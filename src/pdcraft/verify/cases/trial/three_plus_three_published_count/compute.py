"""Dose-transition pathways of the 3+3 with de-escalation."""

from pdcraft.trial import Design, ThreePlusThree


def compute() -> dict[str, float]:
    return {"B 4 levels": len(Design((ThreePlusThree("B"),), 4).paths())}
