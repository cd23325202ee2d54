"""The worked example, cohort by cohort."""

from pdcraft.trial import BOIN, Design, History

TRIAL = "1NNN 2NNN 3NTT 2NTN 3NNN 3NNN 4TTT 3NTN 3NNT 3TNN"


def compute() -> dict[str, float]:
    design = Design(rules=(BOIN(0.30),), levels=5)
    cohorts = History.read(TRIAL).cohorts
    seen = [History(cohorts[:i]) for i in range(1, len(cohorts) + 1)]
    return {str(history): design.advise(history).next_level for history in seen}
