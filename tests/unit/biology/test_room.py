"""The two verbs: many models in, one noun out."""

import jax.numpy as jnp
import pytest

from pdcraft.biology import (
    AbstractEffect,
    AbstractEndpoint,
    Death,
    LinearQuadratic,
    Marrow,
    Myeloma,
    ProgressionFreeSurvival,
    foresee,
    respond,
)
from pdcraft.domain import InputError


def test_effects_and_outcomes_are_joined_in_order(effect, make_patient):
    assert effect.tissues == ("red marrow", "tumour")
    assert effect.markers == (*Marrow().markers, *Myeloma().markers)
    assert effect.marker_units == (*Marrow().marker_units, *Myeloma().marker_units)
    assert effect.course.shape == (11, 181) and bool(jnp.isfinite(effect.course).all())
    outcome = foresee((Death(), ProgressionFreeSurvival()), effect, make_patient())
    assert outcome.events == ("death", "progression or death")
    assert outcome.value.shape == outcome.time_h.shape == (2,)


def test_two_models_for_one_tissue_are_refused(make_patient, make_dose_rate, clock):
    twice = (LinearQuadratic("tumour"), LinearQuadratic("tumour"))
    with pytest.raises(InputError, match="tissue 'tumour'"):
        respond(twice, make_dose_rate(), None, make_patient(), clock)


def test_two_endpoints_for_one_event_are_refused(make_patient, with_course):
    effect = with_course(platelets=jnp.ones(3))
    with pytest.raises(InputError, match="event 'death'"):
        foresee((Death(), Death(seed=1)), effect, make_patient())


def test_nothing_to_do_is_refused(make_patient, make_dose_rate, clock, with_course):
    with pytest.raises(InputError, match="At least one effect"):
        respond((), make_dose_rate(), None, make_patient(), clock)
    with pytest.raises(InputError, match="At least one endpoint"):
        foresee((), with_course(platelets=jnp.ones(3)), make_patient())


def test_every_final_class_declares_what_its_contract_asks_for():
    for made in (Marrow(), Myeloma()):
        assert isinstance(made, AbstractEffect)
        assert len(made.markers) == len(made.marker_units)
    for made in (Death(), ProgressionFreeSurvival()):
        assert isinstance(made, AbstractEndpoint)
        assert len(made.events) == len(made.units)
