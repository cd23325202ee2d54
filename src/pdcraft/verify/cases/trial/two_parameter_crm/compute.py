"""The example of Neuenschwander, Branson and Gsponer, without overdose control."""

from pdcraft.trial import BivariateNormal, Design, TwoParameterCRM

DOSES = (1.0, 2.5, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 75.0, 100.0, 150.0, 200.0, 250.0)
SEEN = "1NNN 2NNNN 3NNNN 4NNNN 7TT"


def compute() -> dict[str, float]:
    prior = BivariateNormal(2.15, 0.52, 0.84, 0.80)
    rule = TwoParameterCRM(0.30, DOSES, 250.0, prior, "posterior mean")
    advice = Design((rule,), len(DOSES)).fit(SEEN).recommend()
    rates = rule.rates((3, 4, 4, 4, 0, 0, 2, *(0,) * 8), (0, 0, 0, 0, 0, 0, 2, *(0,) * 8))
    found = {f"{d:g} mg": p for d, p in zip(DOSES, rates, strict=True)}
    return found | {"nearest to 0.30": DOSES[advice.next_level - 1]}
