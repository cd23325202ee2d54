"""One file per kind of figure; each function takes the results and returns figures to draw."""

from pdcraft.report.figures.counts import blood_counts, disease_markers
from pdcraft.report.figures.dose import dose
from pdcraft.report.figures.exposure import activity, drug, plasma
from pdcraft.report.figures.outlook import sensitivity, spider, window
from pdcraft.report.figures.response import swimmer, waterfall
from pdcraft.report.figures.survival import survival
from pdcraft.report.figures.trial_path import trial_path

__all__ = [
    "activity", "blood_counts", "disease_markers", "dose", "drug", "plasma", "sensitivity",
    "spider", "survival", "swimmer", "trial_path", "waterfall", "window",
]  # fmt: skip
