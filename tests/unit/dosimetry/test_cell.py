import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft import library
from pdcraft.domain import Activity, Anatomy, Regions, Samples
from pdcraft.domain.agent import Emissions
from pdcraft.domain.errors import InputError, MissingError
from pdcraft.domain.units import GY_G_PER_MEV_MBQ_H
from pdcraft.dosimetry import irradiate
from pdcraft.dosimetry.cell import SOURCES, build_cell, close_packed, geometric_factor

COLE, ALPHAS = library.electrons_after_cole(), library.alphas_in_water()
NONE = jnp.zeros(0)


def beam(energy_MeV, radiation="electron"):
    lines = {"electron": (NONE, NONE), "alpha": (NONE, NONE)}
    lines[radiation] = (jnp.array([energy_MeV]), jnp.ones(1))
    return Emissions("beam", NONE, NONE, *lines["electron"], *lines["alpha"])


def cell(emission, cell_um=5.0, nucleus_um=3.0, **options):
    return build_cell(
        [emission], cell_um=cell_um, nucleus_um=nucleus_um, stopping=COLE, alpha_stopping=ALPHAS,
        **options,
    )  # fmt: skip


def own(engine, target, source):
    t = ("nucleus", "cytoplasm", "cell").index(target)
    return float(engine.own_MeV[t, SOURCES.index(source)].sum())


@pytest.mark.parametrize("inner", [0.0, 2.0, 4.999])
def test_geometric_factors_are_those_of_thrown_points(inner):
    rng = np.random.default_rng(1)
    n, outer, radius = 200_000, 5.0, 3.0
    for distance in (0.0, 11.0):
        r = np.cbrt(inner**3 + rng.random(n) * (outer**3 - inner**3))
        u, v = rng.normal(size=(2, n, 3))
        u /= np.linalg.norm(u, axis=1)[:, None]
        v /= np.linalg.norm(v, axis=1)[:, None]
        for x in (1.0, 4.0, 9.0):
            at = r[:, None] * u + x * v + np.array([distance, 0, 0])
            thrown = (np.linalg.norm(at, axis=1) < radius).mean()
            got = geometric_factor([x], (inner, outer), radius, distance)[0]
            assert abs(got - thrown) < 4 * np.sqrt(thrown * (1 - thrown) / n) + 2e-4


def test_a_large_cell_keeps_everything():
    for emission in (beam(0.02), beam(5.5, "alpha")):
        large = cell(emission, cell_um=5000.0, nucleus_um=2500.0)
        emitted = float(large.emitted_MeV.sum())
        # it escapes from the last range below the surface: three quarters of range over radius
        assert own(large, "cell", "cell") == pytest.approx(emitted, rel=0.01)
        assert own(large, "nucleus", "cell") == pytest.approx(emitted / 8, rel=0.005)


def test_short_ranges_stay_in_the_part_that_emits():
    auger = cell(beam(3e-4))
    assert own(auger, "nucleus", "nucleus") == pytest.approx(3e-4, rel=0.01)
    assert own(auger, "nucleus", "membrane") == 0
    assert own(auger, "cell", "membrane") == pytest.approx(1.5e-4, rel=0.02)  # half goes outside


def test_source_and_target_can_change_places():
    """Reciprocity of equal media: energy per decay over target mass is the same both ways."""
    engine = cell(beam(0.03))
    m = engine.mass_g
    forth = own(engine, "nucleus", "cytoplasm") / m[0]
    back = own(engine, "cytoplasm", "nucleus") / m[1]
    assert forth == pytest.approx(back, rel=0.002)


def test_alphas_follow_a_straight_line_to_their_range():
    """A 5.49 MeV alpha from the surface of a small cell crosses it: mean chord times LET."""
    engine = cell(beam(5.486, "alpha"), cell_um=1.0, nucleus_um=0.5)
    LET_MeV_per_um = 829.6e-4  # ASTAR at 5.49 MeV
    # from the surface half of the directions go inside, with the mean chord of R
    assert own(engine, "cell", "membrane") == pytest.approx(0.5 * 1.0 * LET_MeV_per_um, rel=0.02)


def test_doses_add_over_neighbours_and_fall_with_their_distance():
    one = cell(beam(0.1), neighbours={10.0: 1})
    two = cell(beam(0.1), neighbours={10.0: 2})
    far = cell(beam(0.1), neighbours={30.0: 1})
    assert np.allclose(two.neighbour_MeV, 2 * one.neighbour_MeV)
    assert float(far.neighbour_MeV.sum()) < 0.2 * float(one.neighbour_MeV.sum())


def test_closest_packing_has_twelve_that_touch_and_fills_space():
    shells = close_packed(10.0, 40)
    assert shells[10.0] == 12
    last = max(shells)
    volume = 4 / 3 * np.pi * last**3
    assert sum(shells.values()) == pytest.approx(volume * np.sqrt(2) / 10.0**3, rel=0.05)


def test_a_cell_in_packed_tissue_comes_near_equilibrium():
    """Cells that fill 74 % of space carry all activity: dose is their energy over all the mass."""
    engine = cell(beam(0.03), neighbours=close_packed(10.0, 24))  # range 18 um
    dose = float((engine.own_MeV + engine.neighbour_MeV)[2, 3].sum()) / engine.mass_g[2]
    volume_per_cell_cm3 = 10.0**3 / np.sqrt(2) * 1e-12
    assert dose == pytest.approx(0.03 / volume_per_cell_cm3, rel=0.03)


def test_activity_in_the_medium_gives_equilibrium_less_the_cell():
    engine, clock = cell(beam(0.05)), Samples(jnp.array([0.0]))
    medium_g = 1e-6
    anatomy = Anatomy(engine.regions(medium_g), jnp.array(0))
    activity = Activity(
        Regions(("medium",), jnp.array([medium_g])), ("beam",), clock, jnp.ones((1, 1, 1))
    )
    rate = irradiate(engine, activity, anatomy)
    even = GY_G_PER_MEV_MBQ_H * 0.05 / medium_g  # Gy/h, one MBq even in the medium
    nucleus = float(rate.Gy_per_h[0].sum())
    assert nucleus < even
    # the uniform cell would have added what is missing
    missing = engine.mass_g[2] / medium_g * engine.s_Gy_per_MBq_h(["cell"])[0, 0, 0].sum()
    assert nucleus + float(missing) == pytest.approx(even, rel=1e-3)
    assert rate.space.names == ("nucleus", "cytoplasm", "cell", "medium")


def test_wrong_cells_are_refused():
    with pytest.raises(InputError, match="nucleus_um"):
        cell(beam(0.1), nucleus_um=6.0)
    with pytest.raises(InputError, match="overlaps"):
        cell(beam(0.1), neighbours={8.0: 1})
    with pytest.raises(InputError, match="no electrons"):
        cell(Emissions("dark", NONE, NONE, NONE, NONE, NONE, NONE))
    with pytest.raises(MissingError, match="nucleus"):
        cell(beam(0.1)).s_Gy_per_MBq_h(["nucleolus"])
    with pytest.raises(InputError, match="medium_g"):
        cell(beam(0.1)).s_Gy_per_MBq_h(["medium"])
    with pytest.raises(InputError, match="shell"):
        close_packed(10.0, 0)
