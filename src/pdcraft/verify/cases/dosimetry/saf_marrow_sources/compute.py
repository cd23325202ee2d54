"""Photon energy to active marrow of the adult male."""

from pdcraft.library.phantom_tables import saf_photon

_SOURCES = ("thyroid", "liver", "kidneys", "spleen", "lungs", "total body")
_BLADDER = "urinary bladder contents"
_MEV = (0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 1.5, 2, 4)


def compute() -> dict[str, float]:
    sources, targets, energy_MeV, saf, _ = saf_photon("adult_male")
    marrow, grid = saf[targets.index("red marrow")], energy_MeV.tolist()
    return {
        f"red marrow <- {source}, {E:g} MeV": marrow[sources.index(source), grid.index(E)]
        for source in (*_SOURCES, _BLADDER)
        for E in _MEV
        if source != _BLADDER or E >= 0.03
    }
