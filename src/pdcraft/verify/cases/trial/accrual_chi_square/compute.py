"""Quantiles of the accrual time, on the chi-square scale by the arrivals expected until then.

Three sites, two of which open late, one with a ramp: the scale does not know of them.
"""

from pdcraft.trial import Poisson, Site, TrialDuration

SITES = Poisson((Site(1.0), Site(0.7, opens_d=60.0, ramp_up_d=90.0), Site(2.0, opens_d=150.0)))


def compute() -> dict[str, float]:
    found = {}
    for n in (10, 20, 30, 50):
        trial = TrialDuration(SITES, patients=n, followup_d=28.0)
        for q in (0.01, 0.05, 0.95, 0.99):
            last_d = trial.quantile_d(q) - 28.0
            found[f"{2 * n} degrees, {q:g}"] = 2 * float(SITES.expected(last_d))
    return found
