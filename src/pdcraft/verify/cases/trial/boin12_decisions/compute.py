"""Next level of BOIN12, five levels."""

import csv
from pathlib import Path

from pdcraft.trial import BOIN12, Design, Utilities

CAUTIOUS = {"settled_at": 6, "too_toxic": 0.90, "futile": 0.80}
RULES = {
    "paper": BOIN12(0.35, 0.25, Utilities(neither=40, both=60)),
    "first app": BOIN12(0.35, 0.25, Utilities(neither=40, both=60)),
    "second app": BOIN12(0.15, 0.40, Utilities(neither=50, both=30), **CAUTIOUS),
}


def compute() -> dict[str, float]:
    found = {}
    with (Path(__file__).parent / "reference.csv").open(encoding="utf-8") as table:
        asked = [row["quantity"] for row in csv.DictReader(table)]
    for question in asked:
        rule, history = question.split(": ")
        found[question] = Design((RULES[rule],), 5).advise(history).next_level
    return found
