"""Patients of the data set lung, analysed as in the help pages of the R package survival."""

import csv
from pathlib import Path

import numpy as np

from pdcraft.trial import KaplanMeier, Weibull, hazard_ratios, log_rank

LINES = Path(__file__).with_name("patients.csv").read_text("utf-8").splitlines()[1:]
TIME, DIED, SEX, AGE = np.array([[float(v) for v in r] for r in list(csv.reader(LINES))[1:]]).T


def compute() -> dict[str, float]:
    died, women = DIED == 1, SEX == 2
    found = {}
    for name, who in (("all", SEX > 0), ("men", ~women), ("women", women)):
        curve = KaplanMeier.of(TIME[who], died[who])
        low, high = curve.median_interval()
        found |= {f"median {name}": curve.median, f"low {name}": low, f"high {name}": high}
    curve = KaplanMeier.of(TIME, died)
    found |= {f"S({t})": float(curve.at(t)) for t in (100, 180, 365, 730)}
    found["error of S(365)"] = float(curve.standard_error(365))
    test = log_rank(TIME, died, women)
    found |= {"chi-square": test.chi_square, "p": test.p}
    for i, sex in enumerate(("men", "women")):
        found |= {f"observed {sex}": test.observed[i], f"expected {sex}": test.expected[i]}
    for ties in ("efron", "breslow"):
        cox = hazard_ratios(TIME, died, np.column_stack([SEX, AGE]), ties=ties)
        found |= {f"{ties} sex": cox.log_ratio[0], f"{ties} age": cox.log_ratio[1]}
        found |= {f"{ties} log likelihood": cox.log_likelihood}
        if ties == "efron":
            found |= dict(zip(("error sex", "error age"), cox.standard_error, strict=True))
    fit = Weibull.of(TIME, died)
    return found | {
        "Weibull intercept": fit.log_scale, "Weibull scale": fit.inverse_shape,
        "Weibull log likelihood": fit.log_likelihood,
    }  # fmt: skip
