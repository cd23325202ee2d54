"""Kinetics of the drug, its hazard to progenitors in marrow in equilibrium, the chain to blood."""

import jax
import jax.numpy as jnp
from jax import Array

from pdcraft.biology import LINEAGES, CytotoxicNeutropenia, TissueDose, blood_counts
from pdcraft.domain import Amount, ParameterSet, Regions, Samples
from pdcraft.kinetics import Paclitaxel, infusion_ug_per_h, subject
from pdcraft.library import parameters, physiology

SHELVES = ("tissues/marrow", "tissues/support", "species/relapsed_myeloma_population",
           "kinetics/paclitaxel", "tissues/cytotoxic")  # fmt: skip
FINE_H = jnp.concatenate([jnp.linspace(0.0, 2.0, 81), jnp.linspace(2.1, 720.0, 3000)])


def compute() -> dict[str, float]:
    held = {name: p for shelf in SHELVES for name, p in parameters(shelf).items()}
    who = subject(physiology("adult_male"), ParameterSet("typical", tuple(held.values())),
                  {"neutrophils.baseline": 4.28})  # fmt: skip
    p, days, found = who.parameters, jnp.linspace(0.0, 30.0, 121), {}

    def amounts(dose: Array) -> Array:
        return Paclitaxel(p).amounts_ug(infusion_ug_per_h(1900.0 * dose, 0.5), FINE_H)[:, 0]

    doses = (125, 260)
    for dose, ug in zip(doses, jax.vmap(amounts)(jnp.array(doses, float)), strict=True):
        plasma = ug / p["paclitaxel.V1"]
        nmol = plasma * p["paclitaxel.unbound_plasma"] / p["paclitaxel.free_fraction"] / 853.9
        space = Regions(("red marrow",), jnp.ones(1))
        marrow = Amount(space, ("paclitaxel",), Samples(FINE_H), nmol[None, None])
        hit = CytotoxicNeutropenia().lesions(marrow, who, days * 24.0)
        counts = blood_counts(p, TissueDose.exponential(0.0, 1.0), Samples(days * 24.0),
                              steps=120, lesions=hit)[LINEAGES.index("neutrophils")]  # fmt: skip
        found[f"peak after {dose} mg/m2"] = float(plasma.max())
        found[f"nadir after {dose} mg/m2"] = float(counts.min())
        found[f"day of nadir after {dose} mg/m2"] = float(days[counts.argmin()])
    return found
