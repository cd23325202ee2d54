"""Draws of the stream that the endpoint uses."""

import equinox as eqx
import jax
import jax.numpy as jnp

from pdcraft.biology import Death
from pdcraft.domain import Anatomy, Effect, Patient, Regions, Samples, Values
from pdcraft.library import read_toml


def compute() -> dict[str, float]:
    rate = read_toml("diseases", "multiple_myeloma")["death.rate"]["value"]
    zero, none = jnp.asarray(0.0), jnp.zeros(0)
    body = Anatomy(Regions((), none), jnp.asarray(0))
    patient = Patient(
        jnp.asarray(0), body, zero, zero, zero, zero, Values(("death.rate",), jnp.array([rate]))
    )
    clock = Samples(jnp.array([0.0, 1e7]))
    effect = Effect((), none, none, none, (), (), clock, jnp.zeros((0, 2)))
    one = jax.vmap(lambda n: Death().foresee(effect, eqx.tree_at(lambda p: p.number, patient, n)))
    days = one(jnp.arange(20_000)).value[:, 0]
    return {"median survival": float(jnp.median(days)) / 30.4375}
