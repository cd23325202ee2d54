"""Time integrals of the activity of 1 nmol at rest, given as an infusion of 2 h."""

import jax.numpy as jnp

from pdcraft import chain
from pdcraft.decay import activity
from pdcraft.domain import Amount, Exponentials, Regions


def compute() -> dict[str, float]:
    stays = Exponentials(jnp.zeros(1), jnp.zeros(1), jnp.full(1, 2.0))
    here = Regions(("here",), jnp.ones(1))
    found = {}
    for parent in ("I-131", "Lu-177", "Ac-225", "Pb-212"):
        amount = Amount(here, ("molecule",), stays, jnp.ones((1, 1, 1)))
        in_all = activity(amount, chain(parent))
        for name, value in zip(in_all.nuclides, in_all.integral_MBq_h[0].tolist(), strict=True):
            found[f"{name} from {parent}"] = value
    return found
