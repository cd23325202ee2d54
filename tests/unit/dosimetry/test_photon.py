import math
import os
import subprocess
import sys

import numpy as np
import pytest

from pdcraft.dosimetry.core.photon import (
    ELECTRON_MEV,
    coherent,
    histories,
    incoherent,
    isotropic,
    klein_nishina,
    turn,
)
from pdcraft.dosimetry.core.rng import key, stream
from pdcraft.dosimetry.core.tally import batch_ranges, in_batches, mean_and_sigma
from pdcraft.library.photon_data import HC_MEV_ANGSTROM, mean_transfer, transport_tables

WATER = {1: 0.111898, 8: 0.888102}


@pytest.fixture(scope="module")
def water():
    pytest.importorskip("xraylib")
    pytest.importorskip("h5py")
    return transport_tables([WATER], [1.0], nodes=300)


def source_in(boxes, region=0):
    return np.array([region]), np.array([1.0]), boxes[[region]]


def run(geometry, boxes, physics, energy_MeV, *, total, analogue=False, region=0, job=0, threads=1):
    """Scores per history in 20 batches [batch, 3, region]."""
    n = len(boxes)
    medium, marrow = np.zeros(n, np.int64), np.zeros(n)

    def work(begin, end):
        return histories(
            key(1, job), begin, end, energy_MeV, source_in(boxes, region), geometry, physics,
            medium, marrow, analogue,
        )  # fmt: skip

    return in_batches(work, batch_ranges(total, 20), threads=threads)


def escape_from_sphere(mu_R):
    """Probability to leave a pure absorber, uniform source (case1953, Sect. 10)."""
    a = mu_R
    return 3 / (8 * a**3) * (2 * a**2 - 1 + (1 + 2 * a) * math.exp(-2 * a))


@pytest.mark.parametrize("mu_R", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("analogue", [True, False])
def test_a_pure_absorber_agrees_with_its_closed_form(spheres, absorber, mu_R, analogue):
    geometry, boxes = spheres([(0.5, 0, -1)], [2.0])
    score = run(geometry, boxes, absorber(mu_R / 2.0), 0.1, total=40_000, analogue=analogue)
    mean, sigma = mean_and_sigma(score[:, :2, 0] / 0.1)
    assert np.all(np.abs(mean - (1 - escape_from_sphere(mu_R))) < 4 * sigma)


@pytest.mark.parametrize("energy_MeV", [0.02, 0.2, 3.0])
def test_energy_is_conserved_in_analogue_transport(spheres, water, energy_MeV):
    geometry, boxes = spheres([(0, 0, 0), (0, 0, 0)], [3.0, 10.0])
    score = run(geometry, boxes, water, energy_MeV, total=4000, analogue=True)
    kept, escaped = score[:, 1].sum(1), score[:, 2, 1]
    assert kept + escaped == pytest.approx(np.full(20, energy_MeV), rel=1e-10)


@pytest.mark.parametrize("energy_MeV", [0.03, 0.2, 3.0])
def test_expected_and_analogue_deposits_agree(spheres, water, energy_MeV):
    geometry, boxes = spheres([(0, 0, 0), (0, 0, 0)], [3.0, 10.0])
    expected = run(geometry, boxes, water, energy_MeV, total=40_000, job=1)[:, 0]
    analogue = run(geometry, boxes, water, energy_MeV, total=40_000, analogue=True, job=2)[:, 1]
    (a, sa), (b, sb) = mean_and_sigma(expected), mean_and_sigma(analogue)
    assert np.all(np.abs(a - b) < 4 * np.hypot(sa, sb))


def test_absorbed_fractions_are_reciprocal(spheres, water):
    geometry, boxes = spheres([(-3, 0, 0), (2.5, 1, 0), (0, 0, 0)], [2.0, 1.5, 12.0])
    mass = np.array([8.0, 1.5**3])  # of the two small spheres, relative
    to_small = run(geometry, boxes, water, 0.3, total=200_000, region=0)[:, 0, 1] / mass[1]
    to_large = run(geometry, boxes, water, 0.3, total=200_000, region=1, job=9)[:, 0, 0] / mass[0]
    (a, sa), (b, sb) = mean_and_sigma(to_small), mean_and_sigma(to_large)
    assert abs(a - b) < 4 * math.hypot(sa, sb)
    assert sa / a < 0.05


def test_the_result_does_not_depend_on_threads(spheres, water):
    geometry, boxes = spheres([(0, 0, 0)], [5.0])
    one = run(geometry, boxes, water, 0.5, total=2000, threads=1)
    two = run(geometry, boxes, water, 0.5, total=2000, threads=2)
    assert np.array_equal(one, two)


def test_the_error_falls_with_the_square_root_of_histories(spheres, water):
    geometry, boxes = spheres([(0, 0, 0)], [5.0])
    few = mean_and_sigma(run(geometry, boxes, water, 0.5, total=2_000)[:, 0, 0])[1]
    many = mean_and_sigma(run(geometry, boxes, water, 0.5, total=128_000)[:, 0, 0])[1]
    assert few / many == pytest.approx(8, rel=0.5)  # 20 batches know a sigma to 16 %


def test_klein_nishina_samples_the_mean_energy_of_its_formula():
    state = stream(5, 0)
    for energy in (0.05, 0.5, 3.0):
        sampled = np.array([1 - klein_nishina(energy, state)[0] for _ in range(4000)])
        wanted = mean_transfer(np.array([energy]), np.array([1e-6, 1e6]), np.ones(2))[0]
        assert abs(sampled.mean() - wanted) < 4 * sampled.std() / math.sqrt(4000)


def test_klein_nishina_keeps_energy_and_angle_together():
    state = stream(5, 1)
    for _ in range(100):
        ratio, cosine = klein_nishina(1.2, state)
        assert ratio == pytest.approx(1 / (1 + 1.2 / ELECTRON_MEV * (1 - cosine)), rel=1e-9)


def test_binding_takes_forward_scattering_away_as_tabulated(water):
    bindings, nodes, energy, n = water[3], water[5], 0.01, 4000
    state = stream(6, 0)
    free = np.mean([klein_nishina(energy, state)[1] for _ in range(n)])
    draws = np.array([incoherent(energy, bindings[0], nodes, state) for _ in range(n)])
    x = np.exp(nodes[0] + nodes[1] * np.arange(int(nodes[2])))
    wanted = mean_transfer(np.array([energy]), x, bindings[0])[0]
    assert abs((1 - draws[:, 0]).mean() - wanted) < 4 * draws[:, 0].std() / math.sqrt(n)
    assert draws[:, 1].mean() < free - 0.05


def test_coherent_scattering_has_the_mean_angle_of_form_factor_and_thomson(water):
    form, nodes = water[4][0], water[5]
    state = stream(7, 0)
    energy = 0.03
    sampled = np.array([coherent(energy, form, nodes, state) for _ in range(4000)])
    cosine = np.linspace(-1, 1, 4001)
    x = energy / HC_MEV_ANGSTROM * np.sqrt((1 - cosine) / 2)
    grid = np.exp(nodes[0] + nodes[1] * np.arange(int(nodes[2])))
    F2 = np.interp(x[:-1], 0.5 * (grid[1:] + grid[:-1]), np.diff(form) / np.diff(grid**2))
    density = F2 * (1 + cosine[:-1] ** 2)
    wanted = (density * cosine[:-1]).sum() / density.sum()
    assert sampled.mean() == pytest.approx(wanted, abs=4 * sampled.std() / math.sqrt(4000))


def test_a_turned_direction_is_a_unit_vector_at_the_right_angle():
    state = stream(8, 0)
    for w in (None, 1.0, -1.0):
        u = (0.0, 0.0, w) if w else isotropic(state)
        turned = turn(*u, 0.3, 1.0)
        assert np.linalg.norm(turned) == pytest.approx(1)
        assert np.dot(u, turned) == pytest.approx(0.3)


PLAIN = """
import numpy as np
from pdcraft.dosimetry.core.geometry import candidates
from pdcraft.dosimetry.core.photon import histories
surfaces = np.array([[0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, -9.0]])
bodies = np.array([[0, 1, 0, 0, 0, -3, 3, -3, 3, -3, 3, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]], float)
grid = np.array([-3.01, -3.01, -3.01, 2.0, 4, 4, 4])
geometry = (surfaces, bodies, *candidates(bodies, grid), grid)
n = 50
energy = np.array([np.log(1e-3), np.log(4.1e3) / (n - 1), n])
table = np.full((1, n, 6), 0.1); table[:, :, 0] = 0.4; table[:, :, 4] = 0.1
x = np.array([np.log(1e-4), 0.3, n])
flat = np.ones((1, n))
physics = (energy, table[0, :, 0].copy(), table, flat, np.cumsum(flat, 1), x)
source = (np.array([0]), np.array([1.0]), bodies[:, 5:11])
medium, marrow = np.zeros(1, np.int64), np.ones(1)
score = histories(3, 0, 40, 2.0, source, geometry, physics, medium, marrow, False)
"""


def test_plain_python_and_compiled_code_agree():
    names: dict = {}
    exec(PLAIN, names)  # compiled, in this process
    show = 'print(" ".join(f"{v:.12e}" for v in score.ravel()))'
    plain = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", PLAIN + show],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert np.array(plain.split(), float) == pytest.approx(names["score"].ravel(), rel=1e-10)
