"""1,500 trials of 370 patients, months as 30 days."""

import numpy as np

from pdcraft.trial import OBrienFlemingLike, TwoArms, Uniform, error_spending

TRIALS, PATIENTS, MONTH = 1_500, 370, 30.0


def compute() -> dict[str, tuple[float, float]]:
    test = TwoArms(error_spending((124, 186, 247), alpha=0.025, spending=OBrienFlemingLike()))
    treated = np.arange(PATIENTS) % 2 == 1
    arrival = Uniform(24 * MONTH).arrivals_d(PATIENTS, seed=1, trial=range(TRIALS))
    mean = np.where(treated, 1 / 0.7, 1.0) * 12 * MONTH / np.log(2)
    event = np.random.default_rng(2).exponential(mean, (TRIALS, PATIENTS))
    found = test.simulate(event, treated=treated, arrival_d=arrival)
    return {
        "power": (found.power, float(np.hypot(found.power_se, 0.7906**0.5 * 0.2094**0.5 / 100)))
    }
