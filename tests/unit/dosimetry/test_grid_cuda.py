import os
import subprocess
import sys

import pytest

SIMULATED = """
import numpy as np
from pdcraft import library
from pdcraft.domain import Grid, Voxels
from pdcraft.dosimetry import monte_carlo
from pdcraft.dosimetry.core import grid, grid_cuda, rng, voxel
grid_cuda.BLOCK, grid_cuda.PAIRS = 2, 3
space = Grid.of((4, 5, 6), voxel_mm=2.0)
medium, density = np.zeros(space.shape), np.ones(space.shape)
medium[2], density[2], density[3] = 1, 1.85, 0.3
media = [library.medium("water"), library.medium("cortical_bone")]
body = Voxels.of(space, media=["water", "bone"], medium=medium, density_g_per_cm3=density)
physics = monte_carlo._physics(body, media, 0.05)
spectra, _ = monte_carlo._spectra(library.emissions("I-131"), 0.05)
MBq = np.linspace(-0.2, 1.0, len(space))
decays, weight, key = 16, 0.5, np.uint64(rng.key(3, 1))
source = monte_carlo._source(MBq, body, decays)
there = np.zeros((2, 1 + len(space), 3))
born, none = grid_cuda.follow(key, decays, source, spectra, physics, weight, tuple(there))
keys, MeV, emitted = np.zeros(9000, np.int64), np.zeros((9000, 2)), np.zeros(3)
end, count, lost = grid.decays(key, 0, decays, source, spectra, physics, keys, MeV, emitted)
here = np.zeros_like(there)
voxel.add_events(keys, MeV, count, weight, *here)
assert (end, lost) == (decays, 0) and none == 0 and count > 10
np.testing.assert_allclose(there, here, rtol=1e-12, atol=1e-15)
np.testing.assert_allclose(born, weight * emitted, rtol=1e-12)
print("same")
"""


def test_a_simulated_device_leaves_the_energy_that_the_processor_leaves():
    pytest.importorskip("xraylib")
    pytest.importorskip("h5py")
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1", "NUMBA_DISABLE_JIT": "1"}
    run = subprocess.run(
        [sys.executable, "-c", SIMULATED], env=environment, capture_output=True, text=True
    )
    assert run.stdout.strip() == "same", run.stderr[-2000:]
