import warnings

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.signal import fftconvolve

from pdcraft import library
from pdcraft.domain import Activity, Exponentials, Grid, InputError, Voxels
from pdcraft.domain.agent import Emissions
from pdcraft.domain.errors import ValidityWarning
from pdcraft.domain.phantom import Stopping
from pdcraft.dosimetry import MonteCarlo, VoxelKernel, convolution, irradiate
from pdcraft.dosimetry.core import kernel as core
from pdcraft.dosimetry.point_source import alphas

CLOCK = Exponentials(jnp.array([0.0036]), jnp.zeros(1), jnp.zeros(1))


def mirrored(octant):
    for axis in range(3):
        back = np.flip(np.delete(octant, 0, axis), axis)
        octant = np.concatenate([back, octant], axis)
    return octant


@pytest.mark.parametrize("shape", [(6, 20, 5), (25, 30, 20)])
def test_convolution_is_that_of_scipy(shape):
    draw = np.random.default_rng(0)
    volume, octant = draw.random((20, 24, 17)), draw.random(shape)
    octant = octant[tuple(slice(0, n) for n in volume.shape)]
    lengths = convolution.padded(volume.shape, octant.shape)
    transform = convolution.times(
        convolution.forward(volume, lengths), convolution.spectrum(octant, lengths)
    )
    found = convolution.backward(transform, lengths, volume.shape)
    part = tuple(slice(n - 1, n - 1 + m) for n, m in zip(octant.shape, volume.shape, strict=True))
    assert found == pytest.approx(fftconvolve(volume, mirrored(octant))[part], rel=1e-10)


def test_near_voxels_take_all_energy_and_the_shares_of_a_random_pair_of_points():
    edge, width = np.array([0.4, 0.5, 0.3]), 0.02
    weights = core.near_weights(width, 30, edge, np.array([5, 5, 5]), 400)
    assert [core.whole(w) for w in weights] == pytest.approx(np.ones(30), abs=1e-12)
    draw = np.random.default_rng(1)
    n, shell = 200_000, 20
    aim = draw.normal(size=(n, 3))
    aim /= np.linalg.norm(aim, axis=1)[:, None]
    r = width * (shell + draw.random(n))
    end = draw.random((n, 3)) * edge + r[:, None] * aim
    hit = np.floor(end / edge).astype(int)
    for at in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 1)):
        share = (hit == at).all(1).mean()
        assert weights[shell][at] == pytest.approx(share, abs=4 * np.sqrt(share / n))


def test_far_voxels_follow_the_inverse_square():
    """A density 1/(4 pi r²): the mean over pairs of points of two voxels, by drawing them."""
    edge, width, shells = np.array([0.4, 0.4, 0.4]), 0.01, 1500
    cumulative = width * np.arange(shells + 1)
    octant = np.zeros((12, 12, 12))
    core.fill_far(octant, np.array([3, 3, 3]), edge, width, cumulative, 0.1)
    draw = np.random.default_rng(2)
    for at in ((3, 0, 0), (5, 5, 5), (10, 2, 0)):
        offset = (np.array(at) + draw.random((400_000, 3)) - draw.random((400_000, 3))) * edge
        exact = (1 / (4 * np.pi * (offset**2).sum(1))).mean() * edge.prod()
        assert octant[at] == pytest.approx(exact, rel=2e-3)


def test_what_lies_inside_a_box_is_what_near_voxels_take():
    edge, width = np.array([0.4, 0.5, 0.3]), 0.02
    box = np.array([3, 2, 3])
    weights = core.near_weights(width, 80, edge, box, 800)
    share = core.inside(width, 80, edge, box, 4000)
    assert [core.whole(w) for w in weights] == pytest.approx(share, abs=2e-3)


def test_alphas_lose_their_energy_along_their_range():
    emissions = Emissions("X-1", *(jnp.zeros(0),) * 4, jnp.array([5.0]), jnp.array([2.0]))
    even = Stopping("x", 1.0, jnp.array([0.001, 10.0]), jnp.array([1000.0, 1000.0]))
    shells = alphas(emissions, even, width=1e-3, shells=20)
    assert shells.MeV[0] == pytest.approx([2.0] * 5 + [0.0] * 15, abs=0.01)
    assert shells.MeV[0].sum() == pytest.approx(10.0)
    assert alphas(emissions, None, width=1e-3, shells=20).MeV[0, 0] == 10.0


@pytest.fixture(scope="module")
def water():
    pytest.importorskip("xraylib")
    pytest.importorskip("h5py")
    return library.medium("water")


@pytest.fixture(scope="module")
def kernel(water):
    grid = Grid.of((15, 12, 13), voxel_mm=(3.0, 4.0, 5.0))
    return VoxelKernel.of([library.emissions("I-131")], water, grid, decays=20_000, float32=False)


def body(grid, density=1.0):
    return Voxels.of(grid, media=["water"], medium=0, density_g_per_cm3=density)


def source(grid, nuclide="I-131"):
    map_ = np.zeros(grid.shape)
    map_[5:9, 4:8, 4:8] = 1.0
    return Activity(grid, (nuclide,), CLOCK, map_.reshape(-1, 1, 1))


def test_kernel_and_what_is_beyond_it_are_the_emitted_energy(kernel):
    assert kernel.closure == pytest.approx([1.0], abs=3e-3)
    balance = kernel.balance(source(kernel.grid), body(kernel.grid))
    assert balance.closure == pytest.approx([1.0], abs=3e-3)
    assert 0 < balance.absorbed[0, 0] < balance.emitted[0, 0]
    assert balance.absorbed[1, 0] == pytest.approx(balance.emitted[1, 0], rel=2e-3)
    assert np.all(kernel.sigma[0, 1, 0, 0, 0] < 0.005 * kernel.MeV[0, 1, 0, 0, 0])


def test_kernel_and_monte_carlo_agree_in_one_medium(kernel, water):
    activity, water_body = source(kernel.grid), body(kernel.grid)
    engine = MonteCarlo([library.emissions("I-131")], [water], decays=150_000)
    mc, k = (irradiate(e, activity, water_body) for e in (engine, kernel))
    for radiation, allowed in ((0, 0.05), (1, 0.01)):  # photons of the kernel: sigma 1.5 %
        a, sigma, b = (np.asarray(x)[:, radiation, 0] for x in (mc.Gy_per_h, mc.sigma, k.Gy_per_h))
        hot = b > 0.3 * b.max()
        z = (a - b)[hot] / sigma[hot]
        assert abs(z.mean()) < 0.35 and 0.75 < z.std() < 1.25, radiation
        assert a[hot].sum() == pytest.approx(b[hot].sum(), rel=allowed)


def test_32_bits_are_enough(kernel):
    single = eqx.tree_at(lambda k: k.MeV, kernel, kernel.MeV.astype(np.float32))
    activity, water_body = source(kernel.grid), body(kernel.grid)
    a, b = (irradiate(k, activity, water_body).Gy_per_h for k in (kernel, single))
    assert b.dtype == np.float32
    assert abs(a - b).max() < 1e-6 * a.max()


def test_density_scaling_keeps_the_energy_of_voxels(kernel):
    density = np.ones(kernel.grid.shape)
    density[7:] = 0.3
    activity, lung = source(kernel.grid), body(kernel.grid, density)
    with pytest.warns(ValidityWarning, match="density_scaling"):
        plain = irradiate(kernel, activity, lung)
    scaled = VoxelKernel(
        **{**{f: getattr(kernel, f) for f in vars(kernel)}, "density_scaling": True}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = irradiate(scaled, activity, lung)
    ratio = np.asarray(found.Gy_per_h)[:, 1, 0] / np.asarray(plain.Gy_per_h)[:, 1, 0]
    assert ratio.reshape(kernel.grid.shape)[8, 5, 5] == pytest.approx(1 / 0.3)
    assert ratio.reshape(kernel.grid.shape)[6, 5, 5] == pytest.approx(1.0)


def test_errors_say_what_to_do(kernel, water):
    y90 = [library.emissions("Y-90")]
    with pytest.raises(InputError, match="range of the electrons"):
        VoxelKernel.of(y90, water, kernel.grid, reach_mm=5.0, decays=100)
    with pytest.raises(InputError, match="emits no"):
        VoxelKernel.of([Emissions("X-1", *(jnp.zeros(0),) * 6)], water, kernel.grid)
    with pytest.raises(InputError, match="greater than 0"):
        VoxelKernel.of(y90, water, kernel.grid, density_g_per_cm3=0.0)
    other = Grid.of((15, 12, 13), voxel_mm=4.0)
    with pytest.raises(InputError, match="Make a kernel"):
        irradiate(kernel, source(other), body(other))
    small = VoxelKernel(**{**{f: getattr(kernel, f) for f in vars(kernel)}, "memory_GB": 1e-6})
    with pytest.raises(InputError, match="memory_GB"):
        irradiate(small, source(kernel.grid), body(kernel.grid))
    fine = Grid.of((3, 3, 3), voxel_mm=1.0)
    with pytest.warns(ValidityWarning, match="alpha_stopping"):
        VoxelKernel.of([library.emissions("Po-212")], water, fine, decays=100)
