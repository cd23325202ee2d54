"""Counts at the limits, just below them, and between."""

import csv

from pdcraft.biology import ctcae_grade, ctcae_limits
from pdcraft.library import shelf

COUNTS = {
    "platelets": (150, 75, 74, 50, 49, 25, 10, 9),
    "neutrophils": (1.9, 1.5, 1.4, 1.0, 0.9, 0.5, 0.4, 0.1, 0.09),
    "haemoglobin": (12.1, 11.9, 10.0, 9.9, 8.0, 7.9, 5.0),
}
NORMAL = {"platelets": 150.0, "neutrophils": 2.0, "haemoglobin": 12.0}


def compute() -> dict[str, float]:
    text = shelf("endpoints").joinpath("ctcae.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    found = {}
    for lineage, counts in COUNTS.items():
        limits = ctcae_limits(rows, lineage, "6.0")
        for count in counts:
            grade = ctcae_grade(count, limits, lower_limit_of_normal=NORMAL[lineage])
            found[f"{lineage} {count}"] = float(grade)
    return found
