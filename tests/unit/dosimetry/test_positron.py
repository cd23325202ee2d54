import math

import numpy as np
import pytest
from numba import njit

from pdcraft.dosimetry.core import positron
from pdcraft.dosimetry.core.photoelectric import absorb, sauter_cosine
from pdcraft.dosimetry.core.photon import ELECTRON_MEV
from pdcraft.dosimetry.core.rng import stream
from pdcraft.dosimetry.core.scattering import log_integral, moller
from pdcraft.library import photon_data
from pdcraft.library.electron_data import matter


def sampled(function, *arguments, n=40_000):
    @njit
    def many(n):
        state = stream(np.uint64(7), 0)
        out = np.empty(n)
        for i in range(n):
            out[i] = function(*arguments, state)
        return out

    return many(n)


@njit
def lower_quantum(energy_MeV, state):
    one, _, other, _ = positron.annihilation_quanta(energy_MeV, state)
    return min(one, other)


def close(x, wanted):
    return abs(x.mean() - wanted) < 4 * x.std() / math.sqrt(len(x))


@pytest.mark.parametrize("energy_MeV", [0.05, 0.5, 3.0])
def test_struck_electrons_follow_bhabha(energy_MeV):
    x = sampled(positron.bhabha_loss, energy_MeV, 0.01)
    number, taken = (
        float(log_integral(weighted, 0.01, energy_MeV))
        for weighted in (
            lambda w: positron.bhabha(w, energy_MeV),
            lambda w: w * positron.bhabha(w, energy_MeV),
        )
    )
    assert 0.01 <= x.min() and x.max() <= energy_MeV
    assert close(x, taken / number)


def test_positrons_and_electrons_scatter_alike_at_small_losses():
    assert positron.bhabha(1e-5, 1.0) == pytest.approx(moller(1e-5, 1.0), rel=1e-4)


def test_positron_stopping_power_of_water_crosses_that_of_electrons_near_0_35_MeV():
    """ICRU 37: positrons are stopped 10 % more at 10 keV, 2 % less above 1 MeV, in light media."""
    electrons = 3.343e23
    difference = positron.collision_difference(np.array([0.01, 0.3, 0.5, 2.0]), electrons)
    share = difference / np.array([22.56, 2.355, 2.034, 1.824])
    assert share == pytest.approx([0.097, 0.0075, -0.006, -0.022], abs=0.006)


@pytest.mark.parametrize("energy_MeV", [0.02, 0.5, 3.0])
def test_quanta_of_flight_follow_heitler(energy_MeV):
    gamma = energy_MeV / ELECTRON_MEV + 1.0
    least = 1.0 / (gamma + 1.0 + math.sqrt(gamma**2 - 1.0))
    share = np.linspace(least, 0.5, 20_001)

    def s(z):
        return -((gamma + 1) ** 2) + (gamma**2 + 4 * gamma + 1) / z - 1 / z**2

    density = s(share) + s(1 - share)
    mean = np.trapezoid(share * density, share) / np.trapezoid(density, share)
    x = sampled(lower_quantum, energy_MeV)
    assert close(x, mean * (energy_MeV + 2 * ELECTRON_MEV))
    total = np.trapezoid(density, share) * math.pi * 2.8179403262e-13**2
    total /= (gamma + 1) * (gamma**2 - 1)
    assert positron.annihilation(energy_MeV) == pytest.approx(total, rel=1e-4)


def test_quanta_of_flight_conserve_energy_and_momentum():
    gamma = 1.0 / ELECTRON_MEV + 1.0
    momentum = ELECTRON_MEV * math.sqrt(gamma**2 - 1.0)
    state = stream(np.uint64(1), 0)
    for _ in range(100):
        one, c1, other, c2 = positron.annihilation_quanta(1.0, state)
        assert one + other == pytest.approx(1.0 + 2 * ELECTRON_MEV, rel=1e-12)
        assert one * c1 + other * c2 == pytest.approx(momentum, rel=1e-9)
        across = one * math.sqrt(1 - c1**2), other * math.sqrt(1 - c2**2)
        assert across[0] == pytest.approx(across[1], abs=1e-6)


@pytest.mark.parametrize(("energy_MeV", "low", "high"), [(0.001, -0.02, 0.12), (1.0, 0.75, 0.95)])
def test_photoelectrons_leave_aside_when_slow_and_forward_when_fast(energy_MeV, low, high):
    assert low < sampled(sauter_cosine, energy_MeV).mean() < high


def test_photoelectrons_follow_sauter():
    E = 0.3
    gamma = E / ELECTRON_MEV + 1.0
    beta = math.sqrt(1 - gamma**-2)
    c = np.linspace(-1, 1, 20_001)
    density = (1 - c**2) / (1 - beta * c) ** 4
    density *= 1 + 0.5 * gamma * (gamma - 1) * (gamma - 2) * (1 - beta * c)
    mean = np.trapezoid(c * density, c) / np.trapezoid(density, c)
    assert close(sampled(sauter_cosine, E), mean)


@pytest.fixture(scope="module")
def bone():
    pytest.importorskip("xraylib")
    return matter("cortical_bone")[0]


def test_calcium_in_bone_shines_and_water_does_not(bone):
    E = np.array([3e-3, 5e-3, 2e-2])
    lines, chance = photon_data.xray_tables(bone, E)
    calcium = int(np.argmin(abs(lines - 3.691e-3)))
    alone = np.diff(chance, axis=1, prepend=0)[:, calcium]
    assert lines[calcium] == pytest.approx(3.691e-3, rel=0.002)
    assert alone[0] == 0  # below the K edge of 4.04 keV
    whole = photon_data.attenuation(bone, E[2:])["photoelectric"].item()
    share = bone[20] * photon_data.attenuation({20: 1.0}, E[2:])["photoelectric"].item() / whole
    # tables of Krause: yield 0.163; of Bearden: K alpha 0.884 of all K lines; jump 8.7
    assert alone[2] == pytest.approx(share * 0.885 * 0.163 * 0.884, rel=0.05)
    assert photon_data.xray_tables(matter("water")[0], E)[1].max() == 0


def test_x_rays_of_iodine_leave_with_their_chance_and_energy_is_kept():
    pytest.importorskip("xraylib")
    grid, *_, xrays = photon_data.optics({53: 1.0}, 1.0, nodes=200)
    place = (math.log(0.06) - grid[0]) / grid[1]
    photon, stack = np.zeros(8), np.zeros((4, 8))
    photon[5], photon[6] = 1.0, 0.06
    shining = 0
    for history in range(4000):
        state = stream(np.uint64(2), history)
        top = absorb(photon, int(place), place % 1, xrays, stack, 0, state)
        assert stack[:top, 6].sum() == pytest.approx(0.06, rel=1e-12)
        shining += top == 2
    chance = 0.834 * 0.882  # hole in the K shell, times the yield
    assert abs(shining / 4000 - chance) < 4 * math.sqrt(chance * (1 - chance) / 4000) + 0.01
