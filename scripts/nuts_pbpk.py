"""NUTS beside the Laplace posterior of the whole-body model: ``python -m scripts.nuts_pbpk``.

Samples the log-density of `scripts.calibrate_pbpk` (the same facts and priors) and prints, for
every parameter, how far the mean lies from Laplace's mode and how wide the marginals are.
"""

from __future__ import annotations

import csv

import jax.numpy as jnp
import jax.random
import numpy as np
from jaxtyping import Array

from scripts.calibrate_pbpk import SHELF, Facts, residuals


def laplace() -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names, mode and covariance on the shelf."""
    text = (SHELF / "clr1404_pbpk_laplace.csv").read_text("utf-8").splitlines()
    rows = list(csv.DictReader(line for line in text if not line.startswith("#")))
    mode = np.array([float(r["transformed"]) for r in rows])
    C = np.array([[float(r[f"covariance_{k}"]) for k in range(len(rows))] for r in rows])
    return [r["parameter"] for r in rows], mode, 0.5 * (C + C.T)


def main(warmup: int = 100, draws: int = 250) -> None:
    """Two chains from about the mode, in coordinates that Laplace whitens."""
    from numpyro.diagnostics import effective_sample_size, split_gelman_rubin
    from numpyro.infer import MCMC, NUTS

    facts, (names, mode, C) = Facts(), laplace()
    root = jnp.asarray(np.linalg.cholesky(C))

    def potential(u: Array) -> Array:
        return 0.5 * (residuals(facts, mode + root @ u) ** 2).sum()

    sampler = MCMC(
        NUTS(potential_fn=potential, max_tree_depth=6), num_warmup=warmup, num_samples=draws,
        num_chains=2, chain_method="sequential", progress_bar=False,
    )  # fmt: skip
    begin = 0.5 * np.random.default_rng(0).standard_normal((2, len(mode)))
    sampler.run(jax.random.PRNGKey(1), init_params=jnp.asarray(begin), extra_fields=("diverging",))
    z = mode + np.asarray(sampler.get_samples(group_by_chain=True)) @ np.asarray(root).T
    ess, r_hat = effective_sample_size(z), split_gelman_rubin(z)
    print(f"divergent: {int(np.asarray(sampler.get_extra_fields()['diverging']).sum())}")
    print(f"{'parameter':28s} {'shift/sd':>9s} {'width ratio':>12s} {'ess':>6s} {'R-hat':>6s}")
    for k, name in enumerate(names):
        own, wide = z[..., k].ravel(), C[k, k] ** 0.5
        print(f"{name:28s} {(own.mean() - mode[k]) / wide:9.2f} {own.std() / wide:12.2f} "
              f"{ess[k]:6.0f} {r_hat[k]:6.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
