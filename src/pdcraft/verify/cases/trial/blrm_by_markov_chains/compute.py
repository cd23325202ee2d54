"""Mean rates by quadrature, against two Markov chains."""

from pdcraft.trial import BLRM, BivariateNormal

DOSES = (1.0, 2.5, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 75.0, 100.0, 150.0, 200.0, 250.0)
N = (3, 4, 4, 4, 0, 0, 2, *(0,) * 8)
DLT = (0, 0, 0, 0, 0, 0, 2, *(0,) * 8)


def compute() -> dict[str, float]:
    prior = BivariateNormal(2.15, 0.52, sd_log_alpha=0.84, sd_log_beta=0.80)
    rule = BLRM(DOSES, 250.0, prior, low=0.16, high=0.33, most_overdose=0.25)
    mean = rule.posterior(N, DLT).mean
    return {
        f"{dose:g} mg, {code}": p
        for dose, p in zip(DOSES, mean, strict=True)
        for code in ("trialr", "crmPack")
    }
