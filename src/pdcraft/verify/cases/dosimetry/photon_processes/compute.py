"""Every process of water; totals of adipose tissue, lung and four-component tissue."""

from pdcraft.library.photon_data import attenuation

WATER = {1: 0.111894, 8: 0.888106}
TISSUES = {
    "adipose": {1: 0.114, 6: 0.598, 7: 0.007, 8: 0.278, 11: 0.001, 16: 0.001, 17: 0.001},
    "lung": {
        1: 0.103, 6: 0.105, 7: 0.031, 8: 0.749, 11: 0.002, 15: 0.002, 16: 0.003, 17: 0.003,
        19: 0.002,
    },
    "four-component tissue": {1: 0.101172, 6: 0.111, 7: 0.026, 8: 0.761828},
}  # fmt: skip
WATER_MEV = (0.001, 0.01, 0.03, 0.1, 0.5, 1.0, 2.0, 3.0)
PAIR_MEV = (1.5, 2.0, 2.61, 3.0)
TISSUES_MEV = (0.01, 0.03, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0)


def compute() -> dict[str, float]:
    found = {}
    for process in ("coherent", "incoherent", "photoelectric", "pair"):
        for E in PAIR_MEV if process == "pair" else WATER_MEV:
            found[f"water, {process}, {E:g} MeV"] = attenuation(WATER, E)[process][0]
    for name, mixture in TISSUES.items():
        for E in TISSUES_MEV:
            found[f"{name}, total, {E:g} MeV"] = sum(attenuation(mixture, E).values())[0]
    return found
