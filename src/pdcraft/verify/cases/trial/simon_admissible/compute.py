"""Admissible two-stage designs of 24 settings."""

from pdcraft.trial import simon_designs

RATES = ((0.05, 0.25), *((0.1 * k, 0.1 * k + 0.2) for k in range(1, 8)))
ERRORS = ((0.10, 0.10), (0.05, 0.20), (0.05, 0.10))


def compute() -> dict[str, float]:
    found = {}
    for p0, p1 in RATES:
        for alpha, beta in ERRORS:
            designs = simon_designs(round(p0, 2), round(p1, 2), alpha=alpha, beta=beta, most=85)
            for i, d in enumerate(designs.admissible, start=1):
                here = f"{p0:g} against {p1:g}, alpha {alpha:g}, beta {beta:g}, {i}"
                found |= {f"{here}: {name}": getattr(d, name) for name in ("r1", "n1", "r", "n")}
                found[f"{here}: expected n"] = d.expected_n(round(p0, 2))
                found[f"{here}: early stop"] = d.early_stop(round(p0, 2))
    return found
