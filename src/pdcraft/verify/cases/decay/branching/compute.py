"""Slope of the daughter's atoms at time 0, over the mother's decay rate."""

import jax
import jax.numpy as jnp

from pdcraft import chain
from pdcraft.decay import evolve

PAIRS = """
I-131>Xe-131m Bi-213>Po-213 Bi-213>Tl-209 At-217>Bi-213
Bi-212>Po-212 Bi-212>Tl-208 At-211>Po-211 At-211>Bi-207
Bi-211>Tl-207 Bi-211>Po-211 Lu-177m>Lu-177 Tc-99m>Tc-99
Tb-149>Gd-149 Tb-149>Eu-145 In-111>Cd-111m I-123>Te-123m
""".split()


def compute() -> dict[str, float]:
    found = {}
    for pair in PAIRS:
        mother, daughter = pair.split(">")
        members = chain(mother)
        pure = jnp.zeros(len(members.nuclides)).at[0].set(1.0)
        slope = jax.jacfwd(lambda t, c=members, n=pure: evolve(c, n, t))(0.0)
        share = slope[members.nuclides.index(daughter)] / members.rate_per_h[0]
        found[f"{mother} -> {daughter}"] = float(share)
    return found
