"""Conversion lines of I-131, and its electron energy per decay."""

from pdcraft import emissions

LINES_KEV = (329.933, 45.629, 249.749, 359.072, 74.768, 363.562)


def compute() -> dict[str, float]:
    i131 = emissions("I-131")
    pairs = zip(i131.electron_MeV.tolist(), i131.electron_yield.tolist(), strict=True)
    by_keV = {f"CE {energy * 1e3:.3f} keV": 100 * count for energy, count in pairs}
    found = {f"CE {energy:.3f} keV": by_keV[f"CE {energy:.3f} keV"] for energy in LINES_KEV}
    return found | {"all electrons": i131.energy_MeV("electron")}
