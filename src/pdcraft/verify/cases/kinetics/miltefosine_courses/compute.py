"""Doses superposed from the modes of depot, central and shallow compartment; per day, mg, L."""

import jax.numpy as jnp

from pdcraft import kinetics
from pdcraft.domain import Exponentials

_PLACES, _EVERY, _DOSE = ("depot", "central", "shallow", "gone"), 1 / 3, 50.0
_PAIRS = [("depot", "central"), ("central", "shallow"), ("shallow", "central"), ("central", "gone")]
_TABLE = {"Dorlo 2008": (8.64, 3.87, 39.6, 0.0375, 1.65, 0.232, 0.183),
          "Dorlo 2012": (9.98, 3.99, 40.1, 0.0347, 1.75, 0.321, 0.341)}  # fmt: skip
_DAYS = (1, 7, 28, 56, 84)


def compute() -> dict[str, float]:
    found, depot = {}, jnp.array([1.0, 0.0, 0.0, 0.0])
    for name, (ka, CL, V1, Q, V2, *cv) in _TABLE.items():
        far = [1.645 * jnp.sqrt(jnp.log1p(c**2)) for c in cv]
        for who, z in (("typical", 0), ("slow and small", -1), ("fast and large", 1)):
            cl, v = CL * jnp.exp(z * far[0]), V1 * jnp.exp(z * far[1])
            K = kinetics.rate_matrix(_PLACES, _PAIRS, jnp.array([ka, Q / v, Q / V2, cl / v]))
            rate, share = kinetics.eigenmodes(K, depot)
            for day in _DAYS:
                begun = jnp.arange(84) * _EVERY
                dose = Exponentials(rate, jnp.zeros(4), jnp.zeros(4)).at(day - begun)
                dose = dose[begun < day - 1e-6].sum(axis=0)
                found[f"{name} {who} day {day}"] = float(_DOSE * (share @ dose)[1] / v)
        rates = jnp.array([ka, Q / V1, Q / V2, CL / V1])
        inside = kinetics.rate_matrix(_PLACES, _PAIRS, rates)[:3, :3]
        trough = kinetics.before_next_dose(inside, _DOSE * depot[:3], _EVERY)[1] / V1
        first = kinetics.trajectory(inside, _DOSE * depot[:3], jnp.array([_EVERY]))[0, 1] / V1
        plan = kinetics.Elimination(_PLACES, _PAIRS, entry=["depot"], sinks=["gone"])
        mean = kinetics.steady_state(plan, rates, jnp.array([_DOSE / _EVERY]))[1] / V1
        found[f"{name} steady state before a dose"] = float(trough)
        found[f"{name} accumulation"] = float(trough / first)
        found[f"{name} mean at steady state"] = float(mean)
    return found
