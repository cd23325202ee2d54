"""Activity of every member of the chain, in all regions and excreta together."""

import jax.numpy as jnp

from pdcraft import decay, kinetics, library
from pdcraft.domain import Regimen


def compute() -> dict[str, float]:
    man, agent = library.physiology("adult_male"), library.agent("clr131", payload="Ac-225")
    model = kinetics.PBPK((man,), library.graph("iodine_icrp137"))
    who = kinetics.subject(man, library.parameters("kinetics/clr1404_pbpk"), infiltration=0.3)
    given = Regimen.of([1.0], time_h=[0.0], duration_h=0.0)
    activity = decay.activity(model.amount(who, given, agent), agent.payload.chain)
    found = activity.at(jnp.array([6.0, 240.0])).sum(axis=1)
    return {
        f"{nuclide} after {t} h": float(found[i, d])
        for i, t in enumerate((6, 240))
        for d, nuclide in enumerate(activity.nuclides)
    }
