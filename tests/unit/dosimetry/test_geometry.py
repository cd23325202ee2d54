import numpy as np
import pytest

from pdcraft.dosimetry.core.geometry import (
    OUTSIDE,
    VOID,
    candidates,
    count_regions,
    in_body,
    locate,
    surface,
)
from pdcraft.library.phantom_geometry import geometry, region_names


@pytest.fixture(scope="module", params=["adult_male", "adult_female"])
def phantom(request):
    surfaces, bodies, grid = geometry(request.param)
    return region_names(request.param), (surfaces, bodies, *candidates(bodies, grid), grid)


def where(phantom, *point):
    names, arrays = phantom
    index = locate(*map(float, point), arrays)
    return names[index] if index >= 0 else index


PLACES = {
    "liver": ((-8, 0, 39), (-8, 0, 36)),  # right: x < 0
    "spleen": ((11, 3, 37), (9.5, 3, 33.4)),  # left
    "stomach contents": ((8, -4, 35), (7, -4, 31.5)),  # front: y < 0
    "middle spine": ((0, 5.5, 50), (0, 5.4, 45)),  # back
    "heart contents": ((3, -3, 49), (2.4, -3.2, 44.2)),
    "urinary bladder contents": ((0, -4.5, 8), (0, -4.4, 7.2)),
    "brain": ((0, 0, 87), (0, 0, 79.4)),
}


def test_organs_lie_where_anatomy_has_them(phantom):
    sex = 0 if phantom[1][4][2] < -79 else 1
    for organ, points in PLACES.items():
        assert where(phantom, *points[sex]) == organ


def test_paired_organs_are_mirror_images(phantom):
    for x, y, z in [(5.5, 6, 31), (5.6, 0, 14.5), (9.3, -11, 49), (8.7, 0, -30)]:
        assert where(phantom, x, y, z) == where(phantom, -x, y, z)
        assert where(phantom, x, y, z) not in (VOID, OUTSIDE)


def test_between_the_legs_is_nothing_and_beyond_the_box_is_outside(phantom):
    assert where(phantom, 0, 3, -60) == VOID
    assert where(phantom, 0, 0, 500) == OUTSIDE


def test_the_grid_of_cells_changes_nothing(phantom):
    _, arrays = phantom
    surfaces, bodies, grid = arrays[0], arrays[1], arrays[4]
    far = grid[:3] + grid[3] * grid[4:]
    points = np.random.default_rng(4).uniform(grid[:3], far, (400, 3))
    for point in points:
        holds = [b for b in range(len(bodies)) if in_body(b, *point, surfaces, bodies)]
        assert locate(*point, arrays) == (int(bodies[holds[0], 2]) if holds else VOID)


def test_of_two_bodies_at_a_point_the_first_wins(spheres):
    small_in_large, _ = spheres([(0, 0, 0), (0, 0, 0)], [1.0, 2.0])
    assert locate(0.5, 0.0, 0.0, small_in_large) == 0
    assert locate(1.5, 0.0, 0.0, small_in_large) == 1


def test_counted_points_give_the_volume_of_a_sphere(spheres):
    arrays, _ = spheres([(1.0, -2.0, 3.0)], [1.5])
    x, y, z = np.random.default_rng(0).random((3, 200_000)) * 3 + np.array([[-0.5], [-3.5], [1.5]])
    volume = 27 * count_regions(x, y, z, 1, arrays)[0] / len(x)
    assert volume == pytest.approx(4 / 3 * np.pi * 1.5**3, rel=0.01)


@pytest.mark.parametrize("kind, point", [(1, (3.2, 0.0, 0.0)), (2, (0.0, 0.0, 3.2))])
def test_a_torus_holds_its_tube(kind, point):
    row = np.array([[kind, 1, 0, 0, 0, 3.0, 0.5, 0, 0, 0, 0, 0]], float)
    assert surface(row, 0, *point) < 0
    assert surface(row, 0, 0.0, 0.0, 0.0) > 0


def test_ribs_alternate_with_gaps_of_the_same_height():
    row = np.array([[3, 1, 35.1, 1.4, 0, 0, 0, 0, 0, 0, 0, 0]], float)
    inside = [surface(row, 0, 0.0, 0.0, 35.1 + 1.4 * (n + 0.5)) < 0 for n in range(6)]
    assert inside == [True, False] * 3
