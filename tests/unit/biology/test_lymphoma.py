"""Size of lesions: growth without dose, dead cells that leave later than they die."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft.biology import TissueDose, lymphoma_course
from pdcraft.domain import Values
from pdcraft.library import read_toml


@pytest.fixture(scope="module")
def course(clock):
    table = read_toml("diseases", "dlbcl")
    table.pop("meta")
    names = tuple(table)
    row = jnp.array([v["value"] for v in table.values()])
    one = jax.jit(
        lambda dose, x: lymphoma_course(
            Values(names, x), TissueDose.exponential(dose, 156.0), clock
        )
    )

    def run(dose_Gy, **changes):
        x = row
        for name, value in changes.items():
            x = x.at[names.index(name.replace("__", "."))].set(value)
        return np.asarray(one(dose_Gy, x))

    return run


def test_untreated_lesions_grow_with_two_thirds_of_the_rate(course):
    burden, size = course(0.0)
    assert np.log(burden[100]) == pytest.approx(0.02 * 100, rel=1e-9)
    assert size[100] == pytest.approx(100 * np.exp(0.02 * 100 * 2 / 3), rel=1e-9)


def test_lesions_shrink_after_the_cells_have_died(course):
    burden, size = course(10.0)
    assert size.argmin() > burden.argmin()
    assert size[10] > 100 * burden[10] ** (2 / 3)


def test_with_instant_clearance_size_is_that_of_the_living(course):
    burden, size = course(10.0, lesions__clearance=1e3)
    assert np.allclose(size[1:], 100 * burden[1:] ** (2 / 3), rtol=0.02)


def test_no_cell_is_lost_before_it_is_cleared(course):
    burden, size = course(10.0, lesions__clearance=0.0, tumour__growth_rate=0.0)
    assert np.allclose(size, 100.0, rtol=1e-6) and burden[-1] < 0.5
