"""Survival of a watched organ, RBE, and what is refused."""

import math

import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft.biology import LinearQuadratic, TissueDose, respond
from pdcraft.biology.survival import tissue_dose
from pdcraft.domain import DoseRate, MissingError, Samples


def test_an_acute_dose_gives_the_textbook_survival():
    linear, quadratic = TissueDose.exponential(2.0, 1e-4).total(1.5)
    assert float(linear + quadratic / 10.0) == pytest.approx(2.0 * 1.2, rel=1e-4)


def test_alpha_particles_weigh_in_the_linear_term_only(make_dose_rate):
    electrons = tissue_dose(make_dose_rate(), "red marrow", rbe_alpha=5.0).total(1.5)
    alphas = tissue_dose(make_dose_rate(radiation="alpha"), "red marrow", rbe_alpha=5.0).total(1.5)
    assert float(alphas[0] / electrons[0]) == pytest.approx(5.0)
    assert float(alphas[1] / electrons[1]) == pytest.approx(1.0)


def test_a_watched_organ_answers_without_a_course(make_patient, make_dose_rate, clock):
    extra = dict(tumour__alpha=0.3)
    effect = respond(
        (LinearQuadratic("tumour"),), make_dose_rate(tumour_Gy=20.0), None,
        make_patient(**extra), clock,
    )  # fmt: skip
    assert effect.tissues == ("tumour",) and effect.markers == ()
    assert float(effect.BED_Gy[0]) == pytest.approx(20.38095, rel=1e-5)
    assert float(effect.survival[0]) == pytest.approx(math.exp(-0.3 * 20.38095), rel=1e-4)


def test_a_sampled_dose_rate_is_taken_as_it_is(make_dose_rate):
    field = make_dose_rate(tumour_Gy=5.0, half_life_h=20.0)
    t = jnp.arange(0.0, 400.0, 0.25)
    Gy = jnp.einsum("prm,tm->prt", field.Gy_per_h, field.clock.at(t))
    sampled = tissue_dose(
        DoseRate(field.space, field.radiations, Samples(t), Gy), "tumour", rbe_alpha=1.0
    )
    modes = tissue_dose(field, "tumour", rbe_alpha=1.0)
    assert np.allclose(sampled.total(1.5), modes.total(1.5), rtol=2e-3)


def test_an_unknown_tissue_names_the_known(make_dose_rate):
    with pytest.raises(MissingError, match="Known: red marrow, tumour"):
        tissue_dose(make_dose_rate(), "tumor", rbe_alpha=1.0)
