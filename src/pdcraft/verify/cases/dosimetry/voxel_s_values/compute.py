"""Kernels of the voxels of the database."""

from pdcraft import dosimetry, library
from pdcraft.domain import Grid

OFFSETS = ((0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 1, 1))


def compute() -> dict[str, float]:
    tissue, found = library.medium("soft_tissue"), {}
    for nuclide in ("I-131", "Y-90"):
        emitted = [library.emissions(nuclide)]
        for edge in (3.0, 4.42, 4.8):
            S = dosimetry.VoxelKernel.of(
                emitted, tissue, Grid.of((5, 5, 5), voxel_mm=edge),
                density_g_per_cm3=1.04, decays=40_000,
            ).S_mGy_per_MBq_s[0]  # fmt: skip
            for at in OFFSETS:
                found[f"{nuclide} {edge:g} mm {at}".replace(" ", "")] = float(S[at])
    return found
