import numpy as np
import pytest

from pdcraft.domain import Grid, InputError, Voxels


def test_places_are_in_c_order_and_centres_in_the_frame_of_the_patient():
    grid = Grid.of((2, 3, 4), voxel_mm=(2.0, 3.0, 4.0), first_mm=(-10.0, 0.0, 5.0))
    i, j, k = np.unravel_index(17, grid.shape)
    centre = grid.affine_mm @ [i, j, k, 1]
    assert centre[:3] == pytest.approx([-10 + 2 * 1, 0 + 3 * 1, 5 + 4 * 1])
    assert grid.voxel_cm3 == pytest.approx(0.024)


def test_a_turned_grid_keeps_its_voxels():
    turn = np.array([[0, -2.0, 0, 1], [3.0, 0, 0, 2], [0, 0, 4.0, 3], [0, 0, 0, 1]])
    assert Grid((5, 5, 5), turn).voxel_mm == pytest.approx([3, 2, 4])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Grid.of((0, 3, 3), voxel_mm=4), "1 or more"),
        (lambda: Grid.of((3, 3, 3), voxel_mm=(4, 0, 4)), "> 0 mm"),
        (lambda: Grid((3, 3, 3), np.eye(3)), r"\[4, 4\]"),
        (lambda: Grid((3, 3, 3), np.eye(4) + np.eye(4, k=1)), "right angles"),
        (lambda: Grid.through([0, 1], [0, 1], [0, 1, 2, 4]), "missing slice"),
        (lambda: Grid.through([0], [0, 1], [0, 1]), "at least two"),
    ],
)
def test_a_grid_that_cannot_be_says_why(make, says):
    with pytest.raises(InputError, match=says):
        make()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"medium": np.zeros(7)}, "must be"),
        ({"medium": 2}, "have names"),
        ({"density_g_per_cm3": -1.0}, "0 or more"),
        ({"density_g_per_cm3": np.nan}, "finite"),
    ],
)
def test_a_body_that_cannot_be_says_why(change, says):
    usual = {"media": ["water"], "medium": 0, "density_g_per_cm3": 1.0}
    with pytest.raises(InputError, match=says):
        Voxels.of(Grid.of((2, 2, 2), voxel_mm=4), **{**usual, **change})
