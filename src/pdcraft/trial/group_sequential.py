"""Group sequential boundaries of a one-sided test: O'Brien-Fleming, Pocock, error spending."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.optimize import root_scalar
from scipy.special import log_ndtr, ndtr, roots_legendre

from pdcraft.domain import InputError, NumericalError
from pdcraft.trial.spending import AbstractSpending

NODES, LOWEST = 96, -9.0
"""Gauss's nodes for each look, and the statistic below which no probability is left."""


@dataclass(frozen=True)
class GroupSequential:
    r"""Reject as soon as :math:`Z_k \ge c_k`; large :math:`Z` speaks for the new treatment.

    :math:`Z_k` has mean :math:`\theta\sqrt{I_k/I_K}` and increments of :math:`Z_k\sqrt{I_k}` are
    independent; :math:`\theta` is the mean at the end.

    Attributes
    ----------
    information
        :math:`I_k`, rising: events, patients, or shares of them.
    critical
        :math:`c_k`.

    Raises
    ------
    InputError
        If information does not rise or there is not one critical value for each look.

    References
    ----------
    armitage1969, recursion; docs/theory/trial.md, Eq. 25

    Examples
    --------
    >>> design = obrien_fleming(3, alpha=0.025)
    >>> [round(c, 4) for c in design.critical]
    [3.4711, 2.4544, 2.004]
    >>> [round(float(p), 5) for p in design.rejects(0.0)]
    [0.00026, 0.0069, 0.01784]
    """

    information: tuple[float, ...]
    critical: tuple[float, ...]

    def __post_init__(self) -> None:
        _check_information(self.information)
        if len(self.critical) != len(self.information):
            raise InputError(
                f"{len(self.critical)} critical values are given for {len(self.information)} "
                "looks. Give one for each."
            )

    def rejects(self, drift: float) -> Float[np.ndarray, "look"]:
        """Probability that the test rejects at each look and not before; ``drift`` 0: no effect."""
        found, state = [], None
        for k, c in enumerate(self.critical):
            p, state = _look(self.information, k, c, drift, state)
            found.append(p)
        return np.array(found)

    def expected_information(self, drift: float) -> float:
        """Expected information at the end of the trial."""
        first = self.rejects(drift)[:-1]
        kept = 1 - first.sum()
        return float(first @ np.array(self.information[:-1]) + kept * self.information[-1])


def obrien_fleming(looks: int, *, alpha: float) -> GroupSequential:
    r"""Critical values :math:`c_k = C\sqrt{K/k}` at equal steps of information.

    References
    ----------
    obrien1979
    """
    return _scaled(tuple(math.sqrt(looks / k) for k in range(1, looks + 1)), alpha)


def pocock(looks: int, *, alpha: float) -> GroupSequential:
    """Equal critical values at equal steps of information.

    References
    ----------
    pocock1977

    Examples
    --------
    >>> round(pocock(2, alpha=0.025).critical[0], 4)
    2.1783
    """
    return _scaled((1.0,) * looks, alpha)


def error_spending(
    information: tuple[float, ...], *, alpha: float, spending: AbstractSpending
) -> GroupSequential:
    """Critical values that spend the error as the information comes, at looks of any distance.

    Raises
    ------
    InputError
        If information does not rise or alpha is no probability.

    Examples
    --------
    >>> from pdcraft.trial import OBrienFlemingLike
    >>> design = error_spending((0.5, 0.75, 1.0), alpha=0.025, spending=OBrienFlemingLike())
    >>> [round(c, 4) for c in design.critical]
    [2.9626, 2.359, 2.0141]
    """
    _check_alpha(alpha)
    _check_information(information)
    critical, state, before = [], None, 0.0
    for k, i in enumerate(information):
        spent = spending.spent(i / information[-1], alpha)

        def excess(
            c: float, k: int = k, state: _State = state, wanted: float = spent - before
        ) -> float:
            return _look(information, k, c, 0.0, state)[0] - wanted

        c = _root(excess)
        critical.append(c)
        state, before = _look(information, k, c, 0.0, state)[1], spent
    return GroupSequential(tuple(information), tuple(critical))


_State = tuple[np.ndarray, np.ndarray] | None
"""Nodes of the statistic where the trial goes on, and the probability at each."""


def _look(
    information: tuple[float, ...], k: int, c: float, drift: float, state: _State
) -> tuple[float, _State]:
    """Probability of rejecting at look k, and the state after it."""
    mean = drift * math.sqrt(information[k] / information[-1])
    at, share = _gauss(NODES)
    low = min(LOWEST + mean, c)
    z = low + (c - low) * (at + 1) / 2
    weight = share * (c - low) / 2
    if state is None:
        density = np.exp(-((z - mean) ** 2) / 2) / math.sqrt(2 * math.pi)
        return float(ndtr(mean - c)), (z, weight * density)
    last, probability = state
    step = information[k] - information[k - 1]
    shift = drift * step / math.sqrt(information[-1])
    root, root_last = math.sqrt(information[k]), math.sqrt(information[k - 1])

    def increment(to: np.ndarray | float) -> np.ndarray:
        return (np.asarray(to) * root - last * root_last - shift) / math.sqrt(step)

    rejected = float(probability @ np.exp(log_ndtr(-increment(c))))
    x = increment(z[:, None])
    kernel = np.exp(-(x**2) / 2) * (root / math.sqrt(2 * math.pi * step))
    return rejected, (z, weight * (kernel @ probability))


def _scaled(shape: tuple[float, ...], alpha: float) -> GroupSequential:
    """Critical values of a shape, scaled to the error."""
    _check_alpha(alpha)
    if not shape:
        raise InputError("looks must be at least 1.")
    information = tuple(k / len(shape) for k in range(1, len(shape) + 1))

    def excess(scale: float) -> float:
        design = GroupSequential(information, tuple(scale * s for s in shape))
        return float(design.rejects(0.0).sum()) - alpha

    scale = _root(excess)
    return GroupSequential(information, tuple(scale * s for s in shape))


def _root(excess: Callable[[float], float]) -> float:
    """Critical value at which no more and no less than wanted is spent."""
    if not excess(0.0) > 0 > excess(8.5):
        raise NumericalError("No critical value between 0 and 8.5 keeps the error.")
    return float(root_scalar(excess, bracket=(0.0, 8.5), xtol=1e-12, rtol=1e-14).root)


@lru_cache(maxsize=4)
def _gauss(number: int) -> tuple[np.ndarray, np.ndarray]:
    return roots_legendre(number)


def _check_alpha(alpha: float) -> None:
    if not 0 < alpha < 0.5:
        raise InputError(f"alpha = {alpha:g}, one-sided, must lie between 0 and 0.5, as 0.025.")


def _check_information(information: tuple[float, ...]) -> None:
    if not information or any(not a < b for a, b in itertools.pairwise((0.0, *information))):
        raise InputError(f"information = {information} must rise from above 0, as (0.5, 1.0).")
