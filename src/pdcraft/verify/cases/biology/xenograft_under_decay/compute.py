"""The four stages as published, beside ours, which needs no hazard."""

import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp

from pdcraft.biology import TissueDose, xenograft_mass_g
from pdcraft.biology.stepping import Grid
from pdcraft.domain import Exponentials, Samples, Values
from pdcraft.library import parameters

LAM, GIVEN, DAYS = np.log(2) / 60.0, ((0.0, 10.0), (504.0, 6.0)), (5, 15, 30, 60)
P = {k.split(".")[1]: p.value for k, p in parameters("xenografts/a2780").items()}


def slope(t, y, rate):
    Q, Z = y[0], y[1:]
    hazard = P["alpha"] * rate(t) * (1 + 2 * Q / P["alpha_beta"])
    crowd = P["growth_rate"] * Z.sum() / P["linear_growth"]
    grow, die = P["growth_rate"] / 24 * (1 + crowd**20) ** -0.05, P["damage_rate"] / 24
    inflow = np.r_[hazard * Z[0], die * Z[1:-1]]
    away = rate(t) - np.log(2) / P["repair_half_time"] * Q
    return np.r_[away, (grow - hazard) * Z[0], inflow - die * Z[1:]]


def compute() -> dict[str, float]:
    y, theirs = np.array([0.0, P["mass"], 0.0, 0.0, 0.0]), []
    for until, since in ((504.0, GIVEN[:1]), (1441.0, GIVEN)):
        began = since[-1][0]
        rate = lambda t, s=since: sum(D * LAM * np.exp(-LAM * (t - t0)) for t0, D in s)  # noqa: E731
        at = [24.0 * d for d in DAYS if began < 24.0 * d <= until] + [until]
        found = solve_ivp(
            slope, (began, until), y, "LSODA", at, args=(rate,), rtol=1e-10, atol=1e-12
        )
        y, theirs = found.y[:, -1], [*theirs, *found.y[1:, :-1].sum(axis=0)]
    modes = Exponentials(jnp.full(2, LAM), jnp.array([g[0] for g in GIVEN]), jnp.zeros(2))
    rates = jnp.array([g[1] * LAM for g in GIVEN])
    clock, held = Samples(jnp.array([0.0, *DAYS]) * 24.0), parameters("xenografts/a2780")
    grid = Grid.over(clock, 240)
    linear, quadratic = TissueDose(modes, rates, rates).by(grid.time_h, P["repair_half_time"])
    values = Values(tuple(held), jnp.array([p.value for p in held.values()]))
    log_survival = -P["alpha"] * (linear + quadratic / P["alpha_beta"])
    ours = np.asarray(xenograft_mass_g(values, log_survival, grid, clock))[1:]
    return {
        f"volume on day {d} in parts of the reference": float(a / b)
        for d, a, b in zip(DAYS, ours, theirs, strict=True)
    }
