"""A sphere of voxels within 20 cm of water; energies from doses, area of its faces counted."""

import numpy as np

from pdcraft import dosimetry, library
from pdcraft.domain import Activity, Exponentials, Grid, Voxels
from pdcraft.domain.units import GY_G_PER_MEV_MBQ_H

N, EDGE_CM, RADIUS_CM = 100, 0.2, 1.6839


def compute() -> dict[str, float]:
    at = (np.indices((N, N, N)) - (N - 1) / 2) * EDGE_CM
    mine = (at**2).sum(0) < RADIUS_CM**2
    faces = sum(np.count_nonzero(np.diff(mine, axis=a)) for a in range(3)) * EDGE_CM**2
    area = 4 * np.pi * RADIUS_CM**2 * (mine.sum() * EDGE_CM**3 / 20.0)  # per volume, as the loss
    grid = Grid.of((N, N, N), voxel_mm=10 * EDGE_CM)
    body = Voxels.of(grid, media=["water"], medium=0, density_g_per_cm3=1.0)
    MBq = (mine / mine.sum()).reshape(-1, 1, 1)
    activity = Activity(grid, ("I-131",), Exponentials(*np.ones((3, 1))), MBq)
    emitted = library.emissions("I-131")
    engine = dosimetry.MonteCarlo([emitted], [library.medium("water")], decays=300_000)
    dose = dosimetry.irradiate(engine, activity, body).Gy_per_h[mine.reshape(-1), :, 0]
    photon, electron, _ = dose.sum(0) * EDGE_CM**3 / GY_G_PER_MEV_MBQ_H
    lost = emitted.energy_MeV("electron") - electron
    return {"I-131 in 20.0 g": photon + electron + lost * (1 - area / faces)}
