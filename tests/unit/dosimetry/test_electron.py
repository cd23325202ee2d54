import math
import os
import subprocess
import sys

import numpy as np
import pytest
from numba import njit

from pdcraft.dosimetry.core import coupled
from pdcraft.dosimetry.core import scattering as theory
from pdcraft.dosimetry.core.electron import (
    fly,
    hard_cosine,
    hard_event,
    moller_loss,
    soft_cosine,
    soft_event,
    soft_loss,
)
from pdcraft.dosimetry.core.photon import between, grid_place, isotropic
from pdcraft.dosimetry.core.rng import key, stream, uniform
from pdcraft.dosimetry.core.tally import batch_ranges, in_batches, mean_and_sigma
from pdcraft.dosimetry.sphere import electron_absorbed_fraction
from pdcraft.library import electrons_in_water, photon_data
from pdcraft.library.electron_data import atoms, matter, oscillators, stopping_powers

ENERGIES = np.geomspace(1e-3, 5.05, 300)
BASIC = {"hard_MeV": 1e-2, "C1": 0.1, "C2": 0.1}


def tables(**options):
    composition, density, excitation = matter("water")
    return theory.electron_tables(
        ENERGIES, *stopping_powers("water", ENERGIES), atoms(composition, density),
        oscillators(composition, density, excitation), **{**BASIC, **options},
    )  # fmt: skip


@pytest.fixture(scope="module")
def medium():
    pytest.importorskip("xraylib")
    return tables()


@pytest.fixture(scope="module")
def optics():
    pytest.importorskip("xraylib")
    pytest.importorskip("h5py")
    composition, density, _ = matter("water")
    return photon_data.optics(composition, density, nodes=300)


def run(medium, optics, energy_MeV, *, total, source_cm=0.0, spheres=(), width=0.1, **options):
    """Scores per history in 20 batches; shells of ``width`` cm."""
    kind = options.get("kind", 0.0)
    source = (source_cm, np.array([energy_MeV]), np.ones(1), np.array([kind]))
    tally = (width, options.get("shells", 1), np.array(spheres, float))
    limits = (options.get("cut", 1e-2), options.get("outer", 50.0))

    def work(begin, end):
        return coupled.histories(key(1, 0), begin, end, source, medium, optics, limits, tally)

    return in_batches(work, batch_ranges(total, 20), threads=options.get("threads", 1))


def sampled(function, *arguments, n=20_000):
    @njit
    def many(n):
        state = stream(np.uint64(3), 0)
        out = np.empty(n)
        for i in range(n):
            out[i] = function(*arguments, state)
        return out

    return many(n)


@pytest.mark.parametrize("variance", [0.02, 0.2, 0.9, 5.0])
def test_soft_losses_have_their_mean_and_variance(variance):
    x = sampled(soft_loss, 1.0, variance)
    assert x.min() >= 0
    assert abs(x.mean() - 1.0) < 4 * math.sqrt(variance / len(x))
    assert x.var() == pytest.approx(variance, rel=0.05)


@pytest.mark.parametrize("first", [0.01, 0.3])
def test_soft_deflections_have_their_two_moments(first):
    c = sampled(soft_cosine, first, 2.6 * first)
    for values, wanted in ((c, math.exp(-first)), (1.5 * c**2 - 0.5, math.exp(-2.6 * first))):
        assert abs(values.mean() - wanted) < 4 * values.std() / math.sqrt(len(c))


def test_knocked_electrons_follow_moller():
    E, cut = 1.0, 0.01
    x = sampled(moller_loss, E, cut, n=50_000)
    assert x.min() >= cut and x.max() <= E / 2
    number = theory.log_integral(lambda w: theory.moller(w, E), cut, E / 2)
    mean = theory.log_integral(lambda w: w * theory.moller(w, E), cut, E / 2) / number
    assert abs(x.mean() - mean) < 4 * x.std() / math.sqrt(len(x))


@pytest.mark.parametrize(("energy_MeV", "least"), [(0.002, 0.0), (0.01, 3e-3), (1.0, 1e-3)])
def test_hard_deflections_have_the_mean_of_the_mixture(energy_MeV, least):
    pytest.importorskip("xraylib")
    water, E, low = atoms(*matter("water")[:2]), np.array([energy_MeV]), max(least, 1e-12)
    eta, mott = theory.one_screening(E, water, np.array([low]))
    c = sampled(hard_cosine, energy_MeV, least, eta[0], mott)
    many, turn = (theory.transport(n, E, water, low)[0] for n in (0, 1))
    assert abs((1 - c).mean() - turn / many) < 4 * c.std() / math.sqrt(len(c))


def test_soft_and_hard_losses_add_up_to_the_stopping_power(medium):
    _, table, _, _ = medium
    water = atoms(*matter("water")[:2])
    electrons = (water[:, 0] * water[:, 1]).sum()
    collision, radiative = stopping_powers("water", ENERGIES)
    for i in (150, 220, 290):
        E, cut = ENERGIES[i], BASIC["hard_MeV"]
        w = np.geomspace(cut, E / 2, 20_000)
        hard = electrons * np.trapezoid(w * theory.moller(w, E), w)
        k = np.geomspace(1e-6 * E, E * (1 - 1e-9), 20_000)
        shape = theory.bethe_heitler(k, E)
        above = k > cut
        share = np.trapezoid(shape[above], k[above]) / np.trapezoid(shape, k)
        rest = collision[i] + radiative[i] - hard - share * radiative[i]
        assert table[i, 0] == pytest.approx(rest, rel=1e-3)


def test_the_born_spectrum_radiates_what_estar_says_within_a_seventh():
    pytest.importorskip("xraylib")
    water = atoms(*matter("water")[:2])
    weight = (water[:, 1] * water[:, 0] * (water[:, 0] + 1)).sum()
    for E in (0.05, 0.5, 1.0, 3.0):
        k = np.geomspace(1e-6 * E, E * (1 - 1e-9), 4000)
        born = np.trapezoid(theory.bethe_heitler(k, E), k)
        born *= theory.FINE_STRUCTURE * theory.RADIUS_CM**2 * weight
        _, radiative = stopping_powers("water", np.array([E]))
        assert born == pytest.approx(radiative[0], rel=0.14)


def test_straggling_of_one_free_electron_gas_is_bohr():
    E, cut = np.array([1.0]), 1e-4
    nothing_bound = np.array([[1e23, 1e-12]])
    _, beta = theory.momentum_and_beta(E)
    bohr = 1e23 * 2 * np.pi * theory.RADIUS_CM**2 * 0.51099895 / beta**2 * cut
    assert theory.straggling(E, nothing_bound, cut) == pytest.approx(bohr, rel=1e-3)


@njit
def turned(energy_MeV, path_cm, total, medium):
    """Means of cos, P2 and depth after a path without loss of energy."""
    out, stack, particle = np.zeros((total, 3)), np.zeros((4, 8)), np.zeros(8)
    for history in range(total):
        state = stream(np.uint64(5), history)
        particle[:] = 0.0
        particle[5] = 1.0
        path = 0.0
        while path < path_cm * (1 - 1e-12):
            particle[6] = energy_MeV
            i, f = grid_place(energy_MeV, medium[0])
            bound = between(medium[1][:, 5], i, f)
            step = -math.log(1.0 - uniform(state)) / bound
            is_hard = path + step < path_cm
            step = min(step, path_cm - path)
            hinge = step * uniform(state)
            fly(particle, hinge)
            soft_event(particle, step, i, f, medium, state)
            fly(particle, step - hinge)
            path += step
            if is_hard:
                hard_event(particle, bound, i, f, medium, stack, 0, state)
        out[history] = particle[5], 1.5 * particle[5] ** 2 - 0.5, particle[2]
    return out


@pytest.mark.parametrize("energy_MeV", [0.002, 0.01, 0.1, 1.0])
@pytest.mark.parametrize("C", [0.05, 0.2])
def test_multiple_scattering_has_the_exact_moments_for_any_step(energy_MeV, C):
    """Goudsmit-Saunderson: cos and P2 decay with the path; Lewis: the mean depth is exact."""
    pytest.importorskip("xraylib")
    grid, table, inverse, constants = tables(C1=C, C2=C, hard_MeV=1e-3)
    table = table.copy()
    table[:, 0], table[:, 1] = 1e-12, 0.0  # no loss
    table[:, 2:4] = 0.0
    table[:, 5] = table[:, 4] * 1.3  # the bound, with room for delta interactions
    water = atoms(*matter("water")[:2])
    E = np.array([energy_MeV])
    least = theory.deflection_of(np.minimum(1e-3, E / 2), E)
    knocked = theory.soft_turns(E, water, least)
    g1, g2 = (float(theory.transport(n, E, water)[0] + knocked[n - 1][0]) for n in (1, 2))
    path_cm = 0.5 / g1
    got = turned(energy_MeV, path_cm, 20_000, (grid, table, inverse, constants))
    exact = math.exp(-0.5), math.exp(-g2 * path_cm), (1 - math.exp(-0.5)) / g1
    sigma = got.std(0) / math.sqrt(len(got))
    # 1 % on top: tables between nodes, and one screening for both elements in P2
    assert np.all(abs(got.mean(0) - exact) < 3.5 * sigma + 0.01 * np.array(exact))


@pytest.mark.parametrize(("energy_MeV", "kind"), [(0.05, 0.0), (2.0, 0.0), (1.5, 1.0), (0.6, 2.0)])
def test_energy_is_conserved(medium, optics, energy_MeV, kind):
    score = run(medium, optics, energy_MeV, total=400, kind=kind, outer=1.0)
    born = energy_MeV + (2 * 0.51099895 if kind == 2.0 else 0.0)
    assert abs((score[:, -3] + score[:, -2]).mean() / born - 1) < 1e-12
    if kind == 1.0:
        assert score[:, -2].mean() > 0.1 * energy_MeV  # photons do escape from 1 cm of water


def test_results_do_not_depend_on_threads(medium, optics):
    one = run(medium, optics, 0.5, total=400, threads=1)
    assert np.array_equal(one, run(medium, optics, 0.5, total=400, threads=3))


@pytest.mark.parametrize("radius_cm", [0.01, 0.05, 0.3])
def test_without_scattering_and_straggling_it_is_the_straight_track_formula(optics, radius_cm):
    grid, table, inverse, constants = tables(C2=0.02)
    table = table.copy()
    collision, radiative = stopping_powers("water", ENERGIES)
    table[:, :] = 1e-12
    table[:, 0], table[:, 5] = collision + radiative, 1e-9
    straight = run((grid, table, inverse, constants), optics, 0.3, total=2000, spheres=[radius_cm])
    mean, sigma = mean_and_sigma(straight[:, 1] / 0.3)
    mass_g = 4.0 / 3.0 * math.pi * radius_cm**3
    exact = float(electron_absorbed_fraction(0.3, mass_g, electrons_in_water()))
    assert sigma < 0.003 * mean
    assert mean == pytest.approx(exact, rel=0.004)  # tables, and 10 keV left at the end


@pytest.mark.parametrize(("energy_MeV", "radius_cm"), [(0.3, 0.05), (1.0, 0.4)])
def test_a_point_source_knows_the_even_sphere(medium, optics, energy_MeV, radius_cm):
    """Reciprocity: the geometric factor against a source that really fills the sphere."""
    even = run(medium, optics, energy_MeV, total=4000, source_cm=radius_cm, width=radius_cm)
    point = run(medium, optics, energy_MeV, total=4000, spheres=[radius_cm], width=1e-9)
    (a, sa), (b, sb) = mean_and_sigma(even[:, 0]), mean_and_sigma(point[:, 1])
    assert abs(a - b) < 4 * math.hypot(sa, sb)
    assert sb < 0.02 * b


def test_the_energy_cut_and_the_step_do_not_matter(optics):
    pytest.importorskip("xraylib")
    got = []
    for C, cut in ((0.05, 5e-3), (0.2, 2e-2)):
        water = tables(C1=C, C2=C, hard_MeV=cut)
        score = run(water, optics, 0.5, total=3000, spheres=[0.1], cut=cut)
        got.append(mean_and_sigma(score[:, 1]))
    (a, sa), (b, sb) = got
    assert abs(a - b) < 4 * math.hypot(sa, sb)
    assert sa < 0.015 * a


def test_an_isotropic_source_has_no_preferred_direction():
    @njit
    def mean_direction(total):
        total_u, total_uu = np.zeros(3), np.zeros(3)
        for history in range(total):
            u = np.array(isotropic(stream(np.uint64(9), history)))
            total_u += u
            total_uu += u * u
        return total_u / total, total_uu / total

    first, second = mean_direction(40_000)
    assert np.all(abs(first) < 4 * math.sqrt(1 / 3 / 40_000))
    assert np.all(abs(second - 1 / 3) < 4 * math.sqrt(4 / 45 / 40_000))


PLAIN = """
import numpy as np
from pdcraft.dosimetry.core import coupled
from pdcraft.dosimetry.core.scattering import electron_tables
from pdcraft.dosimetry.core.rng import key
E = np.geomspace(1e-3, 1.0, 60)
water = np.array([[1.0, 6.67e22, 6.6e-5, 1.3e-5], [8.0, 3.34e22, 3.4e-4, 7.6e-5]])
shells = np.array([[2.67e23, 3e-5], [6.7e22, 1.3e-3]])
medium = electron_tables(E, 1.9 * E**-0.2, 0.01 * E, water, shells, hard_MeV=0.02, C1=0.2, C2=0.2)
nodes = 40
grid = np.array([np.log(1e-3), np.log(1e3) / (nodes - 1), nodes])
table = np.ones((nodes, 6)) * np.array([1.0, 0.4, 0.4, 0.1, 0.1, 0.5])
optics = (grid, table, np.ones(nodes), np.cumsum(np.ones(nodes)), np.array([-9.0, 0.3, nodes]),
          (np.array([0.02]), np.full((nodes, 1), 0.5)))
source = (0.2, np.array([0.3, 0.9]), np.array([1.0, 2.0]), np.array([2.0, 1.0]))
score = coupled.histories(key(4, 2), 0, 6, source, medium, optics, (0.02, 3.0),
                          (0.1, 4, np.array([0.1, 0.3])))
"""


def test_compiled_and_plain_python_agree():
    names: dict = {}
    exec(PLAIN, names)  # compiled, in this process
    show = 'print(" ".join(f"{v:.12e}" for v in score))'
    plain = subprocess.run(
        [sys.executable, "-c", PLAIN + show],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert np.array(plain.split(), float) == pytest.approx(names["score"], rel=1e-9)
