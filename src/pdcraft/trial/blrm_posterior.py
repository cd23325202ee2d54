"""Posterior of a logistic curve with two parameters, integrated on nodes.

Nothing is sampled: the same numbers come out on every machine and in every run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import expit, logit, roots_legendre

from pdcraft.domain import InputError

REACH, NODES = 7.0, 101
"""Prior standard deviations to each side, and nodes between them, for each parameter."""


class Toxicity(NamedTuple):
    """What is known of the rates; every entry ``[level]``.

    Attributes
    ----------
    mean, sd
        Of the rate.
    under, target, over
        Probabilities that the rate is too low, in the target interval, too high.
    """

    mean: Float[np.ndarray, "level"]
    sd: Float[np.ndarray, "level"]
    under: Float[np.ndarray, "level"]
    target: Float[np.ndarray, "level"]
    over: Float[np.ndarray, "level"]


@dataclass(frozen=True)
class BivariateNormal:
    r"""Prior of :math:`(\ln\alpha, \ln\beta)`.

    Attributes
    ----------
    mean_log_alpha, mean_log_beta, sd_log_alpha, sd_log_beta, correlation
        Of the normal distribution.

    Raises
    ------
    InputError
        If a standard deviation is not positive or the correlation not between -1 and 1.
    """

    mean_log_alpha: float
    mean_log_beta: float
    sd_log_alpha: float
    sd_log_beta: float
    correlation: float = 0.0

    def __post_init__(self) -> None:
        if not (self.sd_log_alpha > 0 and self.sd_log_beta > 0 and -1 < self.correlation < 1):
            raise InputError(
                f"sd_log_alpha = {self.sd_log_alpha:g}, sd_log_beta = {self.sd_log_beta:g} must be "
                f"above 0 and correlation = {self.correlation:g} between -1 and 1."
            )


class Curve(NamedTuple):
    """What the posterior depends on beside the counts: doses, reference dose, prior, interval."""

    doses: tuple[float, ...]
    reference_dose: float
    prior: BivariateNormal
    ends: tuple[float, float]


class _Nodes(NamedTuple):
    """Weights of the quadrature with the prior, and log rates of every level at every node."""

    weight: np.ndarray
    log_p: np.ndarray
    log_q: np.ndarray

    def mass(self, n: tuple[int, ...], dlt: tuple[int, ...], scale: float) -> np.ndarray:
        """Weight times likelihood, ``[*, node]``; ``scale`` is a log likelihood to divide by."""
        y = np.asarray(dlt, float)
        log = np.tensordot(y, self.log_p, 1) + np.tensordot(np.asarray(n) - y, self.log_q, 1)
        return self.weight * np.exp(log - scale)


@lru_cache(maxsize=16)
def _everywhere(curve: Curve) -> _Nodes:
    """Equidistant nodes of both parameters."""
    z = np.linspace(-REACH, REACH, NODES)
    z1, z2 = (axis.ravel() for axis in np.meshgrid(z, z))
    step = z[1] - z[0]
    return _Nodes(step**2 * np.exp(-(z1**2 + z2**2) / 2), *_log_rates(curve, z1, z2))


@lru_cache(maxsize=16)
def _below(curve: Curve) -> _Nodes:
    """Nodes where the rate of a level is below an end of the interval; ``[level, end, node]``.

    For every slope the rate is below the end up to an intercept: Gauss's nodes stop there.
    """
    prior = curve.prior
    z2 = np.linspace(-REACH, REACH, NODES)
    beta = np.exp(prior.mean_log_beta + prior.sd_log_beta * z2)
    distance = np.log(np.asarray(curve.doses) / curve.reference_dose)
    ends = logit(curve.ends)
    bound = ends[None, :, None] - beta * distance[:, None, None]
    spread = prior.sd_log_alpha * math.sqrt(1 - prior.correlation**2)
    middle = prior.mean_log_alpha + prior.sd_log_alpha * prior.correlation * z2
    upper = np.clip((bound - middle) / spread, -REACH, REACH)[..., None]
    at, share = roots_legendre(NODES)
    z1 = -REACH + (upper + REACH) * (at + 1) / 2
    weight = (z2[1] - z2[0]) * (upper + REACH) / 2 * share * np.exp(-(z1**2) / 2)
    weight *= np.exp(-(z2[:, None] ** 2) / 2)
    log_p, log_q = _log_rates(curve, z1, np.broadcast_to(z2[:, None], z1.shape))
    flat = (len(curve.doses), 2, NODES**2)
    return _Nodes(weight.reshape(flat), log_p.reshape(-1, *flat), log_q.reshape(-1, *flat))


def _log_rates(curve: Curve, z1: np.ndarray, z2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of rates and of one minus rates, ``[level, *node]``, at independent normals."""
    prior, rho = curve.prior, curve.prior.correlation
    z = rho * z2 + math.sqrt(1 - rho**2) * z1
    log_alpha = prior.mean_log_alpha + prior.sd_log_alpha * z
    beta = np.exp(prior.mean_log_beta + prior.sd_log_beta * z2)
    distance = np.log(np.asarray(curve.doses) / curve.reference_dose)
    eta = log_alpha + distance.reshape(-1, *(1,) * z1.ndim) * beta
    return -np.logaddexp(0, -eta), -np.logaddexp(0, eta)


@lru_cache(maxsize=4096)
def posterior(curve: Curve, n: tuple[int, ...], dlt: tuple[int, ...]) -> Toxicity:
    """What is known after counts: moments on equidistant nodes, intervals up to their ends."""
    grid = _everywhere(curve)
    log = np.asarray(dlt, float) @ grid.log_p + (np.asarray(n) - dlt) @ grid.log_q
    scale = float(log.max())
    mass = grid.mass(n, dlt, scale)
    total = mass.sum()
    p = np.exp(grid.log_p)
    mean = p @ mass / total
    sd = np.sqrt(np.maximum(p**2 @ mass / total - mean**2, 0))
    below = np.clip(_below(curve).mass(n, dlt, scale).sum(axis=-1) / total, 0, 1)
    return Toxicity(mean, sd, below[:, 0], below[:, 1] - below[:, 0], 1 - below[:, 1])


@lru_cache(maxsize=4096)
def plug_in(curve: Curve, n: tuple[int, ...], dlt: tuple[int, ...]) -> Float[np.ndarray, "level"]:
    r"""Rates at the posterior means of :math:`\ln\alpha` and :math:`\ln\beta`."""
    grid, prior = _everywhere(curve), curve.prior
    log = np.asarray(dlt, float) @ grid.log_p + (np.asarray(n) - dlt) @ grid.log_q
    mass = grid.mass(n, dlt, float(log.max()))
    z = np.linspace(-REACH, REACH, NODES)
    z1, z2 = (axis.ravel() @ mass / mass.sum() for axis in np.meshgrid(z, z))
    rho = prior.correlation
    log_alpha = prior.mean_log_alpha + prior.sd_log_alpha * (rho * z2 + math.sqrt(1 - rho**2) * z1)
    slope = math.exp(prior.mean_log_beta + prior.sd_log_beta * z2)
    return expit(log_alpha + slope * np.log(np.asarray(curve.doses) / curve.reference_dose))
