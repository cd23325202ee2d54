"""A sampled dose rate kills as the exponential that it samples."""

import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft.biology import TissueDose
from pdcraft.domain import Samples

EXACT = TissueDose.exponential(5.0, 20.0)


def sampled(step_h, end_h=400.0):
    t = jnp.arange(0.0, end_h + step_h / 2, step_h)
    rate = EXACT.clock.at(t) @ EXACT.linear_Gy_per_h
    return TissueDose(Samples(t), rate, rate)


def test_dose_and_quadratic_dose_converge_with_the_square_of_the_step():
    t = jnp.array([3.3, 40.0, 211.0])
    exact = EXACT.by(t, 1.5)
    coarse, fine = ([np.abs(a - b).max() for a, b in zip(sampled(h).by(t, 1.5), exact, strict=True)]
                    for h in (1.0, 0.5))  # fmt: skip
    assert all(3.5 < c / f < 4.5 for c, f in zip(coarse, fine, strict=True))
    assert max(fine) < 1e-3


def test_the_total_is_what_has_come_by_the_last_sample():
    linear, quadratic = sampled(0.25).total(1.5)
    assert float(linear) == pytest.approx(5.0, rel=1e-4)
    assert float(quadratic) == pytest.approx(float(EXACT.total(1.5)[1]), rel=1e-3)


def test_a_rate_in_a_gap_of_days_keeps_its_closed_form():
    """Two samples, far apart beside repair: a constant rate, as Dale's formula has it."""
    from pdcraft.biology import bed_constant_rate

    rate = jnp.array([0.5, 0.5])
    linear, quadratic = TissueDose(Samples(jnp.array([0.0, 80.0])), rate, rate).total(1.5)
    bed = bed_constant_rate(0.5, duration_h=80.0, repair_half_time_h=1.5, alpha_beta_Gy=10.0)
    assert float(linear + quadratic / 10.0) == pytest.approx(float(bed), rel=1e-12)
