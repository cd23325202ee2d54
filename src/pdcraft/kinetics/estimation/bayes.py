"""Full posterior of a population by NUTS (NumPyro, an optional extra) on the same model."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from pdcraft.domain import InputError, MissingError
from pdcraft.domain.random import stream
from pdcraft.kinetics.estimation.likelihood import Objective
from pdcraft.kinetics.estimation.model import PopulationModel
from pdcraft.kinetics.estimation.schedule import Schedule

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PopulationPosterior:
    """Draws of the free parameters of a model and of every patient's random effects.

    Attributes
    ----------
    names, free
        `PopulationModel.names`, and draws on their scale (logarithms). ``[draw, parameter]``.
    eta
        ``[draw, patient, effect]``.
    effective, r_hat
        Effective sample size and split R-hat by parameter.
    divergences
        Number of divergent transitions; above 0, do not trust the tails.
    """

    names: tuple[str, ...]
    free: Floats
    eta: Floats
    effective: Floats
    r_hat: Floats
    divergences: int


def sample_population(
    model: PopulationModel,
    steps: Schedule,
    *,
    prior_sd: float = 1.0,
    warmup: int = 300,
    draws: int = 500,
    chains: int = 2,
    seed: int = 0,
) -> PopulationPosterior:
    r"""Posterior of a population by the No-U-Turn sampler.

    Free parameters :math:`x` (logarithms of what is positive) have independent priors
    :math:`N(x_0,s^2)` about the model's values; random effects are sampled as
    :math:`\eta_i=Lz_i`, :math:`z_i\sim N(0,1)`. Gradients are forward-mode, so every structure
    serves.

    Parameters
    ----------
    model, steps
        Model with prior medians as its values, and data; censored values are taken.
    prior_sd
        :math:`s`, > 0. 1 on the logarithm is a factor of 2.7.
    warmup, draws, chains, seed
        Of the sampler.

    Raises
    ------
    MissingError
        If NumPyro is not installed.
    InputError
        If ``prior_sd`` is not positive.

    References
    ----------
    hoffman2014, Algorithm 6
    """
    if not prior_sd > 0:
        raise InputError(f"prior_sd = {prior_sd:g} must be greater than 0.")
    try:
        from numpyro.diagnostics import effective_sample_size, split_gelman_rubin
        from numpyro.infer import MCMC, NUTS
    except ImportError as error:
        raise MissingError("NUTS needs NumPyro: pip install 'pdcraft[bayes]'.") from error
    objective = Objective(model, "laplace")
    centre = jnp.asarray(model.start())
    size, shape = len(centre), (steps.wait_h.shape[0], model.deviations)

    def potential(state: dict) -> jax.Array:
        free, z = centre + prior_sd * state["x"], state["z"]
        theta, root, _ = model.unpack(free)
        eta = z @ root.T

        def one(e: jax.Array, s: Schedule) -> jax.Array:
            f = model.predict(theta, e, s)
            # the joint density of data and effects; that of z instead of eta has no ln |Omega|
            return objective.joint(e, free, s, f)

        joint = jax.vmap(one)(eta, steps).sum()
        joint = joint - shape[0] * 2.0 * jnp.log(jnp.diagonal(root)).sum()
        return 0.5 * joint + 0.5 * (state["x"] ** 2).sum()

    kernel = NUTS(potential_fn=potential, forward_mode_differentiation=True)
    sampler = MCMC(
        kernel, num_warmup=warmup, num_samples=draws, num_chains=chains,
        chain_method="sequential", progress_bar=False,
    )  # fmt: skip
    begin = {"x": jnp.zeros((chains, size)), "z": jnp.zeros((chains, *shape))}
    if chains == 1:
        begin = {k: v[0] for k, v in begin.items()}
    sampler.run(stream(seed, "nuts"), init_params=begin, extra_fields=("diverging",))
    by_chain = sampler.get_samples(group_by_chain=True)
    x = np.asarray(centre + prior_sd * by_chain["x"])
    flat = x.reshape(-1, size)
    z = np.asarray(by_chain["z"]).reshape(-1, *shape)
    roots = np.array([np.asarray(model.unpack(row, np)[1]) for row in flat])
    return PopulationPosterior(
        model.names, flat, np.einsum("dpe,dfe->dpf", z, roots),
        np.asarray(effective_sample_size(x)), np.asarray(split_gelman_rubin(x)),
        int(np.asarray(sampler.get_extra_fields()["diverging"]).sum()),
    )  # fmt: skip
