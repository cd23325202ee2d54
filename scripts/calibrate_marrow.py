"""Calibrate the marrow on four agents at once; write the posterior into the library.

Run: ``python -m scripts.calibrate_marrow`` (about six minutes of CPU). Data are rows of
``library/tissues/marrow_clinical.csv``; what stands there as assumed (marrow dose of a regimen,
half-life, baselines) is not fitted except through the agent's own factor. Written:
``library/tissues/marrow_posterior.csv`` (draws), and to the terminal the medians for
``library/tissues/marrow.toml``, the residuals and the diagnostics for ``docs/theory/biology.md``.

A patient's counts, in parts of his baseline, depend on his sensitivity and dose through one number,
the lesions per cell of the pool to infinity. So a population is a few solutions of the model on a
ladder of that number, and integrals over log-normal sensitivity and baseline: exact to quadrature,
smooth, and cheap enough for NUTS.
"""

from __future__ import annotations

import argparse
import csv
import pathlib
import time

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jax.flatten_util import ravel_pytree
from jax.scipy.stats import norm as gauss
from numpyro.diagnostics import effective_sample_size, split_gelman_rubin
from numpyro.infer import MCMC, NUTS
from numpyro.infer.util import potential_energy
from scipy.optimize import minimize
from scipy.stats import norm

import pdcraft  # noqa: F401  (sets 64-bit before JAX is used)
from pdcraft.biology.lineage import RED_CELL_STAGES, STAGES, Lineage
from pdcraft.biology.stepping import Grid
from pdcraft.library import read_rows, read_toml, shelf

DAYS, STEP_D = 130, 2  # steps of two days hold nadirs to 0.5 % here, at half the price
DAY = jnp.arange(DAYS // STEP_D + 1.0) * STEP_D
GRID = Grid(jnp.asarray(STEP_D * 24.0), DAY * 24.0)
LADDER = jnp.concatenate([jnp.zeros(1), jnp.geomspace(0.15, 12.0, 13)])
SENSITIVITY = jnp.asarray(norm.ppf((np.arange(24) + 0.5) / 24))  # quantiles of a patient's own
BASELINE = jnp.asarray(norm.ppf((np.arange(5) + 0.5) / 5))
LINES = ("platelets", "neutrophils", "haemoglobin")
TABLE = {k: v["value"] for k, v in read_toml("tissues", "marrow").items() if k != "meta"}
FLOOR = jnp.array(
    [10.0, 0.02, 7.0]
)  # counts that transfusion (or the laboratory) does not go below

# Prior medians and standard deviations of the logarithm: weak where the data speak.
PRIOR = {
    "platelets.alpha": (1.0, 0.5), "neutrophils.alpha": (1.0, 0.5), "haemoglobin.alpha": (1.0, 0.5),
    "platelets.renewal_rate": (0.0057, 0.5), "neutrophils.renewal_rate": (0.0057, 0.5),
    "haemoglobin.renewal_rate": (0.0057, 0.5),
    "platelets.feedback": (0.19, 0.25), "neutrophils.feedback": (0.19, 0.25),
    "haemoglobin.feedback": (0.5, 0.5),
    "neutrophils.delay": (300.0, 0.3), "red marrow.sensitivity cv": (0.45, 0.3),
}  # fmt: skip
AGENT_SD = 0.35  # scale of the half-normal prior of the spread between agents


def rows() -> list[dict]:
    """Data, numbers made numbers."""
    wanted = ("value", "error", "limit", "n", "marrow_Gy", "half_life_h", "baseline", "baseline_cv")
    table = read_rows("tissues/marrow_clinical.csv")
    return [{**row, **{k: float(row[k]) for k in wanted if row[k]}} for row in table]


DATA = rows()
AGENTS = tuple(dict.fromkeys(r["agent"] for r in DATA))
HALF_LIVES = tuple(dict.fromkeys(r["half_life_h"] for r in DATA))
PACE_H = jnp.array(HALF_LIVES)
GROUPS = tuple(dict.fromkeys((r["agent"], r["regimen"], r["lineage"]) for r in DATA))
GROUP = [GROUPS.index((r["agent"], r["regimen"], r["lineage"])) for r in DATA]
FIRST = [DATA[GROUP.index(k)] for k in range(len(GROUPS))]
AGENT_OF = jnp.array([AGENTS.index(r["agent"]) for r in FIRST])
PACE_OF = jnp.array([HALF_LIVES.index(r["half_life_h"]) for r in FIRST])
LINE_OF = jnp.array([LINES.index(r["lineage"]) for r in FIRST])
GY, BASE = (jnp.array([r[k] for r in FIRST]) for k in ("marrow_Gy", "baseline"))
BASE_SD = jnp.sqrt(jnp.log1p(jnp.array([r["baseline_cv"] for r in FIRST]) ** 2))


def lineage(line: str, p: dict) -> Lineage:
    """The model's own lineage at a sensitivity of 1 lesion per unit of the ladder."""
    if line == "platelets":
        stages = (STAGES / TABLE["platelets.mtt"],) * STAGES + (1 / TABLE["platelets.lifespan"],)
    elif line == "neutrophils":
        mature = (STAGES + 1) / TABLE["neutrophils.mtt"]
        stages = (STAGES / p["neutrophils.delay"],) * STAGES + (mature,) * (STAGES + 1)
    else:
        red = RED_CELL_STAGES / TABLE["haemoglobin.lifespan"]
        stages = (STAGES / TABLE["haemoglobin.mtt"],) * STAGES + (red,) * RED_CELL_STAGES
    seen = RED_CELL_STAGES if line == "haemoglobin" else 1
    return Lineage(
        jnp.asarray(1.0), p[f"{line}.renewal_rate"], p[f"{line}.feedback"],
        jnp.asarray(TABLE["red marrow.most_feedback"]), tuple(map(jnp.asarray, stages)), seen,
        line == "haemoglobin",
    )  # fmt: skip


def ladder(line: str, p: dict) -> jnp.ndarray:
    """Counts in parts of the baseline, for every half-life. ``[pace, ladder, day]``."""
    model = lineage(line, p)
    weights = model.weights(GRID)
    # What share of the lesions has come by every day: exponential decay.
    share = 1.0 - jnp.exp(-jnp.log(2.0) / PACE_H[:, None] * GRID.time_h)
    lesions = share[:, None, :] * LADDER[:, None]
    shape = lesions.shape[:2]
    start = jax.tree.map(lambda x: jnp.broadcast_to(x, shape), model.start())

    def step(state, now):
        state = model.advance(state, weights, GRID.step_h, now, jnp.zeros(()))
        return state, model.count(state)

    course = jax.lax.scan(step, start, jnp.moveaxis(lesions, -1, 0)[1:])[1]
    return jnp.moveaxis(jnp.concatenate([jnp.ones((1, *shape)), course]), 0, -1)


def predict(p: dict, factor: jnp.ndarray) -> tuple[jnp.ndarray, jnp.ndarray]:
    """What the model says to every row, and the standard deviation of its difference."""
    curves = jnp.stack([jnp.log(ladder(line, p)) for line in LINES])[LINE_OF, PACE_OF]
    alpha = jnp.stack([p[f"{line}.alpha"] for line in LINES])[LINE_OF]
    omega = jnp.sqrt(jnp.log1p(p["red marrow.sensitivity cv"] ** 2))
    lesions = (alpha * factor[AGENT_OF] * GY)[:, None] * jnp.exp(omega * SENSITIVITY)
    x, xp = jnp.log1p(jnp.minimum(lesions, 0.99 * LADDER[-1])), jnp.log1p(LADDER)
    i = jnp.clip(jnp.searchsorted(xp, x) - 1, 0, LADDER.size - 2)
    s = ((x - xp[i]) / (xp[i + 1] - xp[i]))[..., None]
    low, high = (jnp.take_along_axis(curves, k[..., None], axis=1) for k in (i, i + 1))
    curve = low + s * (high - low)  # log count in parts of the baseline, [group, sensitivity, day]
    ratio = curve.min(axis=-1)
    nadir, spread = _median(ratio), jnp.sqrt(ratio.var(axis=1) + BASE_SD**2)
    day = (jax.nn.softmax(-60.0 * curve, axis=-1) @ DAY).mean(axis=1)
    said, error = [], []
    for row, k in zip(DATA, GROUP, strict=True):
        sd = row["error"]
        if row["quantity"] == "median nadir":  # the median of n has 1.25 times their error
            y, sd = nadir[k], jnp.sqrt((1.25 * spread[k]) ** 2 / row["n"] + sd**2)
        elif row["quantity"] == "share below":
            z = (jnp.log(row["limit"] / BASE[k]) - ratio[k]) / BASE_SD[k]
            y = gauss.cdf(z).mean()
        elif row["quantity"] == "day of nadir":
            y = day[k]
        else:
            y = jnp.log(_days_below(curve[k], jnp.log(row["limit"] / BASE[k]), BASE_SD[k]))
        said.append(y)
        error.append(jnp.asarray(sd))
    return jnp.stack(said), jnp.stack(error)


def _median(ratio: jnp.ndarray) -> jnp.ndarray:
    """Logarithm of the median nadir of every group, by Newton's rule; not below `FLOOR`."""
    base = jnp.log(BASE)
    x = base + ratio.mean(axis=1)
    for _ in range(6):
        z = (x[:, None] - base[:, None] - ratio) / BASE_SD[:, None]
        slope = jnp.maximum(gauss.pdf(z).mean(axis=1), 1e-2)
        x = x - jnp.clip((gauss.cdf(z).mean(axis=1) - 0.5) * BASE_SD / slope, -0.5, 0.5)
    return jnp.maximum(x, jnp.log(FLOOR)[LINE_OF])


def _days_below(curve: jnp.ndarray, level: jnp.ndarray, sd: jnp.ndarray) -> jnp.ndarray:
    """Median days below a limit, of those who were below it for a day."""
    own = level - sd * BASELINE
    gap = own[:, None, None] - curve  # positive below; straight between two instants
    below = jax.nn.relu(gap)
    crossed = jnp.maximum(jnp.abs(gap[..., 1:]) + jnp.abs(gap[..., :-1]), 1e-9)
    days = STEP_D * ((below[..., 1:] + below[..., :-1]) / crossed).sum(axis=-1).ravel()
    order = jnp.argsort(days)
    weight = jax.nn.sigmoid((days[order] - 1.0) / 0.3)
    rank = (jnp.cumsum(weight) - 0.5 * weight) / jnp.maximum(weight.sum(), 1e-6)
    return jnp.maximum(jnp.interp(0.5, rank, days[order]), 1.0)


def observed(row: dict) -> float:
    """The number of a row on the scale on which it is compared."""
    on_log = row["quantity"] in ("median nadir", "days below")
    return float(np.log(row["value"])) if on_log else row["value"]


OBSERVED = jnp.asarray([observed(r) for r in DATA])


def unpacked(z, log_factor) -> tuple[dict, jnp.ndarray]:
    """Parameters by name, and the factor of each agent."""
    p = {n: m * jnp.exp(s * z[i]) for i, (n, (m, s)) in enumerate(PRIOR.items())}
    return p, jnp.exp(log_factor)


def model() -> None:
    """Log-normal priors, a factor for each agent around 1; Student's t lets rows stand out.

    Every agent's factor is well known, given the rest: it is drawn as it is (centred), and what
    the priors of the others share is drawn in units of the prior.
    """
    z = numpyro.sample("z", dist.Normal(jnp.zeros(len(PRIOR)), 1.0))
    between = numpyro.sample("between agents", dist.HalfNormal(AGENT_SD))
    own = numpyro.sample("log factor", dist.Normal(jnp.zeros(len(AGENTS)), between))
    said, error = predict(*unpacked(z, own))
    numpyro.sample("rows", dist.StudentT(4.0, said, error), obs=OBSERVED)


def mode() -> tuple[dict, np.ndarray]:
    """Peak of the posterior on the sampler's own scale, and the inverse of its curvature there."""
    start = {"z": jnp.zeros(len(PRIOR)), "between agents": jnp.asarray(-1.0),
             "log factor": jnp.zeros(len(AGENTS))}  # fmt: skip
    flat, as_dict = ravel_pytree(start)
    energy = jax.jit(lambda x: potential_energy(model, (), {}, as_dict(x)))
    both = jax.jit(jax.value_and_grad(energy))
    found = minimize(lambda x: [np.asarray(v) for v in both(x)], flat, jac=True, method="BFGS")
    curvature = np.asarray(jax.jit(jax.jacfwd(jax.grad(energy)))(found.x))
    values, axes = np.linalg.eigh((curvature + curvature.T) / 2)
    return as_dict(jnp.asarray(found.x)), (axes / np.maximum(values, 0.1)) @ axes.T


def sample(warmup: int, draws: int, chains: int) -> MCMC:
    """NUTS from around the mode, steps scaled by the curvature there."""
    peak, scale = mode()
    flat, as_dict = ravel_pytree(peak)
    spread = jax.random.multivariate_normal(jax.random.key(7), flat, jnp.asarray(scale), (chains,))
    kernel = NUTS(model, dense_mass=True, inverse_mass_matrix=jnp.asarray(scale),
                  adapt_mass_matrix=False,
                  max_tree_depth=5, target_accept_prob=0.85)  # fmt: skip
    found = MCMC(kernel, num_warmup=warmup, num_samples=draws, num_chains=chains,
                 chain_method="vectorized", progress_bar=False)  # fmt: skip
    found.run(jax.random.key(131), init_params=jax.vmap(as_dict)(spread),
              extra_fields=("diverging", "num_steps"))  # fmt: skip
    return found


def main() -> None:
    """Sample, report, write."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--warmup", type=int, default=150)
    ask.add_argument("--draws", type=int, default=500)
    ask.add_argument("--chains", type=int, default=4)
    ask.add_argument("--keep", type=int, default=200)
    asked = ask.parse_args()
    chains = sample(asked.warmup, asked.draws, asked.chains)
    seen = chains.get_extra_fields()
    print(
        f"{asked.chains} chains of {asked.draws} draws after {asked.warmup}; divergent: "
        f"{int(seen['diverging'].sum())}; steps of a draw: {float(seen['num_steps'].mean()):.1f}"
    )
    _posterior(chains.get_samples(group_by_chain=True))
    draws = chains.get_samples()
    _residuals(draws)
    _write(draws, asked.keep)
    print(f"CPU {time.process_time():.0f} s")


def _posterior(draws: dict) -> None:
    """Medians, 90 % intervals, R-hat and effective draws of every parameter."""
    p, factor = jax.vmap(jax.vmap(unpacked))(draws["z"], draws["log factor"])
    table = {**p, "between agents": draws["between agents"],
             **{f"factor of {a}": factor[..., k] for k, a in enumerate(AGENTS)}}  # fmt: skip
    print("parameter | median (90 %) | R-hat | effective draws")
    for name, x in table.items():
        x = np.asarray(x)
        low, middle, high = np.quantile(x, (0.05, 0.5, 0.95))
        r_hat, bulk = split_gelman_rubin(np.log(x)), effective_sample_size(np.log(x))
        print(f"{name} | {middle:.4g} ({low:.3g}-{high:.3g}) | {r_hat:.3f} | {bulk:.0f}")


def _residuals(draws: dict) -> None:
    take = np.linspace(0, len(draws["between agents"]) - 1, 200).astype(int)
    each = jax.jit(lambda z, own: predict(*unpacked(z, own)))
    every = [each(draws["z"][k], draws["log factor"][k]) for k in take]
    said, error = (np.asarray([pair[i] for pair in every]) for i in (0, 1))
    print("agent | regimen | lineage | quantity | observed | model (90 %) | residual / error")
    for i, row in enumerate(DATA):
        x = np.quantile(said[:, i], (0.05, 0.5, 0.95))
        z = (x[1] - float(OBSERVED[i])) / np.median(error[:, i])
        if row["quantity"] in ("median nadir", "days below"):
            x = np.exp(x)
        print(
            f"{row['agent']} | {row['regimen']} | {row['lineage']} | {row['quantity']} "
            f"{row['limit']} | {row['value']:g} | {x[1]:.3g} ({x[0]:.3g} to {x[2]:.3g}) | {z:+.1f}"
        )


def _write(draws: dict, keep: int) -> None:
    """Draws for the library: a new agent's factor is drawn around 1, shared by all lineages."""
    p, _ = jax.vmap(unpacked)(draws["z"], draws["log factor"])
    between, n = draws["between agents"], len(draws["between agents"])
    take = np.linspace(0, n - 1, keep).astype(int)
    new = np.exp(np.asarray(between)[take] * norm.ppf((np.random.default_rng(1).permutation(keep)
                                                       + 0.5) / keep))  # fmt: skip
    table = {name: np.asarray(x)[take] for name, x in p.items()}
    for line in LINES:
        table[f"{line}.alpha"] = table[f"{line}.alpha"] * new
    path = pathlib.Path(str(shelf("tissues").joinpath("marrow_posterior.csv")))
    with path.open("w", newline="") as stream:
        stream.write(
            "# Draws of the posterior of scripts/calibrate_marrow.py, with a new agent's factor.\n"
        )
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(table)
        writer.writerows([f"{x:.5g}" for x in row] for row in zip(*table.values(), strict=True))
    print(f"wrote {keep} draws to {path}")


if __name__ == "__main__":
    main()
