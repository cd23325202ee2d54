"""The example of crm() in dfcrm."""

from pdcraft.trial import CRM, Design, Empiric, FixedIntercept, History

SKELETON = (0.05, 0.10, 0.20, 0.35, 0.50, 0.70)
SEEN = "3N 4N 4T 3N 3N 4T 3T 2N 2N 2N"
MODELS = (
    ("empiric, variance 1.34", Empiric(), 1.34),
    ("logistic, variance 1.34", FixedIntercept(3.0), 1.34),
    ("empiric, variance 0.5625", Empiric(), 0.5625),
)


def compute() -> dict[str, float]:
    found = {}
    for name, model, variance in MODELS:
        for estimator in ("plug-in", "posterior mean"):
            options = {"estimator": estimator, "model": model, "prior_sd": variance**0.5}
            rule = CRM(0.20, SKELETON, **options)
            found[f"{name} MTD by {estimator}"] = Design((rule,), 6).advise(SEEN).mtd
            posterior = rule.posterior(*History.read(SEEN).counts(6))
            for j, p in enumerate(rule.rates(posterior), start=1):
                found[f"{name} {estimator} rate {j}"] = p
        found[f"{name} mean"], found[f"{name} variance"] = posterior.mean, posterior.variance
    return found
