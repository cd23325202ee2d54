"""Working models of the continual reassessment method, and their posterior by quadrature."""

from __future__ import annotations

import abc
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float

from pdcraft.domain import InputError

REACH = 7.5
"""Prior standard deviations to each side that the trapezoidal rule spans."""
MOST_PATIENTS = 200
"""Up to so many the rule is exact to 1e-8; with more the posterior is as narrow as its step."""


class AbstractWorkingModel(abc.ABC):
    r"""One parameter :math:`\beta` for all levels: a rate is a function of :math:`e^\beta x`.

    :math:`x_j` is the scaled dose at which :math:`\beta = 0` gives the skeleton's rate :math:`s_j`.

    Attributes
    ----------
    nodes
        Nodes of the trapezoidal rule; the sharper the model, the more.
    """

    nodes: ClassVar[int]

    @abc.abstractmethod
    def scaled(self, rate: float) -> float:
        """Scaled dose at which the rate is ``rate`` when the parameter is 0."""

    @abc.abstractmethod
    def rate(self, scaled: float) -> float:
        """Rate at a scaled dose when the parameter is 0."""

    @abc.abstractmethod
    def log_rates(
        self, scaled: Float[np.ndarray, "level"], beta: Float[np.ndarray, "*node"]
    ) -> tuple[Float[np.ndarray, "*node level"], Float[np.ndarray, "*node level"]]:
        """Logarithms of the rate and of one minus the rate."""


@dataclass(frozen=True)
class Empiric(AbstractWorkingModel):
    r"""The power model, :math:`p_j = s_j^{\exp\beta}`.

    References
    ----------
    oquigley1990; dfcrm, crm(model = "empiric"); docs/theory/trial.md, Eq. 10
    """

    nodes: ClassVar[int] = 241

    def scaled(self, rate: float) -> float:
        """Logarithm of the rate."""
        return math.log(rate)

    def rate(self, scaled: float) -> float:
        """Exponential of the scaled dose."""
        return math.exp(scaled)

    def log_rates(
        self, scaled: Float[np.ndarray, "level"], beta: Float[np.ndarray, "*node"]
    ) -> tuple[Float[np.ndarray, "*node level"], Float[np.ndarray, "*node level"]]:
        """Logarithms of the rate and of one minus the rate."""
        log_p = np.exp(np.asarray(beta))[..., None] * scaled
        return log_p, np.log(-np.expm1(log_p))


@dataclass(frozen=True)
class FixedIntercept(AbstractWorkingModel):
    r"""The logistic model with fixed intercept, :math:`\mathrm{logit}\,p_j = a + e^\beta x_j`.

    Attributes
    ----------
    intercept
        :math:`a`; all rates of the skeleton must lie below :math:`1/(1+e^{-a})`.

    References
    ----------
    dfcrm, crm(model = "logistic", intcpt = 3); docs/theory/trial.md, Eq. 11
    """

    intercept: float = 3.0
    nodes: ClassVar[int] = 481

    def scaled(self, rate: float) -> float:
        """Logit of the rate less the intercept; it must be negative."""
        x = math.log(rate / (1 - rate)) - self.intercept
        if not x < 0:
            raise InputError(
                f"The rate {rate:g} is not below 1/(1+exp(-intercept)) = "
                f"{1 / (1 + math.exp(-self.intercept)):.4f}, so that a larger parameter would not "
                f"mean less toxicity. Give a larger intercept than {self.intercept:g}."
            )
        return x

    def rate(self, scaled: float) -> float:
        """Rate at a scaled dose when the parameter is 0."""
        return 1 / (1 + math.exp(-self.intercept - scaled))

    def log_rates(
        self, scaled: Float[np.ndarray, "level"], beta: Float[np.ndarray, "*node"]
    ) -> tuple[Float[np.ndarray, "*node level"], Float[np.ndarray, "*node level"]]:
        """Logarithms of the rate and of one minus the rate."""
        logit = self.intercept + np.exp(np.asarray(beta))[..., None] * scaled
        return -np.logaddexp(0, -logit), -np.logaddexp(0, logit)


class Posterior(NamedTuple):
    """What is known of the parameter and of the rates; leading axes are those of the data.

    Attributes
    ----------
    mean, variance
        Of the parameter. ``[*trial]``
    plug_in
        Rates at the mean of the parameter. ``[*trial, level]``
    posterior_mean
        Means of the rates. ``[*trial, level]``
    """

    mean: Float[np.ndarray, "*trial"]
    variance: Float[np.ndarray, "*trial"]
    plug_in: Float[np.ndarray, "*trial level"]
    posterior_mean: Float[np.ndarray, "*trial level"]


@dataclass(frozen=True)
class Nodes:
    """A working model on the nodes of the quadrature."""

    model: AbstractWorkingModel
    scaled: Float[np.ndarray, "level"]
    beta: Float[np.ndarray, "node"]
    log_prior: Float[np.ndarray, "node"]
    log_p: Float[np.ndarray, "level node"]
    log_q: Float[np.ndarray, "level node"]
    p: Float[np.ndarray, "level node"]

    def weigh(self, likelihood: Float[np.ndarray, "*trial node"]) -> Posterior:
        """Posterior of a likelihood times the prior, up to a constant for each trial."""
        sums = likelihood @ self.moments
        mean = sums[..., 1] / sums[..., 0]
        variance = sums[..., 2] / sums[..., 0] - mean**2
        log_p, _ = self.model.log_rates(self.scaled, mean)
        return Posterior(mean, variance, np.exp(log_p), sums[..., 3:] / sums[..., :1])

    @cached_property
    def moments(self) -> Float[np.ndarray, "node moment"]:
        """What is summed over the nodes: 1, the parameter, its square, the rate of each level."""
        return np.column_stack([np.ones_like(self.beta), self.beta, self.beta**2, self.p.T])

    def complete(
        self, n: Sequence[float] | np.ndarray, dlt: Sequence[float] | np.ndarray
    ) -> Float[np.ndarray, "*trial node"]:
        """Prior times likelihood of complete outcomes, the largest value 1; ``[*trial, level]``."""
        dlt = np.asarray(dlt, float)
        log = self.log_prior + dlt @ self.log_p + (np.asarray(n, float) - dlt) @ self.log_q
        return np.exp(log - log.max(axis=-1, keepdims=True))


@lru_cache(maxsize=64)
def nodes(model: AbstractWorkingModel, skeleton: tuple[float, ...], prior_sd: float) -> Nodes:
    r"""A working model with prior :math:`\beta \sim N(0, \sigma^2)` on equidistant nodes.

    Integrand and all its derivatives vanish at both ends, so the trapezoidal rule converges
    faster than any power of the step.
    """
    scaled = np.array([model.scaled(s) for s in skeleton])
    beta = prior_sd * np.linspace(-REACH, REACH, model.nodes)
    log_p, log_q = model.log_rates(scaled, beta)
    log_prior = -((beta / prior_sd) ** 2) / 2
    return Nodes(
        model, scaled, beta, log_prior,
        *(np.ascontiguousarray(a.T) for a in (log_p, log_q, np.exp(log_p))),
    )  # fmt: skip
