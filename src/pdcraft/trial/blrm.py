"""The Bayesian logistic regression model with two parameters, and escalation with overdose control.

The posterior is integrated, not sampled: it is the same on every machine and in every run.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import logit, roots_legendre

from pdcraft.domain import InputError
from pdcraft.trial.design import AbstractRule, Advice
from pdcraft.trial.history import History

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


@dataclass(frozen=True)
class BLRM(AbstractRule):
    r"""To the dose most probably in the target interval, of those that are hardly overdoses.

    .. math:: \mathrm{logit}\,p_j = \ln\alpha + \beta \ln(d_j/d^*), \qquad \alpha, \beta > 0.

    A dose is open if :math:`\Pr(p_j \ge b \mid y) \le c`. If none is, the trial stops. The MTD is
    chosen in the same way among doses that have been given.

    Attributes
    ----------
    doses
        :math:`d_j`, rising, one for each level, in any unit.
    reference_dose
        :math:`d^*`, in the same unit; :math:`\alpha` is the odds of toxicity there.
    prior
        Of :math:`\ln\alpha` and :math:`\ln\beta`.
    low, high
        The target interval :math:`[a, b)`.
    most_overdose
        :math:`c`, the probability of an overdose that is accepted.

    Raises
    ------
    InputError
        If doses do not rise above 0, the interval does not rise within 0 to 1, or c is none.

    References
    ----------
    neuenschwander2008, model and intervals; babb1998, overdose control; docs/theory/trial.md,
    Eq. 17-18

    Examples
    --------
    >>> prior = BivariateNormal(2.15, 0.52, sd_log_alpha=0.84, sd_log_beta=0.80)
    >>> rule = BLRM((10.0, 15.0, 25.0), 250.0, prior, low=0.16, high=0.33, most_overdose=0.25)
    >>> [round(float(p), 3) for p in rule.posterior((7, 0, 2), (0, 0, 2)).over]
    [0.078, 0.192, 0.49]
    """

    doses: tuple[float, ...]
    reference_dose: float
    prior: BivariateNormal
    low: float
    high: float
    most_overdose: float
    reads_counts_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        rise = all(a < b < math.inf for a, b in itertools.pairwise((0.0, *self.doses)))
        if not self.doses or not rise:
            raise InputError(f"doses = {self.doses} must rise from above 0, one for each level.")
        if not 0 < self.reference_dose < math.inf:
            raise InputError(f"reference_dose = {self.reference_dose:g} must be greater than 0.")
        if not 0 < self.low < self.high < 1:
            raise InputError(
                f"low = {self.low:g} and high = {self.high:g}, the target interval, must rise "
                "within 0 to 1, as 0.16 and 0.33."
            )
        if not 0 < self.most_overdose < 1:
            raise InputError(f"most_overdose = {self.most_overdose:g} must lie between 0 and 1.")

    @property
    def levels(self) -> int:
        """Number of doses."""
        return len(self.doses)

    def posterior(self, n: Sequence[int], dlt: Sequence[int]) -> Toxicity:
        """What is known of the rates after counts of patients and toxicities, ``[level]``.

        Raises
        ------
        InputError
            If there is not one count for each dose.
        """
        if len(n) != self.levels or len(dlt) != self.levels:
            raise InputError(
                f"n and dlt hold {len(n)} and {len(dlt)} counts; both need one for each of the "
                f"{self.levels} doses."
            )
        return _posterior(self, tuple(n), tuple(dlt))

    def advise(self, history: History, advice: Advice) -> Advice:
        """To the open level of largest probability in the target interval."""
        n, dlt = history.counts(self.levels)
        known, level = self.posterior(n, dlt), history.level
        open_ = [j for j in range(advice.ceiling) if known.over[j] <= self.most_overdose]
        if not open_:
            return advice.stop(
                f"{history.describe(level)}: at every level the probability of a rate of at least "
                f"{self.high:g} is above {self.most_overdose:g} ({known.over[0]:.3f} at level 1)",
                mtd=None,
            )
        best = max(open_, key=lambda j: known.target[j]) + 1
        given = [j for j in open_ if n[j]]
        mtd = max(given, key=lambda j: known.target[j]) + 1 if given else None
        decision = "escalate" if best > level else "de-escalate" if best < level else "stay"
        reason = (
            f"{history.describe(level)}: of the levels with a probability of at most "
            f"{self.most_overdose:g} of a rate of at least {self.high:g}, level {best} has the "
            f"largest of a rate in {self.low:g} to {self.high:g} ({known.target[best - 1]:.3f})"
        )
        return replace(advice, mtd=mtd).go(best, decision, reason)


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
def _everywhere(rule: BLRM) -> _Nodes:
    """Equidistant nodes of both parameters."""
    z = np.linspace(-REACH, REACH, NODES)
    z1, z2 = (axis.ravel() for axis in np.meshgrid(z, z))
    step = z[1] - z[0]
    return _Nodes(step**2 * np.exp(-(z1**2 + z2**2) / 2), *_log_rates(rule, z1, z2))


@lru_cache(maxsize=16)
def _below(rule: BLRM) -> _Nodes:
    """Nodes where the rate of a level is below an end of the interval; ``[level, end, node]``.

    For every slope the rate is below the end up to an intercept: Gauss's nodes stop there.
    """
    prior = rule.prior
    z2 = np.linspace(-REACH, REACH, NODES)
    beta = np.exp(prior.mean_log_beta + prior.sd_log_beta * z2)
    distance = np.log(np.asarray(rule.doses) / rule.reference_dose)
    ends = logit([rule.low, rule.high])
    bound = ends[None, :, None] - beta * distance[:, None, None]
    spread = prior.sd_log_alpha * math.sqrt(1 - prior.correlation**2)
    middle = prior.mean_log_alpha + prior.sd_log_alpha * prior.correlation * z2
    upper = np.clip((bound - middle) / spread, -REACH, REACH)[..., None]
    at, share = roots_legendre(NODES)
    z1 = -REACH + (upper + REACH) * (at + 1) / 2
    weight = (z2[1] - z2[0]) * (upper + REACH) / 2 * share * np.exp(-(z1**2) / 2)
    weight *= np.exp(-(z2[:, None] ** 2) / 2)
    log_p, log_q = _log_rates(rule, z1, np.broadcast_to(z2[:, None], z1.shape))
    flat = (rule.levels, 2, NODES**2)
    return _Nodes(weight.reshape(flat), log_p.reshape(-1, *flat), log_q.reshape(-1, *flat))


def _log_rates(rule: BLRM, z1: np.ndarray, z2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of rates and of one minus rates, ``[level, *node]``, at independent normals."""
    prior, rho = rule.prior, rule.prior.correlation
    z = rho * z2 + math.sqrt(1 - rho**2) * z1
    log_alpha = prior.mean_log_alpha + prior.sd_log_alpha * z
    beta = np.exp(prior.mean_log_beta + prior.sd_log_beta * z2)
    distance = np.log(np.asarray(rule.doses) / rule.reference_dose)
    eta = log_alpha + distance.reshape(-1, *(1,) * z1.ndim) * beta
    return -np.logaddexp(0, -eta), -np.logaddexp(0, eta)


@lru_cache(maxsize=4096)
def _posterior(rule: BLRM, n: tuple[int, ...], dlt: tuple[int, ...]) -> Toxicity:
    """Moments on equidistant nodes, probabilities of intervals up to their ends."""
    grid = _everywhere(rule)
    log = np.asarray(dlt, float) @ grid.log_p + (np.asarray(n) - dlt) @ grid.log_q
    scale = float(log.max())
    mass = grid.mass(n, dlt, scale)
    total = mass.sum()
    p = np.exp(grid.log_p)
    mean = p @ mass / total
    sd = np.sqrt(np.maximum(p**2 @ mass / total - mean**2, 0))
    below = np.clip(_below(rule).mass(n, dlt, scale).sum(axis=-1) / total, 0, 1)
    return Toxicity(mean, sd, below[:, 0], below[:, 1] - below[:, 0], 1 - below[:, 1])
