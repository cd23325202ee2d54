"""Calibrate tumour dose, sensitivity and growth of myeloma jointly on the published responses.

Run: ``python -m scripts.calibrate_myeloma [study.toml]`` (about thirteen minutes of CPU). The model
is the river of the study (default: the example), so a change of kinetics or dosimetry is taken up
by running it again. Data are rows of ``library/diseases/multiple_myeloma_clinical.csv``. Dose and
sensitivity act through their product: the data bind the product, the priors share it out. Written:
``library/diseases/multiple_myeloma_posterior.csv``; medians, residuals and diagnostics go to the
terminal, for ``multiple_myeloma.toml`` and ``docs/theory/biology.md``.

Method: importance sampling in stages (Sobol draws of the prior; then kernels around the weighted
draws so far: the posterior is no Gaussian, since dexamethasone or the dose may explain the same
responses), repeated from the start; the same virtual patients at every draw. R-hat is that between
the repeats.
"""

from __future__ import annotations

import argparse
import csv
import pathlib
import time
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import logsumexp
from scipy.stats import genpareto, multivariate_normal, norm, qmc

from pdcraft import biology, decay, dosimetry, kinetics
from pdcraft.domain import Regimen
from pdcraft.library import read_rows, shelf
from pdcraft.study.prepare import prepare
from pdcraft.study.spec import UncertaintyTable, read_study

EXAMPLE = pathlib.Path(__file__).parent.parent / "examples" / "clr131_myeloma_phase1.toml"
PATIENTS = 128
MBQ_PER_MCI = 37.0

# Prior medians and standard deviations of the logarithm.
PRIOR = {
    "tumour.dose_factor": (1.5, 0.6),  # uptake of myeloma in parts of marrow's: 1 to 5 is plausible
    "tumour.alpha": (0.25, 0.5),  # 0.08 in vivo to 0.7 from clonogenic survival
    "tumour.alpha cv": (0.6, 0.3),
    "tumour.growth_rate": (0.008, 0.5),  # analyses range from 0.004 to 0.017 per day
    "dexamethasone.kill_rate": (0.003, 0.8),  # what dexamethasone still does to refractory myeloma
}
NAMES = tuple(PRIOR)
MIDDLE = np.log([m for m, _ in PRIOR.values()])
SCALE = np.array([s for _, s in PRIOR.values()])


class River:
    """Patients of the study at every dose level of the data, their dose rates computed once."""

    def __init__(self, path: pathlib.Path, patients: int):
        # Typical values are what is asked for here: no draws of earlier posteriors.
        known = {"uncertainty": UncertaintyTable(draws=0)}
        prepared = prepare(read_study(path).model_copy(update=known))
        self.plan = prepared.plan
        people = prepared.population.draw(jnp.arange(patients))
        self.rows = read_rows("diseases/multiple_myeloma_clinical.csv")
        self.levels = tuple(dict.fromkeys(r["mCi_per_m2"] for r in self.rows))
        self.people, self.rates = people, [self._rates(level, people) for level in self.levels]
        self.spread = {n: prepared.parameters[n].spread.cv for n in NAMES if " " not in n}
        self.typical = {n: prepared.parameters[n].value for n in NAMES if " " not in n}
        self.model = next(e for e in self.plan.effects if isinstance(e, biology.Myeloma))
        self.ends = tuple(
            e for e in self.plan.endpoints
            if isinstance(e, (biology.BestResponse, biology.ProgressionFreeSurvival))
        )  # fmt: skip

    def _rates(self, level: str, people):
        doses = [float(x) * MBQ_PER_MCI for x in level.split("+")]
        given = Regimen.of(doses, time_h=[168.0 * i for i in range(len(doses))]).padded(2)

        def one(who):
            mine = eqx.tree_at(lambda r: r.activity_MBq, given,
                               given.activity_MBq * who.body_surface_m2)  # fmt: skip
            amount = kinetics.simulate(self.plan.kinetics, who, mine, self.plan.agent)
            activity = decay.activity(amount, self.plan.agent.payload.chain)
            return dosimetry.irradiate(self.plan.engine, activity, who.anatomy)

        return eqx.filter_jit(jax.vmap(one))(people)

    def patients(self, theta: dict):
        """The patients with these typical values."""
        who = self.people
        names = who.parameters.names
        value = who.parameters.value
        for name, typical in self.typical.items():
            column = value[:, names.index(name)]
            z = jnp.log(column / typical)  # typical of the library; its spread is in the draw
            if name == "tumour.alpha":
                omega = np.sqrt(np.log1p(self.spread[name] ** 2))
                z = z / omega * jnp.sqrt(jnp.log1p(theta["tumour.alpha cv"] ** 2))
            own = theta[name] * (jnp.exp(z) if self.spread[name] else jnp.ones_like(column))
            value = value.at[:, names.index(name)].set(own)
        return eqx.tree_at(lambda p: p.parameters.value, who, value)


def outcomes(river: River):
    """Compiled: typical values to categories (codes) and PFS (d) by level. ``[level, patient]``."""
    rates = jax.tree.map(lambda *x: jnp.stack(x), *river.rates)

    @eqx.filter_jit
    def run(theta, rates, river_model, ends):
        who = river.patients(dict(zip(NAMES, theta, strict=True)))

        def one(p, rate):
            effect = river_model.effect(rate, None, p, river.plan.clock)
            seen = biology.foresee(ends, effect, p)
            at = seen.events.index
            pfs = seen.value[at("progression or death")]
            return seen.grade[at("best response")], pfs

        return jax.vmap(lambda r: jax.vmap(one)(who, r))(rates)

    return lambda theta: run(jnp.asarray(theta), rates, river.model, river.ends)


def log_likelihood(river: River, code: np.ndarray, pfs: np.ndarray) -> tuple[float, dict]:
    """Of all rows, with half a patient added to every category; and what the model says."""
    total, said = 0.0, {}
    for row in river.rows:
        k = river.levels.index(row["mCi_per_m2"])
        what, n = row["quantity"], float(row["n"])
        if what == "categories":  # PR or better, MR, SD, PD
            edges = [code[k] >= 3, code[k] == 2, code[k] == 1, code[k] == 0]
            p = (np.array([e.sum() for e in edges]) + 0.5) / (code.shape[1] + 2)
            total += float(np.array([float(x) for x in row["value"].split("/")]) @ np.log(p))
            said[row["row"]] = "/".join(f"{100 * x:.0f}" for x in p)
        elif what in ("MR or better", "SD or MR"):
            met = code[k] >= 2 if what == "MR or better" else (code[k] == 1) | (code[k] == 2)
            p = (met.sum() + 0.5) / (met.size + 1)
            x = float(row["value"])
            total += x * np.log(p) + (n - x) * np.log1p(-p)
            said[row["row"]] = f"{100 * p:.0f}"
        else:  # mean PFS of n patients; "at least" where follow-up went on
            mean, error = pfs[k].mean(), max(pfs[k].std(), 10.0) / np.sqrt(n)
            z = (float(row["value"]) - mean) / error
            total += (
                norm.logsf(z) if what == "mean PFS at least" else norm.logpdf(z) - np.log(error)
            )
            said[row["row"]] = f"{mean:.0f}"
    return total, said


def pareto_shape(log_weight: np.ndarray) -> float:
    """Shape of the tail of importance weights: below 0.7 the sample can be trusted."""
    largest = np.sort(np.exp(log_weight - log_weight.max()))[::-1]
    m = int(min(0.2 * len(largest), 3 * np.sqrt(len(largest))))
    return float(genpareto.fit(largest[:m] - largest[m], floc=0.0)[0])


@dataclass(frozen=True)
class Kernels:
    """A density around weighted points: Gaussians of one covariance, as wide as Scott's rule."""

    centres: np.ndarray
    weight: np.ndarray
    covariance: np.ndarray

    @classmethod
    def around(cls, z: np.ndarray, log_w: np.ndarray) -> Kernels:
        """Around draws; weights are cut, so that no draw of an early stage rules the next."""
        w = np.exp(log_w - logsumexp(log_w))
        w = np.minimum(w, 1.0 / np.sqrt(len(w)))
        w /= w.sum()
        wide = (w**2).sum() ** (2.0 / (z.shape[1] + 4))
        return cls(z, w, wide * np.cov(z.T, aweights=w) + 0.02 * np.eye(z.shape[1]))

    def draw(self, u: np.ndarray) -> np.ndarray:
        """Points for uniform numbers: the first chooses the centre. ``[draw, 1 + parameter]``."""
        which = np.searchsorted(np.cumsum(self.weight), u[:, 0]).clip(max=len(self.weight) - 1)
        return self.centres[which] + norm.ppf(u[:, 1:]) @ np.linalg.cholesky(self.covariance).T

    def logpdf(self, z: np.ndarray) -> np.ndarray:
        """Logarithm of the density. ``[draw]``."""
        one = multivariate_normal(np.zeros(z.shape[1]), self.covariance)
        each = one.logpdf(z[:, None, :] - self.centres)
        return logsumexp(each, axis=1, b=self.weight)


def sample(likelihood, stages: tuple[int, ...], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws and their log weights, by importance sampling in stages.

    The first stage is the prior, every further one kernels around all weighted draws so far.
    Weights are against the mixture of all stages.
    """
    n = len(NAMES)
    prior = multivariate_normal(np.zeros(n), np.eye(n))
    z, found, log_w, proposals = np.zeros((0, n)), np.zeros(0), np.zeros(0), [prior]
    for k, size in enumerate(stages):
        u = qmc.Sobol(n + 1, seed=100 * seed + k).random(size)
        if k:
            proposals.append(Kernels.around(z, log_w))
        new = proposals[-1].draw(u) if k else norm.ppf(u[:, 1:])
        z, found = np.concatenate([z, new]), np.concatenate([found, likelihood(new)])
        share = np.log(np.array(stages[: k + 1]) / len(z))[:, None]
        mixture = logsumexp(share + [q.logpdf(z) for q in proposals], axis=0)
        log_w = found + prior.logpdf(z) - mixture
    return z, log_w


def between_repeats(z: np.ndarray, log_w: np.ndarray) -> np.ndarray:
    """R-hat of every parameter from the weighted draws of repeats. ``[parameter]``."""
    w = np.exp(log_w - logsumexp(log_w, axis=1, keepdims=True))[..., None]
    mean = (w * z).sum(axis=1)
    within = (w * (z - mean[:, None]) ** 2).sum(axis=1).mean(axis=0)
    return np.sqrt(1.0 + mean.var(axis=0, ddof=1) / within)


def main() -> None:
    """Sample, report, write."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("study", nargs="?", type=pathlib.Path, default=EXAMPLE)
    ask.add_argument("--stages", type=int, nargs="+", default=[256] * 4)
    ask.add_argument("--repeats", type=int, default=4)
    ask.add_argument("--patients", type=int, default=PATIENTS)
    ask.add_argument("--keep", type=int, default=200)
    asked = ask.parse_args()
    river = River(asked.study, asked.patients)
    run = outcomes(river)

    def likelihood(z: np.ndarray) -> np.ndarray:
        every = (run(np.exp(MIDDLE + SCALE * one)) for one in z)
        return np.array([log_likelihood(river, *map(np.asarray, each))[0] for each in every])

    every = [sample(likelihood, tuple(asked.stages), k) for k in range(asked.repeats)]
    z, log_w = (np.stack(x) for x in zip(*every, strict=True))
    print("R-hat:", ", ".join(f"{x:.3f}" for x in between_repeats(z, log_w)))
    z, log_w = z.reshape(-1, len(NAMES)), log_w.ravel()
    w = np.exp(log_w - logsumexp(log_w))
    print(
        f"effective draws {1 / (w**2).sum():.0f} of {len(z)};",
        f"Pareto shape {pareto_shape(log_w):.2f}",
    )
    take = np.searchsorted(np.cumsum(w), (np.arange(asked.keep) + 0.5) / asked.keep)
    take = np.random.default_rng(3).permutation(np.minimum(take, len(z) - 1))
    draws = np.exp(MIDDLE + SCALE * z[take])
    _posterior(draws)
    _residuals(river, run, draws)
    _write(draws)
    print(f"CPU {time.process_time():.0f} s")


def _posterior(draws: np.ndarray) -> None:
    """Medians and 90 % intervals beside those of the prior."""
    prior = np.exp(MIDDLE + SCALE * norm.ppf(qmc.Sobol(len(NAMES), seed=9).random(1024)))
    for k, name in enumerate((*NAMES, "dose_factor x alpha")):
        now, was = (x[:, k] if k < len(NAMES) else x[:, 0] * x[:, 1] for x in (draws, prior))
        q, b = np.quantile(now, (0.05, 0.5, 0.95)), np.quantile(was, (0.05, 0.95))
        print(f"{name:28s} {q[1]:.4g}  ({q[0]:.3g} to {q[2]:.3g})   prior {b[0]:.3g} to {b[1]:.3g}")
    print("correlation of log dose and log alpha:",
          f"{np.corrcoef(np.log(draws[:, 0]), np.log(draws[:, 1]))[0, 1]:.2f}")  # fmt: skip


def _residuals(river: River, run, draws: np.ndarray) -> None:
    said = []
    for theta in draws[:40]:
        code, pfs = map(np.asarray, run(theta))
        said.append(log_likelihood(river, code, pfs)[1])
    for row in river.rows:
        x = np.array([[float(v) for v in s[row["row"]].split("/")] for s in said])
        low, middle, high = np.quantile(x, (0.05, 0.5, 0.95), axis=0)
        text = " / ".join(
            f"{m:.0f} ({a:.0f}-{b:.0f})" for a, m, b in zip(low, middle, high, strict=True)
        )
        print(f"{row['row']} | {row['quantity']} | observed {row['value']} of {row['n']} | {text}")


def _write(draws: np.ndarray) -> None:
    path = pathlib.Path(str(shelf("diseases").joinpath("multiple_myeloma_posterior.csv")))
    with path.open("w", newline="") as stream:
        stream.write("# Draws of the posterior of scripts/calibrate_myeloma.py.\n")
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(NAMES)
        writer.writerows([f"{x:.5g}" for x in row] for row in draws)
    print(f"wrote {len(draws)} draws to {path}")


if __name__ == "__main__":
    main()
