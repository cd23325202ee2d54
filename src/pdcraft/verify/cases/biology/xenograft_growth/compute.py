"""Growth rates and the fate of cells that are all killed at once."""

import jax.numpy as jnp

from pdcraft.biology import growth_rate_per_h, xenograft_mass_g
from pdcraft.biology.stepping import Grid
from pdcraft.domain import Samples, Values
from pdcraft.library import parameters


def values(name: str, **changed: float) -> Values:
    held = {k: p.value for k, p in parameters(f"xenografts/{name}").items()}
    held |= {f"xenograft.{k}": v for k, v in changed.items()}
    return Values(tuple(held), jnp.array(list(held.values())))


def compute() -> dict[str, float]:
    fadu, a2780 = values("fadu"), values("a2780")
    masses = jnp.linspace(0.1, 20.0, 199001)
    per_d = 24.0 * growth_rate_per_h(a2780, masses)
    clock = Samples(jnp.linspace(0.0, 24.0, 12001) * 24.0)
    gone = jnp.full(12001, -200.0).at[0].set(0.0)  # every cell killed in the first step
    mass = xenograft_mass_g(values("a2780", mass=1.0), gone, Grid.over(clock, 12000), clock)
    return {
        "doubling of a small FaDu tumour": float(
            jnp.log(2.0) / growth_rate_per_h(fadu, jnp.asarray(1e-3)) / 24.0
        ),
        "mass at which half of exponential growth is lost to crowding": float(
            jnp.interp(-per_d[0] / 2.0, -per_d, masses)
        ),
        "mean time in which killed cells go": float(jnp.trapezoid(mass, clock.time_h) / 24.0),
        "growth per day of a large A2780 tumour": float(per_d[-1] * masses[-1]),
    }
