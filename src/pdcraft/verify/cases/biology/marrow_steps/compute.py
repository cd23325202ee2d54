"""The hazard integrated step by step, without the closed form of BED."""

import itertools

import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp

from pdcraft.biology import TissueDose, blood_counts
from pdcraft.domain import Exponentials, Samples, Values
from pdcraft.library import read_toml

LAM, START, LENGTH = np.log(2) / 80.0, (0.0, 168.0), 0.5


def slope(t, y, p, alpha, ks, gamma, rates):
    source = sum(LAM / LENGTH for s in START if s <= t < s + LENGTH)
    rate, Q, S, stages = y[0], y[1], y[2], y[3:]
    hazard = alpha * rate * (1 + 2 * Q / p["red marrow.alpha_beta"])
    mu, inflow = np.log(2) / p["red marrow.repair_half_time"], np.r_[S, stages[:-1]]
    growth = S * (ks * (stages[-1] ** -gamma - 1) - hazard)
    return np.r_[source - LAM * rate, rate - mu * Q, growth, rates * (inflow - stages)]


def nadir(p, line, rates):
    rest = (p, *(p[f"{line}.{w}"] for w in ("alpha", "renewal_rate", "feedback")), np.array(rates))
    y, low = np.r_[0.0, 0.0, np.ones(1 + len(rates))], []
    for a, b in itertools.pairwise((0.0, 0.5, 168.0, 168.5, 2400.0)):
        grid = np.linspace(a, b - 1e-9, 400)
        piece = solve_ivp(slope, (a, b - 1e-9), y, "LSODA", grid, rtol=1e-8, atol=1e-10, args=rest)
        y, low = piece.y[:, -1], [*low, piece.y[-1].min()]
    return min(low)


def compute() -> dict[str, float]:
    table = {
        **read_toml("tissues", "marrow"), **read_toml("tissues", "support"),
        **read_toml("species", "relapsed_myeloma_population"),
    }  # fmt: skip
    p = {k: v["value"] for k, v in table.items() if k != "meta"} | {"red marrow.lasting_loss": 0.0}
    modes = Exponentials(jnp.full(2, LAM), jnp.array(START), jnp.full(2, LENGTH))
    dose = TissueDose(modes, jnp.full(2, LAM), jnp.full(2, LAM))
    clock = Samples(jnp.arange(0.0, 100.5, 0.5) * 24.0)
    counts = blood_counts(Values(tuple(p), jnp.array(list(p.values()))), dose, clock, steps=100)[
        :2
    ].min(axis=1)
    mature = 4 / p["neutrophils.mtt"]
    chains = {
        "platelets": [*[3 / p["platelets.mtt"]] * 3, 1 / p["platelets.lifespan"]],
        "neutrophils": [*[3 / p["neutrophils.delay"]] * 3, *[mature] * 4],
    }
    return {
        f"{line} nadir in parts of the reference": float(
            low / p[f"{line}.baseline"] / nadir(p, line, rates)
        )
        for low, (line, rates) in zip(counts, chains.items(), strict=True)
    }
