import numpy as np
import pytest

from pdcraft.dosimetry.core import voxel
from pdcraft.dosimetry.core.photon import bisect
from pdcraft.dosimetry.core.tally import in_order


def body(shape=(4, 5, 6), edge=(0.4, 0.5, 0.6), medium=0, density=1.0):
    n = int(np.prod(shape))
    packed = voxel.pack(
        np.broadcast_to(np.asarray(medium, np.uint8), n).copy(),
        np.broadcast_to(np.asarray(density, np.float32), n).copy(),
    )
    edge = np.array(edge)
    return (np.array(shape), edge, 1 / edge, *packed)


def particle(x, y, z, u, v, w):
    return np.array([x, y, z, u, v, w, 1.0, 0.0])


@pytest.mark.parametrize("density", [1.2e-3, 0.26, 1.85])
def test_media_and_densities_survive_packing(density):
    medium = np.array([0, 3, 255], np.uint8)
    packed, unit = voxel.pack(medium, np.array([1.85, density, 0.0], np.float32))
    whole = (None, None, None, packed, unit)
    assert [voxel.medium_at(i, whole) for i in range(3)] == [0, 3, 255]
    assert voxel.density_at(1, whole) == pytest.approx(density, abs=1e-7)
    assert voxel.density_at(2, whole) == 0


def test_points_find_their_voxels_and_the_outside():
    b = body()
    assert voxel.voxel_at(particle(0.41, 0.01, 0.61, 1, 0, 0), b) == 1 * 30 + 1
    for x in (-1e-9, 1.6 + 1e-9):
        assert voxel.voxel_at(particle(x, 0.1, 0.1, 1, 0, 0), b) == voxel.OUTSIDE


def test_distances_to_faces():
    b, p = body(), particle(0.5, 0.6, 0.7, 0.0, -0.6, 0.8)
    assert voxel.nearest_face(p, b) == pytest.approx(0.1)
    assert voxel.face_ahead(p, b) == pytest.approx(0.1 / 0.6)


def test_a_path_in_grams_goes_on_across_densities():
    density = np.ones((4, 5, 6))
    density[1] = 0.5
    b, p = body(density=density.ravel()), particle(0.2, 0.2, 0.2, 1, 0, 0)
    assert voxel.fly_mass(p, 0.2 + 0.4 * 0.5 + 0.1, 0, b) == 2 * 30
    assert p[0] == pytest.approx(0.9, abs=1e-5)


def test_a_path_ends_at_another_medium_and_outside():
    medium = np.zeros((4, 5, 6))
    medium[2] = 1
    b, p = body(medium=medium.ravel()), particle(0.2, 0.2, 0.2, 1, 0, 0)
    assert voxel.fly_mass(p, 5.0, 0, b) == -2 - 60
    assert p[0] == pytest.approx(0.8, abs=1e-5)
    assert voxel.fly_mass(particle(0.2, 0.2, 0.2, 0, 1, 0), 50.0, 0, b) == voxel.OUTSIDE


def test_energy_in_one_voxel_is_one_event_of_a_pair_of_histories():
    marks = np.array([0, 0, 0, 1, 1, 1])
    events = np.zeros(3, np.int64), np.zeros((3, 2)), marks
    for place, energy in ((4, 1.0), (7, 2.0), (4, 3.0)):
        voxel.deposit(place, energy, events)
    marks[voxel.SIDE] = -1
    for place, energy in ((4, 6.0), (voxel.OUTSIDE, 5.0), (9, 1.0)):
        voxel.deposit(place, energy, events)
    assert events[0].tolist() == [1 + 3 * 5, 1 + 3 * 8, 1]
    assert events[1].tolist() == [[10.0, -2.0], [2.0, 2.0], [5.0, -5.0]]
    assert marks[voxel.LOST] == 1
    total, square = np.zeros((11, 3)), np.zeros((11, 3))
    voxel.add_events(*events[:2], 3, 0.5, total, square)
    assert total[:, 1].tolist() == [2.5, 0, 0, 0, 0, 5, 0, 0, 1, 0, 0]
    assert square[5, 1] == 1.0


def test_bisection_counts_what_is_not_above():
    rising = np.array([0.1, 0.4, 0.4, 1.0])
    assert [bisect(rising, x) for x in (0.0, 0.1, 0.2, 0.4, 0.99, 2.0)] == [0, 1, 1, 3, 3, 3]


def test_work_comes_back_in_order_on_any_number_of_threads():
    assert list(in_order(lambda n: n * n, range(50), threads=3)) == [n * n for n in range(50)]
