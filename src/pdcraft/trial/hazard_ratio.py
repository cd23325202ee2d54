"""Cox's proportional hazards: ratios of hazards for covariates of patients."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from pdcraft.domain import InputError, NumericalError

TIES = ("efron", "breslow")
STEPS, CONVERGED = 50, 1e-9
"""Most steps of Newton, and the step that ends them, in standard errors."""


class HazardRatios(NamedTuple):
    r"""Estimates :math:`\beta`; a hazard is multiplied by :math:`e^\beta` for a unit of covariate.

    Attributes
    ----------
    log_ratio, standard_error
        ``[covariate]``
    log_likelihood
        Of the events, at the estimates.
    """

    log_ratio: Float[np.ndarray, "covariate"]
    standard_error: Float[np.ndarray, "covariate"]
    log_likelihood: float


def hazard_ratios(
    time: Float[np.ndarray, "patient"],
    happened: Bool[np.ndarray, "patient"],
    covariates: Float[np.ndarray, "patient covariate"],
    *,
    ties: str = "efron",
) -> HazardRatios:
    r"""Estimates that maximise the partial likelihood.

    .. math::
        \ell(\beta) = \sum_t \Big[ \sum_{i \in D_t} x_i\beta
        - \sum_{k=0}^{d_t-1} \ln\Big(\sum_{j \in R_t} e^{x_j\beta}
        - \tfrac{k}{d_t}\sum_{i \in D_t} e^{x_i\beta}\Big)\Big]

    over events :math:`D_t` and those at risk :math:`R_t`; without the second sum for ``breslow``.

    Raises
    ------
    InputError
        If shapes differ, ties are none of these or nothing happened.
    NumericalError
        If a covariate separates events from the rest, so that no ratio is finite.

    References
    ----------
    cox1972; efron1977; docs/theory/trial.md, Eq. 38

    Examples
    --------
    >>> time, treated = [1.0, 2.0, 3.0, 4.0], [[0.0], [1.0], [0.0], [1.0]]
    >>> round(float(hazard_ratios(time, [True] * 4, treated).log_ratio[0]), 3)
    -0.941
    """
    time, happened = np.asarray(time, float), np.asarray(happened, bool)
    x = np.asarray(covariates, float)
    if x.ndim != 2 or len(x) != len(time) or time.shape != happened.shape:
        raise InputError("covariates must be [patient, covariate], time and happened [patient].")
    if ties not in TIES or not happened.any():
        raise InputError(f"ties '{ties}' must be one of {', '.join(TIES)}, with an event at least.")
    x = x - x.mean(axis=0)
    beta = np.zeros(x.shape[1])
    for _ in range(STEPS):
        value, slope, bend = _likelihood(time, happened, x, beta, ties)
        try:
            step = np.linalg.solve(bend, slope)
        except np.linalg.LinAlgError as error:
            raise NumericalError("A covariate is constant or a copy of another.") from error
        if step @ slope < CONVERGED**2:
            error = np.sqrt(np.diag(np.linalg.inv(bend)))
            return HazardRatios(beta, error, float(value))
        beta = beta + step
    raise NumericalError(
        "The hazard ratio does not converge: a covariate may separate all events from the rest."
    )


def _likelihood(
    time: np.ndarray, happened: np.ndarray, x: np.ndarray, beta: np.ndarray, ties: str
) -> tuple[float, np.ndarray, np.ndarray]:
    """Logarithm of the partial likelihood, its gradient, and minus its curvature."""
    weight = np.exp(x @ beta)
    value, slope = 0.0, np.zeros(len(beta))
    bend = np.zeros((len(beta), len(beta)))
    for t in np.unique(time[happened]):
        risk, now = time >= t, (time == t) & happened
        d = int(now.sum())
        share = np.arange(d) / d if ties == "efron" else np.zeros(d)
        parts = [_moments(x[which], weight[which]) for which in (risk, now)]
        s0, s1, s2 = (
            a - np.multiply.outer(share, b) for a, b in zip(parts[0], parts[1], strict=True)
        )
        mean = s1 / s0[:, None]
        value += float((x[now] @ beta).sum() - np.log(s0).sum())
        slope += x[now].sum(axis=0) - mean.sum(axis=0)
        bend += (s2 / s0[:, None, None]).sum(axis=0) - mean.T @ mean
    return value, slope, bend


def _moments(x: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums of the weight, and of the weight times covariates and their products."""
    return weight.sum(), weight @ x, (x * weight[:, None]).T @ x
