"""The example of Neuenschwander, Branson and Gsponer."""

from pdcraft.trial import BLRM, BivariateNormal

DOSES = (1.0, 2.5, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 75.0, 100.0, 150.0, 200.0, 250.0)
N = (3, 4, 4, 4, 0, 0, 2, *(0,) * 8)
DLT = (0, 0, 0, 0, 0, 0, 2, *(0,) * 8)


def compute() -> dict[str, float]:
    found = {}
    for correlation in (0.2, 0.0):
        prior = BivariateNormal(2.15, 0.52, 0.84, 0.80, correlation)
        rule = BLRM(DOSES, 250.0, prior, low=0.16, high=0.33, most_overdose=0.25)
        known = rule.posterior(N, DLT)
        for what, values in known._asdict().items():
            for dose, p in zip(DOSES, values, strict=True):
                found[f"correlation {correlation:g}, {dose:g} mg {what}"] = p
    pairs = list(zip(DOSES, known.over, known.mean, strict=True))
    found["correlation 0, highest dose open"] = max(d for d, over, _ in pairs if over <= 0.25)
    nearest = min(pairs, key=lambda pair: abs(pair[2] - 0.30))
    return found | {"correlation 0, dose of mean rate nearest to 0.30": nearest[0]}
