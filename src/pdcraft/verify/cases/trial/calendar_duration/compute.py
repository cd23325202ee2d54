"""Mean duration of trials in which nobody has a toxicity, with its standard error."""

from pdcraft.trial import (
    CRM,
    TITECRM,
    Conduct,
    Design,
    OneLevelUp,
    Poisson,
    StopAt,
    ThreePlusThree,
    known_rates,
    simulate_trials,
)

CRM4 = CRM(0.25, (0.05, 0.12, 0.25, 0.40), estimator="plug-in")
TITE = (TITECRM(CRM4, window_h=56 * 24.0), OneLevelUp(), StopAt(24))
DESIGNS = {
    "3+3, four levels, window of 56 d": Design((ThreePlusThree("C"),), 4),
    "TITE-CRM, 24 patients, window of 56 d": Design(TITE, 4, cohort_size=1),
}


def compute() -> dict[str, tuple[float, float]]:
    patients = known_rates([0.0] * 4, patients=1000, seed=1, window_d=56.0)
    conducts = {name: Conduct(design, Poisson.at(2.0)) for name, design in DESIGNS.items()}
    found = simulate_trials(conducts, patients, trials=100, per_trial=24, seed=1)
    return {name: trials.estimate(trials.duration_d) for name, trials in found.items()}
