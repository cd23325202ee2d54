"""BF-BOIN, simulated in calendar time."""

import numpy as np

import pdcraft.trial as pt

MONTH_d, TRIALS = 30.4375, 1500
DLT, RESPONSE = (0.04, 0.12, 0.25, 0.43, 0.63), (0.10, 0.20, 0.30, 0.45, 0.58)


class EvenGaps(pt.Regular):
    """Gaps between arrivals uniform on 0 to twice their mean; the first patient on day 0."""

    def arrivals_d(self, n, *, seed, trial=0):
        gaps = np.random.default_rng([seed, trial]).random(n) * 2 * MONTH_d / self.per_month
        return np.cumsum(gaps) - gaps[0]


def compute() -> dict[str, tuple[float, float]]:
    rules = pt.PoolBackfilled(pt.BOIN(0.25, stay_on_1_of_3=True)), pt.StopAtLevel(9)
    conduct = pt.Conduct(pt.Design(rules, 5), EvenGaps(3.0), backfill=pt.Backfill(12, 30))
    patients = pt.known_rates(
        DLT, patients=120_000, seed=3, window_d=MONTH_d, response_probability=RESPONSE
    )
    run = pt.simulate_trials({"": conduct}, patients, trials=TRIALS, per_trial=120, seed=3)[""]
    n, mtd = run.treated, run.mtd
    seen = {
        "selects the MTD": 100.0 * (mtd == 3), "selects a level above": 100.0 * (mtd > 3),
        "patients below the MTD": n[:, :2].sum(1), "patients at the MTD": n[:, 2],
        "patients above the MTD": n[:, 3:].sum(1), "patients": n.sum(1),
        "duration": run.duration_d / MONTH_d,
    }  # fmt: skip
    return {what: (float(x.mean()), float(x.std() / np.sqrt(TRIALS))) for what, x in seen.items()}
