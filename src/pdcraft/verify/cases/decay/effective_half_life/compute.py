"""Activity of one mode, as a bolus and as an infusion of 4 h."""

import math

import jax.numpy as jnp

from pdcraft import chain
from pdcraft.decay import activity, labelled_nmol
from pdcraft.domain import Amount, Exponentials, Regions


def compute() -> dict[str, float]:
    i131 = chain("I-131", daughters="leave")
    found = {}
    for word, duration_h in (("bolus", 0.0), ("infusion", 4.0)):
        clock = Exponentials(jnp.full(1, math.log(2) / 50), jnp.zeros(1), jnp.full(1, duration_h))
        here = Regions(("here",), jnp.ones(1))
        course = activity(Amount(here, ("molecule",), clock, jnp.ones((1, 1, 1))), i131)
        for t_h in (0, 24) if word == "bolus" else (2, 4, 24):
            found[f"{word} at {t_h} h"] = float(course.at(jnp.array(float(t_h)))[0, 0])
        found[f"{word} integral"] = float(course.integral_MBq_h[0, 0])
    found["molecules in 740 MBq"] = float(labelled_nmol(740.0, i131))
    return found
