"""Burden and M-protein: growth without dose, delay of M-protein, cost of uneven dose."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft.biology import Myeloma, TissueDose, myeloma_course
from pdcraft.biology.tumour import dose_parts
from pdcraft.domain import InputError, Values


@pytest.fixture(scope="module")
def course(typical, clock):
    names = tuple(typical)
    fast = jax.jit(
        lambda dose, row: myeloma_course(
            Values(names, row), TissueDose.exponential(dose, 156.0), clock
        )
    )

    def run(dose_Gy, **changes):
        values = {**typical, **{k.replace("__", "."): v for k, v in changes.items()}}
        return np.asarray(fast(dose_Gy, jnp.array([values[n] for n in names])))

    return run


def test_untreated_m_protein_starts_to_grow_at_the_published_rate(course, typical):
    m_protein = course(0.0, dexamethasone__kill_rate=0.0)[1]
    x = typical["m_protein.baseline"]
    rate = typical["tumour.growth_rate"] * x / (x + 1.16) * (1 - x / 150.0)
    assert np.log(m_protein[5] / m_protein[0]) / 5 == pytest.approx(rate, rel=0.02)


def test_growth_stops_at_the_capacity(course, typical):
    burden = course(0.0, tumour__growth_rate=0.5)[0]
    assert burden[-1] * typical["m_protein.baseline"] == pytest.approx(150.0, rel=1e-3)


def test_m_protein_lags_behind_the_tumour(course):
    burden, m_protein, *_ = course(10.0, tumour__dose_gsd=1.0)
    assert m_protein.argmin() > burden.argmin()
    assert m_protein[28] / m_protein[0] > burden[28]


def test_uneven_dose_kills_less(course):
    assert course(8.0, tumour__dose_gsd=1.8)[0].min() > course(8.0, tumour__dose_gsd=1.0)[0].min()


def test_parts_keep_the_mean_dose_and_have_the_spread_of_the_logarithm():
    multiplier, share = dose_parts(jnp.asarray(1.8), 7)
    log = jnp.log(multiplier)
    spread = jnp.sqrt(share @ (log - share @ log) ** 2)
    assert float(share @ multiplier) == pytest.approx(1.0, rel=1e-12)
    assert float(spread) == pytest.approx(np.log(1.8), rel=1e-9)


def test_seven_parts_are_enough():
    def surviving(parts):
        multiplier, share = dose_parts(jnp.asarray(1.8), parts)
        return float(share @ jnp.exp(-0.25 * 8.0 * multiplier))

    assert surviving(7) == pytest.approx(surviving(60), rel=0.01)


def test_effect_reports_the_equivalent_uniform_bed(effect, typical):
    mean_Gy = 20.0 * typical["tumour.dose_factor"]
    uniform = mean_Gy * (1 + 0.00952381 * mean_Gy / 10.0)
    assert 0.4 * uniform < float(effect.BED_Gy[1]) < uniform
    alpha = typical["tumour.alpha"]
    assert float(effect.survival[1]) == pytest.approx(float(jnp.exp(-alpha * effect.BED_Gy[1])))
    drug = jnp.exp(-typical["dexamethasone.kill_rate"] * typical["dexamethasone.until"])
    assert float(effect.marker("tumour burden").min()) > float(effect.survival[1] * drug)


def test_every_parameter_it_needs_lies_in_the_library(typical):
    assert set(Myeloma().needs) <= set(typical)


def test_a_model_without_parts_is_refused():
    with pytest.raises(InputError, match="at least 1"):
        Myeloma(parts=0)
