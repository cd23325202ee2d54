"""Is every model of a kind a good citizen? A model that is not listed here fails the last test."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pdcraft import biology, dosimetry, kinetics
from pdcraft.biology import AbstractEffect, AbstractEndpoint
from pdcraft.domain import Regimen
from pdcraft.dosimetry import AbstractEngine
from pdcraft.kinetics import AbstractModel
from pdcraft.study import treat


@pytest.fixture(scope="module")
def course(prepared):
    people = prepared.population.draw(jnp.arange(1))
    one = jax.tree.map(lambda leaf: leaf[0], people)
    return one, jax.jit(lambda p: treat(prepared.plan, p, Regimen.of([1800.0], time_h=[0.0])))(one)


def final_classes(room, contract):
    return {
        c for _, c in inspect.getmembers(room, inspect.isclass)
        if issubclass(c, contract) and not inspect.isabstract(c)
    }  # fmt: skip


def test_every_kinetic_model_gives_molecules_that_are_there(prepared, course):
    _, made = course
    assert made.amount.nmol.shape == (
        len(made.amount.space), len(made.amount.species), made.amount.clock.rate_per_h.shape[0],
    )  # fmt: skip
    assert float(made.amount.at(jnp.array([24.0])).min()) >= -1e-9


def test_every_engine_answers_on_the_space_of_the_anatomy(prepared, course):
    one, made = course
    assert made.dose_rate.space.names == one.anatomy.space.names
    assert made.dose_rate.radiations == dosimetry.RADIATIONS
    # Gy/h of a mode may be negative (uptake); the rate itself may not.
    rate = jnp.einsum(
        "prm,m->pr", made.dose_rate.Gy_per_h, made.dose_rate.clock.at(jnp.array(48.0))
    )
    assert float(rate.min()) >= -1e-12


def test_every_effect_answers_for_what_it_says(prepared, course):
    _, made = course
    effects = prepared.plan.effects
    assert made.effect.tissues == tuple(t for e in effects for t in e.tissues)
    assert made.effect.markers == tuple(m for e in effects for m in e.markers)
    assert (np.asarray(made.effect.course) >= 0).all()
    assert (np.asarray(made.effect.BED_Gy) >= 0).all()
    assert ((np.asarray(made.effect.survival) >= 0) & (np.asarray(made.effect.survival) <= 1)).all()


def test_every_endpoint_answers_for_what_it_says(prepared, course):
    _, made = course
    assert made.outcome.events == tuple(e for p in prepared.plan.endpoints for e in p.events)
    assert len(made.outcome.units) == len(made.outcome.events)
    end = float(prepared.plan.clock.time_h[-1])
    time = np.asarray(made.outcome.time_h)
    assert ((time >= 0) & (time <= end)).all()


def test_every_need_is_declared_with_its_unit(prepared):
    for model in (prepared.plan.kinetics, *prepared.plan.effects, *prepared.plan.endpoints):
        for name, unit in model.needs.items():
            assert prepared.parameters[name].unit == unit, (type(model).__name__, name)


def test_no_model_is_left_out(prepared):
    plan = prepared.plan
    used = {type(plan.kinetics), type(plan.engine)}
    used |= {type(m) for m in (*plan.effects, *plan.endpoints)}
    known = final_classes(kinetics, AbstractModel) | final_classes(dosimetry, AbstractEngine)
    known |= final_classes(biology, AbstractEffect) | final_classes(biology, AbstractEndpoint)
    # An organ that is only watched needs its name and parameters; biology's own tests check it.
    # Engines on a grid, of spheres and of cells have their own tests: a study has regions.
    on_a_grid = {dosimetry.LocalDeposition, dosimetry.MonteCarlo, dosimetry.VoxelKernel}
    on_a_grid |= {dosimetry.Sphere, dosimetry.Cell}
    # Of two kinetic models a study uses one; the other's own tests check it.
    spare = {biology.LinearQuadratic, kinetics.PBPK, kinetics.TwoPool}
    # Lymphoma, xenografts and late complications: biology's own tests check them.
    # A drug in place of a nuclide, and mice: the journeys of their examples run them.
    spare |= {kinetics.CytotoxicConjugate, dosimetry.NoRadiation, dosimetry.MergedSources}
    spare |= {biology.Complication, biology.GrowthDelay, biology.Lymphoma, biology.Xenograft}
    assert known - used - on_a_grid <= spare
