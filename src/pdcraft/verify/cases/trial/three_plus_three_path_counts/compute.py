"""Dose-transition pathways of the 3+3, followed to the end and counted."""

from pdcraft.trial import Design, ThreePlusThree


def compute() -> dict[str, float]:
    return {
        f"{variant} {levels} levels": len(Design((ThreePlusThree(variant),), levels).paths())
        for variant in "ABC"
        for levels in range(1, 9)
        if (variant, levels) != ("B", 4)  # has a case of its own
    }
