import warnings

import numpy as np
import pytest

from pdcraft.domain.errors import MissingError, ValidityWarning
from pdcraft.dosimetry.sphere import (
    ElectronSpheres,
    electron_absorbed_fraction,
    mean_electron_absorbed_fraction,
)
from pdcraft.library import electrons_in_water, emissions
from pdcraft.library.electron_data import matter, point_kernels, sphere_fractions

WATER, SPHERES = electrons_in_water(), ElectronSpheres(*sphere_fractions())


def fraction(energy_MeV, mass_g, **options):
    return electron_absorbed_fraction(energy_MeV, mass_g, WATER, spheres=SPHERES, **options)


def test_the_table_is_met_at_its_nodes():
    got = fraction(SPHERES.energy_MeV[:, None], SPHERES.mass_g[None, :])
    assert got == pytest.approx(SPHERES.fraction, rel=1e-9)


def test_fractions_rise_with_mass_and_fall_with_energy_also_outside_the_table():
    energy_MeV, mass_g = np.geomspace(0.002, 4.9, 60), np.geomspace(1e-9, 1e5, 80)
    phi = fraction(energy_MeV[:, None], mass_g[None, :])
    assert phi.min() > 0 and phi.max() < 1
    # 5e-6: five printed digits show where 2e-5 is left to escape, at 10 keV and 1 kg
    assert np.all(np.diff(phi, axis=1) > -5e-6)
    assert np.all(np.diff(phi, axis=0) < 5e-6)


def test_noise_of_the_table_is_below_one_per_cent_from_a_microgram():
    relative = SPHERES.sigma / SPHERES.fraction
    assert relative[:, SPHERES.mass_g > 0.9e-6].max() < 0.01
    assert np.median(relative) < 5e-4


def test_density_acts_as_a_larger_radius():
    dense = fraction(0.5, 1.0, density_g_per_cm3=2.0)
    assert dense == pytest.approx(float(fraction(0.5, 4.0)), rel=1e-12)


def test_bent_tracks_keep_more_than_straight_ones_where_the_range_fits():
    straight = electron_absorbed_fraction(0.2, np.array([0.01, 1.0, 100.0]), WATER)
    assert np.all(fraction(0.2, np.array([0.01, 1.0, 100.0])) > straight)


def test_tiny_spheres_lose_fast_secondaries_that_straight_tracks_keep():
    straight = float(electron_absorbed_fraction(2.0, 1e-6, WATER))
    assert 0.7 < float(fraction(2.0, 1e-6)) / straight < 0.95


def test_one_energy_left_out_is_found_again_by_scaling():
    keep = np.arange(len(SPHERES.energy_MeV)) % 2 == 0
    keep[-1] = True
    half = ElectronSpheres(
        SPHERES.energy_MeV[keep], SPHERES.mass_g, SPHERES.fraction[keep], SPHERES.sigma[keep]
    )
    away = SPHERES.mass_g > 1e-6  # below, rows of half the energies no longer overlap
    got = electron_absorbed_fraction(
        SPHERES.energy_MeV[~keep][:, None], SPHERES.mass_g[None, away], WATER, spheres=half
    )
    assert got == pytest.approx(SPHERES.fraction[~keep][:, away], rel=0.03)


def test_energies_above_the_table_warn():
    with pytest.warns(ValidityWarning, match="5 MeV"):
        fraction(6.0, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fraction(5.0, 1.0)


def test_a_nuclide_keeps_more_in_a_larger_sphere():
    share = mean_electron_absorbed_fraction(
        emissions("I-131"), np.array([1e-3, 1.0, 20.0]), WATER, spheres=SPHERES
    )
    assert np.all(np.diff(share) > 0) and share[-1] == pytest.approx(0.982, abs=0.002)


def test_kernels_hold_the_whole_energy_but_for_bremsstrahlung():
    for energy_MeV, (reach_cm, x, J, _) in point_kernels().items():
        inside = J.sum() * (x[1] - x[0])
        yield_bound = 0.006 * energy_MeV + 0.002  # radiation yield in water
        assert 1 - yield_bound < inside < 1 + 1e-3
        assert reach_cm > 0


def test_compositions_add_up_and_unknown_media_are_refused():
    for medium in ("water", "soft_tissue", "lung", "cortical_bone", "adipose", "muscle"):
        composition, density, excitation_eV = matter(medium)
        assert sum(composition.values()) == pytest.approx(1.0, abs=2e-3)
        assert 0.5 < density < 2.5 and 50 < excitation_eV < 120
    with pytest.raises(MissingError, match="water"):
        matter("watr")
