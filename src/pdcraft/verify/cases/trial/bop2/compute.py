"""Four BOP2 designs, 0.2 against 0.4 or 0.1 against 0.3."""

from pdcraft.trial import BOP2, calibrate_bop2

SEVEN = (10, 15, 20, 25, 30, 35, 40)
CALIBRATED = {
    "0.2, four looks": (0.2, 0.4, (10, 20, 30, 40), 0.10),
    "0.1, four looks": (0.1, 0.3, (10, 15, 20, 25), 0.05),
    "0.2, seven looks": (0.2, 0.4, SEVEN, 0.10),
}


def compute() -> dict[str, float]:
    with_efficacy = BOP2(0.2, SEVEN, lam=0.9, gamma=1.0, eta=2.1)
    bounds = with_efficacy.boundaries
    found = {
        f"with efficacy: success at least, {n} patients": y
        for n, y in zip(bounds.looks, bounds.success_at_least, strict=True)
    }
    designs = {"with efficacy": (with_efficacy, 0.4)}
    for name, (p0, p1, looks, alpha) in CALIBRATED.items():
        design = calibrate_bop2(p0, p1, looks, alpha=alpha)
        designs[name] = (design, p1)
        found |= {f"{name}: lam": design.lam, f"{name}: gamma": design.gamma}
    for name, (design, p1) in designs.items():
        for n, y in zip(design.looks, design.boundaries.futile_at_most, strict=True):
            found[f"{name}: futile at most, {n} patients"] = y
        for at, p in (("p0", design.p0), ("p1", p1)):
            values = zip(("succeeds", "expected n", "futility", "efficacy"),
                         design.characteristics(p), strict=True)  # fmt: skip
            found |= {f"{name}: {what} at {at}": value for what, value in values}
    return found
