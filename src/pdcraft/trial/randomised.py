"""Randomised regimens with efficacy and toxicity: which one is chosen, and what a trial sees."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import bdtr, ndtri

from pdcraft.domain import InputError
from pdcraft.trial.pool import Pool
from pdcraft.trial.utility import Utilities


class Limits(NamedTuple):
    """When a regimen may be chosen.

    Attributes
    ----------
    toxicity, efficacy
        Highest rate of toxicity and lowest rate of efficacy.
    too_toxic, futile
        Posterior probabilities, under uniform priors, of a rate beyond its limit from which on a
        regimen is not chosen.
    """

    toxicity: float
    efficacy: float
    too_toxic: float = 0.95
    futile: float = 0.90


def choose_regimens(
    toxic: Bool[np.ndarray, "patient regimen"],
    effective: Bool[np.ndarray, "patient regimen"],
    *,
    per_arm: int,
    utilities: Utilities,
    limits: Limits,
    pool: Pool,
    trials: int,
) -> Int[np.ndarray, "trial"]:
    r"""Regimen of largest mean utility among those that may be chosen, in simulated trials.

    Every trial randomises ``per_arm`` patients to each regimen, no patient to two. The utility of
    an arm is :math:`\bar u = \sum_k u_k n_k / n`.

    Parameters
    ----------
    toxic, effective
        Of every patient of the pool under every regimen.
    per_arm, utilities, limits
        The trial.
    pool, trials
        Who is in which trial, and how many trials.

    Returns
    -------
    Int[np.ndarray, "trial"]
        1, 2, ...; 0 where none may be chosen.

    Raises
    ------
    InputError
        If a trial needs more patients than the pool gives to one.
    """
    arms = toxic.shape[1]
    if arms * per_arm > pool.per_trial:
        raise InputError(
            f"{arms} arms of {per_arm} patients need {arms * per_arm}; the pool gives "
            f"{pool.per_trial} to a trial."
        )
    worth = (
        utilities.neither * (~toxic & ~effective) + utilities.both * (toxic & effective)
        + utilities.efficacy * (~toxic & effective) + utilities.toxicity * (toxic & ~effective)
    )  # fmt: skip
    chosen = np.zeros(trials, int)
    arm = np.arange(arms)[:, None]
    for t in range(trials):
        who = pool.order(t)[: arms * per_arm].reshape(arms, per_arm)
        admitted = admissible(
            toxic[who, arm].sum(axis=1), effective[who, arm].sum(axis=1), per_arm, limits
        )
        mean = np.where(admitted, worth[who, arm].mean(axis=1), -np.inf)
        chosen[t] = int(mean.argmax()) + 1 if admitted.any() else 0
    return chosen


def admissible(
    dlt: Int[np.ndarray, "arm"], responses: Int[np.ndarray, "arm"], n: int, limits: Limits
) -> Bool[np.ndarray, "arm"]:
    """Whether arms of ``n`` patients with these counts may be chosen.

    Examples
    --------
    >>> admissible(np.array([2, 15]), np.array([8, 8]), 20, Limits(0.35, 0.2)).tolist()
    [True, False]
    """
    too_toxic = bdtr(dlt, n + 1, limits.toxicity)
    futile = 1 - bdtr(responses, n + 1, limits.efficacy)
    return (too_toxic < limits.too_toxic) & (futile < limits.futile)


def patients_per_arm(p: float, q: float, *, alpha: float = 0.05, power: float = 0.80) -> float:
    r"""Patients in each arm that a comparison of two rates needs; ``inf`` if they are equal.

    .. math:: n = \frac{(z_{1-\alpha/2} + z_{power})^2\,[p(1-p)+q(1-q)]}{(p-q)^2}

    References
    ----------
    docs/theory/trial.md, Eq. 37

    Examples
    --------
    >>> math.ceil(patients_per_arm(0.3, 0.5))
    91
    """
    if p == q:
        return math.inf
    z = ndtri(1 - alpha / 2) + ndtri(power)
    return float(z**2 * (p * (1 - p) + q * (1 - q)) / (p - q) ** 2)


def differences_seen(
    reference: Float[np.ndarray, "patient"],
    other: Float[np.ndarray, "patient"],
    *,
    per_arm: int,
    pool: Pool,
    trials: int,
) -> Float[np.ndarray, "trial"]:
    """Differences of means that randomised trials of this size see, other minus reference.

    Patients of the two arms differ, so this is wider than the difference in the same patients.

    Raises
    ------
    InputError
        If a trial needs more patients than the pool gives to one.
    """
    if 2 * per_arm > pool.per_trial:
        raise InputError(
            f"Two arms of {per_arm} patients need {2 * per_arm}; the pool gives {pool.per_trial}."
        )
    seen = np.empty(trials)
    for t in range(trials):
        who = pool.order(t)
        seen[t] = other[who[:per_arm]].mean() - reference[who[per_arm : 2 * per_arm]].mean()
    return seen
