import math

import numpy as np
import pytest

from pdcraft.dosimetry.core import coupled, expectation
from pdcraft.dosimetry.core import scattering as theory
from pdcraft.dosimetry.core.rng import key
from pdcraft.dosimetry.core.tally import batch_ranges, in_batches, mean_and_sigma
from pdcraft.library import photon_data
from pdcraft.library.electron_data import atoms, matter, oscillators, stopping_powers

ENERGIES = np.geomspace(1e-3, 5.05, 300)
CUT, OUTER = 1e-2, 12.0


def tables(medium):
    pytest.importorskip("xraylib")
    pytest.importorskip("h5py")
    composition, density, excitation = matter(medium)
    electrons = theory.electron_tables(
        ENERGIES, *(density * s for s in stopping_powers(medium, ENERGIES)),
        atoms(composition, density), oscillators(composition, density, excitation),
        hard_MeV=CUT, C1=0.1, C2=0.1,
    )  # fmt: skip
    return electrons, photon_data.optics(composition, density, nodes=300)


@pytest.fixture(scope="module")
def water():
    return tables("water")


@pytest.fixture(scope="module")
def bone():
    return tables("cortical_bone")


def analog(material, lines, radius_cm, total):
    """Energy per history in an even sphere, from a source that fills it: nothing but nature."""
    energy, chance, kind = lines
    source = (radius_cm, energy, np.cumsum(chance), kind)
    tally = (radius_cm, 1, np.zeros(0))
    score = in_batches(
        lambda a, b: coupled.histories(key(1, 0), a, b, source, *material, (CUT, OUTER), tally),
        batch_ranges(total, 25),
    )
    return mean_and_sigma(score[:, 0])


def expected(material, lines, radius_cm, total, *, share=0.1, seed=2, threads=1):
    energy, chance, kind = lines
    drawn = chance * energy  # more often where there is more energy
    drawn = drawn / drawn.sum()
    source = (energy, np.cumsum(drawn), kind, chance / drawn)
    score = in_batches(
        lambda a, b: expectation.histories(
            key(seed, 0), a, b, source, *material, (CUT, OUTER, share), np.array([radius_cm])
        ),
        batch_ranges(total, 25),
        threads=threads,
    )
    return mean_and_sigma(score.sum(axis=(1, 2)))


def mono(energy_MeV, kind):
    return np.array([energy_MeV]), np.ones(1), np.array([kind])


MIXED = np.array([0.03, 0.19, 0.37, 0.6]), np.array([0.1, 0.5, 0.3, 0.1]), np.array([1.0, 0, 1, 0])


@pytest.mark.parametrize(
    ("lines", "radius_cm", "total"),
    [
        (MIXED, 1.684, 20_000),
        (mono(0.03, 1.0), 0.3, 40_000),
        (mono(0.364, 1.0), 0.15, 30_000),  # as small as the range of the electrons
        (mono(2.5, 1.0), 3.0, 10_000),  # pairs
        (mono(0.6, 2.0), 1.0, 5_000),  # positrons
        (mono(2.0, 0.0), 0.8, 4_000),  # bremsstrahlung
    ],
)
def test_expected_values_agree_with_analog_transport(water, lines, radius_cm, total):
    (a, sa) = analog(water, lines, radius_cm, total)
    (b, sb) = expected(water, lines, radius_cm, total // 4)
    assert abs(a - b) < 4 * math.hypot(sa, sb)
    assert math.hypot(sa, sb) < 0.07 * a  # so that the test can fail


def test_expected_values_agree_with_analog_transport_where_bone_shines(bone):
    a, sa = analog(bone, mono(0.012, 1.0), 0.02, 40_000)
    b, sb = expected(bone, mono(0.012, 1.0), 0.02, 10_000)
    assert abs(a - b) < 4 * math.hypot(sa, sb)
    assert math.hypot(sa, sb) < 0.01 * a


def test_the_share_of_followed_electrons_does_not_matter(water):
    a, sa = expected(water, mono(0.5, 1.0), 0.5, 20_000, share=1.0)
    b, sb = expected(water, mono(0.5, 1.0), 0.5, 20_000, share=0.05)
    assert abs(a - b) < 4 * math.hypot(sa, sb)


def test_noise_falls_with_the_square_root_of_the_histories(water):
    one = mono(0.364, 1.0)  # a single line: the sequence of lines converges faster
    few = [expected(water, one, 1.684, 1000, seed=s)[0] for s in range(24)]
    many = [expected(water, one, 1.684, 4000, seed=s)[0] for s in range(24)]
    ratio = np.std(few, ddof=1) / np.std(many, ddof=1)
    assert 1.3 < ratio < 3.1  # 2, with 15 % of noise in each of the two


def test_results_do_not_depend_on_threads_and_all_lines_come_as_often_as_they_should(water):
    assert expected(water, MIXED, 1.0, 500, threads=1) == expected(
        water, MIXED, 1.0, 500, threads=3
    )
    particle, seen = np.zeros(9), np.zeros(4, int)
    energy, chance, kind = MIXED
    source = (energy, np.cumsum(chance), kind, np.ones(4))
    state = np.zeros(3, np.uint64)
    for history in range(1000):
        seen[expectation.born_by_turns(particle, source, key(1, 0), history, state)] += 1
    assert seen == pytest.approx(1000 * chance, abs=2)


@pytest.mark.parametrize("a", [0.01, 0.4999, 0.5001, 3.0, 40.0])
def test_the_first_flight_is_integrated(a):
    t = np.linspace(0, a, 200_001)
    exact = np.trapezoid(np.exp(-t) * (1 - 1.5 * t / a + 0.5 * (t / a) ** 3), t)
    assert expectation.from_centre(a) == pytest.approx(exact, rel=1e-7)


def test_a_point_on_the_chord_stands_for_the_flight():
    x, mu, radius = np.array([2.5, 0.3]), 0.4, 1.2
    s = np.linspace(0, 8, 400_001)
    direction = np.array([-0.8, 0.6])
    r = np.hypot(*(x[:, None] + s * direction[:, None])) / (2 * radius)
    g = np.where(r < 1, 1 - 1.5 * r + 0.5 * r**3, 0)
    exact = np.trapezoid(mu * np.exp(-mu * s) * g, s)
    pick = (np.arange(2000) + 0.5) / 2000
    mean = np.mean([expectation.on_chord(x @ x, float(x @ direction), mu, radius, p) for p in pick])
    assert mean == pytest.approx(exact, rel=1e-4)
