"""A typical mouse; its tumour grows exponentially for ever and only free drug reaches it."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp

from pdcraft.biology import xenograft_mass_g
from pdcraft.biology.stepping import Grid
from pdcraft.domain import Amount, Patient, Regions, Samples, Values
from pdcraft.study import Prepared, prepare, study_from_text, treat

STUDY = """
[study]
name = "one"
agent = "clr1602_ptx"
species = "mouse"
xenograft = "a2780"
follow_up = "16 d"

[[cohort]]
name = "control"
[[cohort]]
name = "one"
doses = [{ mass = "30 mg/kg" }]
[kinetics]
infusion = "1 min"
[parameters]
"linker.release_rate" = 50.0
"lesion.perfusion" = 1e-9
"xenograft.linear_growth" = 1e6
"""


def mouse(prepared: Prepared) -> Patient:
    """The first mouse, with typical values of everything."""
    drawn = jax.tree.map(lambda leaf: leaf[0], prepared.population.draw(jnp.arange(1)))
    names = drawn.parameters.names
    held = {**prepared.parameters, "lesion 1.mass": prepared.parameters["xenograft.mass"]}
    typical = Values(names, jnp.array([held[n].value for n in names]))
    return replace(drawn, parameters=typical, body_mass_kg=typical["mouse.body_mass"])


def compute() -> dict[str, float]:
    prepared = prepare(study_from_text(STUDY))
    plan, one = prepared.plan, mouse(prepared)
    plan = replace(plan, kinetics=replace(plan.kinetics, every_h=0.2))
    river = eqx.filter_jit(lambda given: treat(plan, one, given).effect.marker("tumour volume"))
    alone = jax.tree.map(lambda leaf: leaf[None], one)
    given = [prepared.regimens(c, alone) for c in prepared.study.cohort]
    control, treated = (river(jax.tree.map(lambda leaf: leaf[0], g))[-1] for g in given)
    killed, p = jnp.log(control / treated), one.parameters
    # Held: a tumour in equilibrium with 100 ng/mL of plasma, then with as much more as it takes.
    clock = Samples(jnp.array([0.0, 240.0, 480.0]))
    grid = Grid.over(clock, 200)
    nmol = 100.0 / 853.9 * p["paclitaxel.unbound_plasma"] / p["paclitaxel.free_fraction"]
    steady = Amount(Regions(("tumour",), jnp.ones(1)), ("paclitaxel",), clock,
                    jnp.full((1, 1, 3), nmol))  # fmt: skip
    lethal = plan.effects[0].drug.lethal_by(steady, "tumour", p, grid)
    more = p["xenograft.growth_rate"] * 20.0 / lethal[-1]
    mass = xenograft_mass_g(p, -lethal * more, grid, clock)
    return {
        "logarithms killed by 30 mg/kg": float(killed),
        "growth delay": float(killed / p["xenograft.growth_rate"]),
        "concentration that holds an A2780 tumour": float(100.0 * more),
        "mass held over that of its dividing cells": float(mass[-1] / mass[0]),
    }
