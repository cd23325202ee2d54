"""The example of titecrm() in dfcrm: follow-up in days, window 180 days."""

import numpy as np

from pdcraft.trial import CRM, TITECRM, AdaptiveWeights, Empiric, FixedIntercept, LinearWeights

SKELETON = (0.05, 0.10, 0.20, 0.35, 0.50, 0.70)
LEVEL = (3, 3, 3, 4, 4, 3, 2, 2, 2, 3)
TOXIC = np.array((0, 0, 1, 0, 1, 0, 0, 0, 0, 0), bool)
FOLLOWUP_H = 24.0 * np.array((178, 181, 168, 181, 24, 181, 179, 102, 42, 3))
WAYS = (
    ("empiric, linear", Empiric(), LinearWeights()),
    ("empiric, adaptive", Empiric(), AdaptiveWeights()),
    ("logistic, linear", FixedIntercept(3.0), LinearWeights()),
)


def compute() -> dict[str, float]:
    found, seen = {}, {"toxic": TOXIC, "followup_h": FOLLOWUP_H}
    for name, model, weights in WAYS:
        for estimator in ("plug-in", "posterior mean"):
            crm = CRM(0.20, SKELETON, estimator=estimator, model=model)
            rule = TITECRM(crm, window_h=24 * 180.0, weights=weights)
            found[f"{name} MTD by {estimator}"] = rule.recommend(LEVEL, **seen)
            posterior = rule.posterior(LEVEL, **seen)
            for j, p in enumerate(crm.rates(posterior), start=1):
                found[f"{name} {estimator} rate {j}"] = p
        found[f"{name} mean"], found[f"{name} variance"] = posterior.mean, posterior.variance
        for i, w in enumerate(weights.of(FOLLOWUP_H, TOXIC, 24 * 180.0), start=1):
            found[f"{name} weight {i}"] = w
    return found
