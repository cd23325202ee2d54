"""Yields of the gamma lines of I-131."""

from pdcraft import emissions

LINES_KEV = (80.185, 177.214, 284.305, 325.789, 364.489, 503.004, 636.989, 642.719, 722.911)


def compute() -> dict[str, float]:
    i131 = emissions("I-131")
    pairs = zip(i131.photon_MeV.tolist(), i131.photon_yield.tolist(), strict=True)
    by_keV = {f"{energy * 1e3:.3f} keV": 100 * count for energy, count in pairs}
    return {f"{energy:.3f} keV": by_keV[f"{energy:.3f} keV"] for energy in LINES_KEV}
