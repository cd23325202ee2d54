"""Table of desirability of BOIN12."""

from pdcraft.trial import BOIN12, Utilities


def compute() -> dict[str, float]:
    found = {}
    for row in BOIN12(0.35, 0.25, Utilities(neither=40, both=60)).table((0, 3, 6, 9)):
        here = f"{row.n} patients, {row.dlt} toxicity, {row.efficacy} efficacy"
        found[f"{here}: probability above the benchmark"] = row.probability
        found[f"{here}: rank"] = row.rank or 0
    return found
