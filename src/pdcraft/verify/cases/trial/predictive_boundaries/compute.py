"""First look at which a number of responses is futile, looking after every patient."""

from pdcraft.trial import BayesianArm


def compute() -> dict[str, float]:
    arm = BayesianArm(
        0.3, tuple(range(1, 41)), prior=(0.6, 1.4), success_at_end=0.85, futile_below=0.05,
        by="predictive",
    )  # fmt: skip
    futile = arm.boundaries.futile_at_most
    return {f"{y} responses": arm.boundaries.looks[futile.index(y)] for y in range(10)}
