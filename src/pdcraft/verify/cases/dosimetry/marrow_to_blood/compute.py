"""The red-marrow-to-blood ratio of antibodies."""

from pdcraft.dosimetry import marrow_to_blood_ratio


def compute() -> dict[str, float]:
    return {"marrow to blood, haematocrit 0.47": marrow_to_blood_ratio(0.47)}
