import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft import library
from pdcraft.domain import Activity, Exponentials, Grid, InputError, MissingError, Voxels
from pdcraft.domain.agent import Emissions
from pdcraft.domain.errors import ValidityWarning
from pdcraft.dosimetry import LocalDeposition, MonteCarlo, irradiate

pytest.importorskip("xraylib")
pytest.importorskip("h5py")

CLOCK = Exponentials(jnp.array([0.0036]), jnp.zeros(1), jnp.zeros(1))


def source(grid, where, *, nuclide="I-131", MBq=1.0):
    map_ = np.zeros(grid.shape)
    map_[where] = MBq
    return Activity(grid, (nuclide,), CLOCK, map_.reshape(-1, 1, 1))


def lines(electron_MeV=(), photon_MeV=(), nuclide="I-131"):
    def pair(E):
        return jnp.array(E, float), jnp.full(len(E), 1.0)

    return Emissions(nuclide, *pair(photon_MeV), *pair(electron_MeV), *pair(()))


@pytest.fixture(scope="module")
def water():
    return library.medium("water")


@pytest.fixture(scope="module")
def chest(water):
    """Water with a slab of bone and one of lung, I-131 across them."""
    grid = Grid.of((12, 12, 12), voxel_mm=4.0)
    medium, density = np.zeros(grid.shape), np.ones(grid.shape)
    medium[3:5], density[3:5] = 1, 1.85
    density[7:9] = 0.26
    body = Voxels.of(
        grid, media=["water", "cortical_bone"], medium=medium, density_g_per_cm3=density
    )
    activity = source(grid, np.s_[2:10, 5:7, 5:7])
    media = [water, library.medium("cortical_bone")]
    return activity, body, MonteCarlo([library.emissions("I-131")], media, decays=10_000)


@pytest.fixture(scope="module")
def result(chest):
    activity, body, engine = chest
    return engine.run(activity, body)


def test_energy_is_conserved(result, chest):
    rate, balance = result
    activity, body, engine = chest
    assert balance.closure == pytest.approx([1.0], abs=1e-10)
    assert 0.3 < balance.escaped[0, 0] / balance.emitted[0, 0] < 0.95
    exact = engine.emissions[0].energy_MeV("electron") * float(activity.MBq.sum())
    assert balance.emitted[1, 0] == pytest.approx(exact, rel=0.02)  # drawn: sigma 0.6 %
    per_h = (np.asarray(rate.Gy_per_h)[:, :, 0] * body.mass_g[:, None]).sum(0)
    assert per_h == pytest.approx(balance.absorbed[:, 0] * 0.5767836, rel=1e-6)
    assert "closure" in str(balance)


def test_results_are_the_same_to_the_last_bit_on_any_number_of_threads(result, chest):
    activity, body, engine = chest
    many = eqx.tree_at(lambda e: e.threads, engine, 3)
    rate = irradiate(many, activity, body)
    assert np.array_equal(rate.Gy_per_h, result[0].Gy_per_h)
    assert np.array_equal(rate.sigma, result[0].sigma)


def test_sigma_is_what_other_seeds_scatter_and_falls_with_the_root_of_decays(result, chest):
    activity, body, engine = chest
    other = eqx.tree_at(lambda e: (e.seed, e.decays), engine, (7, 40_000))
    a, b = result[0], irradiate(other, activity, body)
    hot = np.asarray(activity.MBq)[:, 0, 0] > 0
    difference, sigma = a.Gy_per_h - b.Gy_per_h, np.hypot(a.sigma, b.sigma)
    z = difference[hot, :2, 0] / sigma[hot, :2, 0]
    assert abs(z.mean()) < 4 / np.sqrt(z.size)
    assert 0.75 < z.std() < 1.25  # 64 values: 9 %
    assert np.median(b.sigma[hot, :2] / a.sigma[hot, :2]) == pytest.approx(0.5, rel=0.1)


def test_dose_is_linear_in_activity_and_follows_its_sign(result, chest):
    activity, body, engine = chest
    twice = eqx.tree_at(lambda a: a.MBq, activity, -2.0 * np.asarray(activity.MBq))
    rate = irradiate(engine, twice, body)
    assert rate.Gy_per_h == pytest.approx(-2.0 * result[0].Gy_per_h, rel=1e-10)
    assert rate.sigma == pytest.approx(2.0 * result[0].sigma, rel=1e-6, abs=1e-12)


def test_modes_and_nuclides_are_added(chest):
    _, body, engine = chest
    map_ = np.zeros((len(body.space), 2, 3))
    map_[800, 0, 0], map_[800, 1, 1], map_[800, :, 2] = 1.0, 1.0, 1.0
    activity = Activity(body.space, ("I-131", "Y-90"), CLOCK, map_)
    both = MonteCarlo([engine.emissions[0], library.emissions("Y-90")], engine.media, decays=10_000)
    rate, balance = both.run(activity, body)
    here, sigma = rate.Gy_per_h[800, 1], rate.sigma[800, 1]
    assert abs(here[2] - here[0] - here[1]) < 4 * np.linalg.norm(sigma)
    assert balance.closure == pytest.approx(np.ones(3), abs=1e-9)


def test_directions_are_alike(water):
    grid = Grid.of((7, 7, 7), voxel_mm=3.0)
    body = Voxels.of(grid, media=["water"], medium=0, density_g_per_cm3=1.0)
    engine = MonteCarlo([library.emissions("Y-90")], [water], decays=20_000)
    rate = irradiate(engine, source(grid, (3, 3, 3), nuclide="Y-90"), body)
    dose, sigma = (x[:, 1, 0].reshape(7, 7, 7) for x in (rate.Gy_per_h, rate.sigma))
    near = [(2, 3, 3), (4, 3, 3), (3, 2, 3), (3, 4, 3), (3, 3, 2), (3, 3, 4)]
    values, errors = (np.array([x[i] for i in near]) for x in (dose, sigma))
    assert np.all(abs(values - values.mean()) < 4 * errors)
    assert errors.max() < 0.03 * values.mean()


def test_source_and_target_may_change_places_in_one_medium(water):
    grid = Grid.of((9, 9, 9), voxel_mm=5.0)
    body = Voxels.of(grid, media=["water"], medium=0, density_g_per_cm3=1.0)
    engine = MonteCarlo([lines(photon_MeV=[0.364])], [water], decays=30_000)
    one, two = np.s_[1:4, 4, 4], np.s_[4:7, 3:6, 3:6]
    there = irradiate(engine, source(grid, one, MBq=1 / 3), body)
    back = irradiate(engine, source(grid, two, MBq=1 / 27), body)

    def mean(rate, place):
        dose, sigma = (x[:, 0, 0].reshape(grid.shape)[place] for x in (rate.Gy_per_h, rate.sigma))
        return dose.mean(), np.sqrt((sigma**2).sum()) / dose.size

    (a, sa), (b, sb) = mean(there, two), mean(back, one)
    assert abs(a - b) < 4 * np.hypot(sa, sb) + 0.005 * a  # scatter from outside is not mirrored
    assert sa < 0.06 * a


def test_lengths_go_with_one_over_density(water):
    """Half the density in voxels of twice the edge: the same energies, decay by decay."""
    found = []
    for scale in (1.0, 2.0):
        grid = Grid.of((6, 6, 6), voxel_mm=4.0 * scale)
        body = Voxels.of(grid, media=["water"], medium=0, density_g_per_cm3=1.0 / scale)
        engine = MonteCarlo([library.emissions("I-131")], [water], decays=2000, cut_MeV=0.05)
        rate = irradiate(engine, source(grid, (3, 3, 3)), body)
        found.append(rate.Gy_per_h * body.mass_g[:, None, None])
    assert found[1] == pytest.approx(found[0], rel=1e-3, abs=1e-4)


def test_a_boundary_between_equal_media_is_not_felt(water):
    """Electrons stop at every face of a chessboard of two names for water."""
    grid = Grid.of((7, 7, 7), voxel_mm=1.5)
    board = np.indices(grid.shape).sum(0) % 2
    twin = type(water)("twin", *(getattr(water, f) for f in list(vars(water))[1:]))
    engine = MonteCarlo([lines([0.9])], [water, twin], decays=20_000)
    rates = [
        irradiate(engine, source(grid, (3, 3, 3)), Voxels.of(
            grid, media=["water", "twin"], medium=which, density_g_per_cm3=1.0))
        for which in (0, board)
    ]  # fmt: skip
    a, b = (r.Gy_per_h[:, 1, 0] for r in rates)
    sigma = np.hypot(*(r.sigma[:, 1, 0] for r in rates))
    hot = a > 0.01 * a.max()
    assert hot.sum() > 30
    z = (a - b)[hot] / sigma[hot]
    assert abs(z).max() < 4.5 and abs(z.mean()) < 0.5
    assert sigma[171] < 0.01 * a[171]


def test_electrons_that_rest_early_change_no_mean(water):
    """Voxels of 6 mm, in which most electrons rest at once, against the sum of 1 mm voxels."""
    found = []
    for n, edge in ((5, 6.0), (30, 1.0)):
        grid = Grid.of((n, n, n), voxel_mm=edge)
        body = Voxels.of(grid, media=["water"], medium=0, density_g_per_cm3=1.0)
        part = n // 5
        mine = np.s_[2 * part : 3 * part, 2 * part : 3 * part, 2 * part : 3 * part]
        engine = MonteCarlo([lines([0.3, 1.0])], [water], decays=6_000, cut_MeV=0.03)
        rate, balance = engine.run(source(grid, mine, MBq=part**-3.0), body)
        energy = (rate.Gy_per_h * body.mass_g[:, None, None])[:, 1, 0].reshape(grid.shape)
        found.append((energy[mine].sum(), float(balance.escaped[1, 0])))
    (inside, out), (inside_fine, out_fine) = found
    assert inside == pytest.approx(inside_fine, rel=0.02)  # sigma 0.5 % each
    assert out == pytest.approx(out_fine, abs=0.004)  # bremsstrahlung: 0.003 of 1.3 MeV leaves


def test_alphas_stay_and_warn_in_small_voxels(water):
    grid = Grid.of((3, 3, 3), voxel_mm=1.0)
    body = Voxels.of(grid, media=["water"], medium=0, density_g_per_cm3=1.0)
    ac = library.emissions("Ac-225")
    engine = MonteCarlo([ac], [water], decays=100)
    activity = source(grid, (1, 1, 1), nuclide="Ac-225")
    with pytest.warns(ValidityWarning, match="Alphas"):
        rate = irradiate(engine, activity, body)
    local = irradiate(LocalDeposition.of([ac]), activity, body)
    assert rate.Gy_per_h[:, 2] == pytest.approx(np.asarray(local.Gy_per_h)[:, 2], rel=1e-6)
    assert np.all(rate.sigma[:, 2] == 0)


def test_local_deposition_gives_all_charged_energy_to_the_voxel(chest):
    activity, body, engine = chest
    local = LocalDeposition.of(engine.emissions)
    rate, balance = irradiate(local, activity, body), local.balance(activity, body)
    assert balance.closure == pytest.approx([1.0])
    given = (np.asarray(rate.Gy_per_h)[:, :, 0] * body.mass_g[:, None]).sum(0)
    assert given == pytest.approx(balance.absorbed[:, 0] * 0.5767836, rel=1e-6)
    assert np.all(np.asarray(rate.Gy_per_h)[np.asarray(activity.MBq)[:, 0, 0] == 0] == 0)


def test_wrong_input_says_what_to_do(chest, water):
    activity, body, engine = chest
    other = Grid.of((12, 12, 12), voxel_mm=5.0)
    with pytest.raises(InputError, match="Resample"):
        irradiate(engine, source(other, (1, 1, 1)), body)
    with pytest.raises(InputError, match="built for I-131"):
        irradiate(engine, source(body.space, (1, 1, 1), nuclide="Y-90"), body)
    with pytest.raises(MissingError, match="cortical_bone"):
        irradiate(MonteCarlo(engine.emissions, [water], decays=10), activity, body)
    with pytest.raises(InputError, match="emits no"):
        MonteCarlo([lines()], [water], decays=10)
    with pytest.raises(InputError, match="decays"):
        MonteCarlo(engine.emissions, [water], decays=0)
    hollow = eqx.tree_at(lambda b: b.density_g_per_cm3, body, 0 * body.density_g_per_cm3)
    with pytest.raises(InputError, match="density 0"):
        irradiate(engine, activity, hollow)
    with pytest.raises(InputError, match="0 to 1"):
        LocalDeposition.of(engine.emissions, photon=2.0)
