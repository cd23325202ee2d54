"""Group sequential critical values at one-sided 0.025."""

from pdcraft.trial import OBrienFlemingLike, error_spending, obrien_fleming, pocock


def compute() -> dict[str, float]:
    found = {}
    for looks in (5, 3, 2):
        critical = obrien_fleming(looks, alpha=0.025).critical
        for look, c in enumerate(critical, start=1):
            found[f"O'Brien-Fleming, {looks} looks, look {look}"] = c
        found[f"Pocock, {looks} looks"] = pocock(looks, alpha=0.025).critical[0]
    information = (0.5, 0.75, 1.0)
    design = error_spending(information, alpha=0.025, spending=OBrienFlemingLike())
    for share, c in zip(information, design.critical, strict=True):
        found[f"error spending, information {share:g}"] = c
    return found
