"""Answers of one patient."""

from pdcraft.biology import qlq_c30_score

ANSWERS = {"functional": (1, 2, 2, 1, 1), "symptom": (2, 3, 3), "global health": (5, 6)}


def compute() -> dict[str, float]:
    return {
        f"{scale} {' '.join(map(str, answers))}": float(qlq_c30_score(answers, scale))
        for scale, answers in ANSWERS.items()
    }
