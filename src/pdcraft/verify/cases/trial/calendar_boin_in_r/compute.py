"""Selection by BOIN in percent in simulated calendar time, with the error of both simulations."""

from math import sqrt

from pdcraft.trial import BOIN, Conduct, Design, Poisson, StopAt, known_rates, simulate_trials

SCENARIOS = {"S1": (0.05, 0.15, 0.30, 0.45, 0.60), "S5": (0.15, 0.30, 0.45, 0.60, 0.75)}
TRIALS = 400


def compute() -> dict[str, tuple[float, float]]:
    conduct = Conduct(Design((BOIN(0.30), StopAt(30)), 5), Poisson.at(2.0))
    found = {}
    for name, rates in SCENARIOS.items():
        patients = known_rates(rates, patients=40_000, seed=7)
        trials = simulate_trials({"": conduct}, patients, trials=TRIALS, per_trial=30, seed=7)[""]
        for i, (p, se) in enumerate(zip(*trials.estimate(trials.chosen), strict=True)):
            rare = sqrt(max(p, 1 / TRIALS) / TRIALS)
            error = sqrt(max(se, rare if p < 0.01 else 0.0) ** 2 + p * (1 - p) / 10_000)
            what = "none selected" if i == 0 else f"selected {i}"
            found[f"{name} {what}"] = (100 * p, 100 * error)
    return found
