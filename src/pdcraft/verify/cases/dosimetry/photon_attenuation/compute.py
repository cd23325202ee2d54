"""Mass attenuation coefficients of three materials, from elements by mass fraction (ICRU-44)."""

from pdcraft.library.photon_data import attenuation

MIXTURES = {
    "water": {1: 0.111898, 8: 0.888102},
    "soft tissue": {
        1: 0.102, 6: 0.143, 7: 0.034, 8: 0.708, 11: 0.002, 15: 0.003, 16: 0.003, 17: 0.002,
        19: 0.003,
    },
    "cortical bone": {
        1: 0.034, 6: 0.155, 7: 0.042, 8: 0.435, 11: 0.001, 12: 0.002, 15: 0.103, 16: 0.003,
        20: 0.225,
    },
}  # fmt: skip
ENERGIES_MEV = (
    0.001, 0.005, 0.01, 0.03, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0,
)  # fmt: skip


def compute() -> dict[str, float]:
    return {
        f"{name}, {energy:g} MeV": sum(attenuation(mixture, energy).values())[0]
        for name, mixture in MIXTURES.items()
        for energy in ENERGIES_MEV
    }
