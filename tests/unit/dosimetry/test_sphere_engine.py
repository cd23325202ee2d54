import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft import library
from pdcraft.domain import Activity, Anatomy, Regions, Samples
from pdcraft.domain.agent import Emissions
from pdcraft.domain.errors import InputError, MissingError, ValidityWarning
from pdcraft.dosimetry import ElectronSpheres, PhotonSpheres, irradiate
from pdcraft.dosimetry.sphere_engine import build_sphere, photon_absorbed_fraction
from pdcraft.library.electron_data import SPHERE_MEDIA, photon_sphere_fractions, sphere_fractions

PHOTONS = PhotonSpheres(*photon_sphere_fractions())
NONE = jnp.zeros(0)


@functools.cache
def engine(*nuclides, medium="water", density=1.0):
    return build_sphere(
        [library.emissions(n) if isinstance(n, str) else n for n in nuclides],
        ElectronSpheres(*sphere_fractions(medium)),
        PhotonSpheres(*photon_sphere_fractions(medium)),
        stopping=library.electrons_in(medium),
        alpha_stopping=library.alphas_in_water(),
        density_g_per_cm3=density,
    )


def test_photon_table_is_met_at_its_nodes_and_grows_with_mass():
    got = photon_absorbed_fraction(PHOTONS.energy_MeV[:, None], PHOTONS.mass_g[None, :], PHOTONS)
    assert got == pytest.approx(np.clip(PHOTONS.fraction, 0, 1 - 1e-6), rel=1e-6)
    E, m = np.geomspace(1e-3, 4, 80), np.geomspace(0.01, 5e3, 60)
    phi = photon_absorbed_fraction(E[:, None], m[None, :], PHOTONS)
    assert np.all(np.diff(phi, axis=1) > -1e-4)  # five digits and 0.01 % of noise near 1
    assert photon_absorbed_fraction(5e-4, 1.0, PHOTONS) == 1.0


def test_noise_of_the_photon_table_is_small_where_spheres_are_checked():
    checked = PHOTONS.mass_g >= 0.04
    relative = PHOTONS.sigma[:, checked] / PHOTONS.fraction[:, checked]
    assert np.median(relative) < 0.004
    assert relative[PHOTONS.energy_MeV <= 0.61].max() < 0.014  # above, electrons leave small ones


def test_one_energy_left_out_is_found_again():
    """The error of interpolation, 8 to 16 times as large in a table of half the energies."""
    keep = np.arange(len(PHOTONS.energy_MeV)) % 2 == 0
    half = PhotonSpheres(
        PHOTONS.energy_MeV[keep], PHOTONS.mass_g, PHOTONS.fraction[keep], PHOTONS.sigma[keep]
    )
    large = PHOTONS.mass_g > 0.9
    out = np.flatnonzero(~keep & (PHOTONS.energy_MeV < 2.0))  # above, only the end is left
    got = photon_absorbed_fraction(
        PHOTONS.energy_MeV[out][:, None], PHOTONS.mass_g[None, large], half
    )
    error = abs(got / PHOTONS.fraction[out][:, large] - 1)
    assert np.median(error) < 0.01
    assert error.max() < 0.035


def test_energy_is_closed_and_nothing_escapes_from_ten_kilograms_of_alphas():
    closure = engine("I-131").energy_closure(20.0)
    assert closure["absorbed"] + closure["escaped"] == pytest.approx(closure["emitted"], rel=1e-12)
    assert 0 < closure["escaped"] < closure["emitted"]
    astatine = engine("At-211")
    S, _ = astatine.s_Gy_per_MBq_h(1000.0)
    assert float(S[0, 0, 2]) == pytest.approx(
        0.5767836 * float(astatine.emitted_MeV[0, 2]) / 1000.0, rel=2e-3
    )


def test_only_mass_times_density_squared_counts():
    light, unit = engine("Lu-177", density=0.26), engine("Lu-177")
    a = light.s_Gy_per_MBq_h(10.0)[0] * 10.0
    b = unit.s_Gy_per_MBq_h(10.0 * 0.26**2)[0] * 10.0 * 0.26**2
    assert a == pytest.approx(np.asarray(b), rel=1e-12)


@pytest.mark.parametrize("medium", SPHERE_MEDIA)
def test_every_medium_keeps_nearly_all_electrons_in_a_kilogram(medium):
    one = engine("I-131", medium=medium)
    S, _ = one.s_Gy_per_MBq_h(1000.0)
    share = float(S[0, 0, 1]) * 1000.0 / 0.5767836 / float(one.emitted_MeV[0, 1])
    assert 0.993 < share < 1.0


def test_bone_keeps_more_photons_than_water():
    water, bone = engine("I-125"), engine("I-125", medium="cortical_bone")
    photons = [float(e.s_Gy_per_MBq_h(1.0)[0][0, 0, 0]) for e in (water, bone)]
    assert photons[1] > 2 * photons[0]  # calcium at 27 keV


def test_doses_go_to_their_regions_with_sigma_and_have_gradients():
    one = engine("I-131", "Xe-131m")
    space = Regions(("liver", "lesion", "node"), jnp.array([1800.0, 2.0, 0.5]))
    activity = Activity(
        Regions(("node", "lesion"), jnp.array([0.5, 2.0])), one.nuclides, Samples(jnp.array([0.0])),
        jnp.array([[[1.0], [0.0]], [[2.0], [0.1]]]),
    )  # fmt: skip
    rate = irradiate(one, activity, Anatomy(space, jnp.array(0)))
    assert np.all(np.asarray(rate.Gy_per_h[0]) == 0)
    S, _ = one.s_Gy_per_MBq_h([0.5, 2.0])
    assert rate.Gy_per_h[2, :, 0] == pytest.approx(np.asarray(S[0, 0]), rel=1e-12)
    assert rate.Gy_per_h[1, :, 0] == pytest.approx(np.asarray(2 * S[1, 0] + 0.1 * S[1, 1]))
    assert 0 < float(rate.sigma[2, 1, 0]) < 0.002 * float(rate.Gy_per_h[2, 1, 0])
    slope = jax.grad(lambda m: one.s_Gy_per_MBq_h(m)[0].sum())(2.0)
    step = (one.s_Gy_per_MBq_h(2.02)[0].sum() - one.s_Gy_per_MBq_h(1.98)[0].sum()) / 0.04
    assert float(slope) == pytest.approx(float(step), rel=0.02)


def test_doses_are_linear_in_activity():
    one, space = engine("Lu-177"), Regions(("node",), jnp.array([3.0]))
    clock, body = Samples(jnp.array([0.0])), Anatomy(space, jnp.array(0))
    single, triple = (
        irradiate(one, Activity(space, one.nuclides, clock, jnp.full((1, 1, 1), a)), body)
        for a in (1.0, 3.0)
    )
    assert np.allclose(triple.Gy_per_h, 3 * single.Gy_per_h, rtol=1e-12)
    assert np.allclose(triple.sigma, 3 * single.sigma, rtol=1e-12)


def test_wrong_spheres_are_refused():
    one = engine("I-131")
    with pytest.raises(InputError, match="without mass"):
        one.s_Gy_per_MBq_h(0.0)
    with pytest.raises(InputError, match="density"):
        engine("I-131", density=0.0)
    with pytest.raises(InputError, match="emits no"):
        engine.__wrapped__(Emissions("dark", NONE, NONE, NONE, NONE, NONE, NONE))
    with pytest.raises(MissingError, match="cortical_bone"):
        sphere_fractions("bone")
    with pytest.warns(ValidityWarning, match="outside the"):
        one.s_Gy_per_MBq_h(1e-5)
    activity = Activity(
        Regions(("node",), jnp.ones(1)), ("Y-90",), Samples(jnp.array([0.0])), jnp.ones((1, 1, 1))
    )
    with pytest.raises(InputError, match="built for I-131"):
        irradiate(one, activity, Anatomy(Regions(("node",), jnp.ones(1)), jnp.array(0)))
