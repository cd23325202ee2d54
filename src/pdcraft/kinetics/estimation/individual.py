"""One patient under a known population: most probable parameters (MAP) and residuals."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from pdcraft.domain import InputError
from pdcraft.kinetics.estimation.expansion import point
from pdcraft.kinetics.estimation.fit import PopulationFit
from pdcraft.kinetics.estimation.likelihood import Objective
from pdcraft.kinetics.estimation.model import PopulationModel
from pdcraft.kinetics.estimation.schedule import Schedule

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Posterior:
    """Random effects of every patient: mode and covariance, and what they mean.

    Attributes
    ----------
    eta, covariance
        ``[patient, effect]``, ``[patient, effect, effect]``.
    parameters
        Individual parameters at the first step by name, without what is due to an occasion.
        ``[patient]``.
    relative_sd
        Their standard deviations over their values, to first order. ``[patient]``.
    """

    eta: Floats
    covariance: Floats
    parameters: dict[str, Floats]
    relative_sd: dict[str, Floats]


def most_probable(model: PopulationModel, steps: Schedule) -> Posterior:
    r"""Maximum a posteriori estimates of patients who were not part of the fit.

    .. math:: \hat\eta=\arg\max_\eta\,p(y\mid\eta)\,p(\eta\mid\Omega),\qquad
              \mathrm{Cov}\approx\Big[\tfrac12\nabla^2(-2\ln p)\Big]^{-1}

    Parameters
    ----------
    model
        A population model with its values, as `PopulationFit.model`.
    steps
        Records of one or more patients; see `prepare`.

    References
    ----------
    sheiner1979, Bayesian forecasting
    """
    free = jnp.asarray(model.start())
    objective = Objective(model, "laplace")
    zero = jnp.zeros((steps.wait_h.shape[0], model.deviations))
    own = jnp.arange(model.deviations) < len(model.effects)
    eta = objective.modes(free, zero, steps)
    theta, _, _ = model.unpack(free)

    def one(e: jax.Array, s: Schedule) -> tuple:
        head = free[: model.free_thetas]
        near = point(objective.predictor(free, s), e, head, bend=True)

        def parameters(x: jax.Array) -> dict:
            return {k: v[0] for k, v in model.individual(theta, x * own, s).items()}

        covariance = jnp.linalg.inv(objective.curvature(near, free, s))
        value, slope = parameters(e), jax.jacfwd(parameters)(e)
        spread = {
            k: jnp.sqrt(jnp.maximum(g @ covariance @ g, 0.0)) / jnp.abs(value[k])
            for k, g in slope.items()
        }
        return covariance, value, spread

    covariance, value, spread = jax.jit(jax.vmap(one))(eta, steps)
    return Posterior(
        np.asarray(eta), np.asarray(covariance), {k: np.asarray(v) for k, v in value.items()},
        {k: np.asarray(v) for k, v in spread.items()},
    )  # fmt: skip


@dataclass(frozen=True)
class Residuals:
    """Predictions and residuals of a fit; ``[patient, step]``, nan where nothing is observed.

    ``typical`` (PRED), ``individual`` (IPRED), ``weighted`` individual residuals (IWRES) and
    ``conditional`` weighted residuals (CWRES).
    """

    typical: Floats
    individual: Floats
    weighted: Floats
    conditional: Floats


def residuals(fit: PopulationFit) -> Residuals:
    r"""Residuals of a fit.

    .. math:: \mathrm{CWRES}=V^{-1/2}\,\big(y-f(\hat\eta)+G\hat\eta\big),\qquad
              V=G\Omega G^T+R

    References
    ----------
    hooker2007, Eqs. 5-8
    """
    model, steps = fit.model, fit.steps
    free = jnp.asarray(model.start())
    theta, root, sigma = model.unpack(free)
    predict = Objective(model, "focei").predictor

    def one(e: jax.Array, s: Schedule) -> tuple:
        head = free[: model.free_thetas]
        near = point(predict(free, s), e, head)
        typical = model.predict(theta, jnp.zeros_like(e), s)
        seen = s.is_observed
        at = near.f if fit.method in ("focei", "laplace") else typical
        r = jnp.where(seen, model.variance(at, sigma, s), 1.0)
        miss = jnp.where(seen, s.value - near.f, 0.0)
        G = jnp.where(seen[:, None], near.G, 0.0)
        spread = G @ root
        values, vectors = jnp.linalg.eigh(spread @ spread.T + jnp.diag(r))
        white = vectors @ ((vectors.T @ (miss + G @ e)) / jnp.sqrt(values))
        return typical, near.f, miss / jnp.sqrt(r), white

    found = jax.jit(jax.vmap(one))(jnp.asarray(fit.eta), steps)
    hide = ~np.asarray(steps.is_observed) | (np.asarray(steps.censoring) != 0)
    return Residuals(*(np.where(hide, np.nan, np.asarray(x)) for x in found))


def shrinkage(fit: PopulationFit) -> dict[str, float]:
    r"""How far random effects and residuals shrink: :math:`1-\mathrm{SD}(\hat\eta)/\omega`.

    Returns
    -------
    dict
        By effect, ``"iov[CL]"`` of the deviations of occasions with an observation, and
        ``"residual"``; near 1, diagnostics of that effect say little.

    References
    ----------
    savic2009, Eqs. 3 and 4
    """
    sd = np.sqrt(np.diagonal(fit.model.omega))
    out = {
        name: float(1.0 - fit.eta[:, k].std(ddof=1) / sd[k]) if len(fit.eta) > 1 else float("nan")
        for k, name in enumerate(fit.model.effects)
    }
    between = fit.model.occasions
    if between is not None:
        was_seen, _ = by_occasion(fit.model, fit.steps, fit.eta)
        kappa = fit.eta[:, len(sd) :].reshape(len(fit.eta), len(between.variances), -1)
        for k, (name, variance) in enumerate(between.variances.items()):
            spread = kappa[:, k][was_seen].std(ddof=1)
            out[f"iov[{name}]"] = float(1.0 - spread / np.sqrt(variance))
    out["residual"] = float(1.0 - np.nanstd(residuals(fit).weighted, ddof=1))
    return out


def by_occasion(
    model: PopulationModel, steps: Schedule, eta: Floats
) -> tuple[np.ndarray, dict[str, Floats]]:
    """Parameters that vary between occasions, on every occasion of every patient.

    Parameters
    ----------
    model, steps, eta
        A population model with its values, data, and random effects, ``[patient, effect]``.

    Returns
    -------
    was_seen, parameters
        Whether there is an observation, ``[patient, occasion]``, and the parameters by name at
        the first one (nan where there is none).

    Raises
    ------
    InputError
        If nothing varies between occasions.
    """
    between = model.occasions
    if between is None:
        raise InputError("No parameter of the model varies between occasions.")
    column = np.asarray(steps.covariates_now)[..., steps.names.index(between.column)]
    at = (column[..., None] == np.array(between.labels)) & np.asarray(steps.is_observed)[..., None]
    was_seen, first = at.any(1), at.argmax(1)
    theta, _, _ = model.unpack(jnp.asarray(model.start()))
    every = jax.vmap(lambda e, s: model.individual(theta, e, s))(jnp.asarray(eta), steps)
    found = {
        name: np.where(was_seen, np.take_along_axis(np.asarray(every[name]), first, 1), np.nan)
        for name in between.variances
    }
    return was_seen, found
