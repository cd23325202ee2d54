"""Two stages that watch response and toxicity together."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import binom

from pdcraft.domain import InputError


class Both(NamedTuple):
    """Probability of recommending the treatment, and expected patients."""

    recommends: float
    expected_n: float


@dataclass(frozen=True)
class ResponseAndToxicity:
    r"""Go on, and recommend, only with enough responses and enough patients without toxicity.

    After :math:`n_1` of :math:`n` patients the trial goes on with more than :math:`r_1` responses
    and at least :math:`s_1` without toxicity; it recommends with more than :math:`r` and at least
    :math:`s` at the end. Response and toxicity are independent with odds ratio 1, or depend on each
    other by ``odds_ratio``.

    Attributes
    ----------
    n1, n
        Patients of the first stage, and of both.
    r1, r
        Most responses with which the trial fails.
    t1, t
        Most toxicities with which it goes on; :math:`s = n - t`.

    Raises
    ------
    InputError
        If the numbers do not fit into each other.

    References
    ----------
    bryant1995; docs/theory/trial.md, Eq. 40

    Examples
    --------
    >>> both = ResponseAndToxicity(n1=10, n=29, r1=1, r=5, t1=10, t=29)  # toxicity never stops
    >>> round(both.characteristics(0.1, 0.5).expected_n, 2)  # Simon's optimal design
    15.01
    """

    n1: int
    n: int
    r1: int
    r: int
    t1: int
    t: int

    def __post_init__(self) -> None:
        if not (0 < self.n1 < self.n and -1 <= self.r1 < self.n1 and self.r1 <= self.r < self.n):
            raise InputError(
                f"n1 = {self.n1}, n = {self.n}, r1 = {self.r1}, r = {self.r} do not fit: n1 below "
                "n, and r1 below n1 and not above r."
            )
        if not (0 <= self.t1 <= self.n1 and self.t1 <= self.t <= self.n):
            raise InputError(f"t1 = {self.t1} must be at most n1 and t, t = {self.t} at most n.")

    def characteristics(self, response: float, toxicity: float, odds_ratio: float = 1.0) -> Both:
        """Probabilities at rates of response and toxicity, exactly.

        Raises
        ------
        InputError
            If a rate is no probability or the odds ratio not positive.
        """
        first = _joint(self.n1, response, toxicity, odds_ratio)
        going = first.copy()
        going[: self.r1 + 1], going[:, self.t1 + 1 :] = 0.0, 0.0
        goes_on = going.sum()
        second = _joint(self.n - self.n1, response, toxicity, odds_ratio)
        total = 0.0
        below = second[::-1].cumsum(axis=0)[::-1].cumsum(axis=1)  # at least y, at most x
        for y, x in itertools.product(range(self.n1 + 1), repeat=2):
            need, left = max(self.r + 1 - y, 0), self.t - x
            if going[y, x] and left >= 0 and need <= self.n - self.n1:
                total += going[y, x] * below[need, min(left, self.n - self.n1)]
        return Both(float(total), float(self.n1 + goes_on * (self.n - self.n1)))


def response_and_toxicity(
    *,
    response: tuple[float, float],
    toxicity: tuple[float, float],
    alpha_response: float,
    alpha_toxicity: float,
    beta: float,
    most: int = 60,
) -> ResponseAndToxicity:
    r"""The design that expects fewest patients where response or toxicity is not acceptable.

    Errors are those of independent response and toxicity: :math:`\alpha_R` bounds recommending a
    treatment that responds too seldom but is safe, :math:`\alpha_T` one that is too toxic but
    responds, :math:`\beta` missing one that is good at both. Of designs that keep them the one with
    the smallest larger one of the two expected sizes is taken.

    Parameters
    ----------
    response, toxicity
        Unacceptable and acceptable rates, as ``(0.2, 0.4)`` and ``(0.4, 0.2)``.
    alpha_response, alpha_toxicity, beta
        Errors.
    most
        Largest n that is searched.

    Raises
    ------
    InputError
        If rates or errors cannot be, or no design up to ``most`` keeps the errors.

    References
    ----------
    bryant1995
    """
    (p0, p1), (q0, q1) = response, toxicity
    if not 0 < p0 < p1 < 1 or not 0 < q1 < q0 < 1:
        raise InputError(
            f"response = {response} must rise and toxicity = {toxicity} fall within 0 to 1: first "
            "the unacceptable, then the acceptable rate."
        )
    for name, value in (("alpha_response", alpha_response), ("alpha_toxicity", alpha_toxicity)):
        if not 0 < value < 1 or not 0 < beta < 1:
            raise InputError(f"{name} = {value:g} and beta = {beta:g} must lie between 0 and 1.")
    best, expects = None, np.inf
    for n in range(5, most + 1):
        for n1 in range(2, n):
            if n1 >= expects:
                break
            found = _cheapest(
                n1, n, (p0, p1), (q0, q1), (alpha_response, alpha_toxicity, beta), expects
            )
            if found is not None:
                best, expects = found
    if best is None:
        raise InputError(
            f"No design with up to {most} patients keeps these errors. Allow more patients or "
            "larger errors."
        )
    return best


def _cheapest(
    n1: int,
    n: int,
    response: tuple[float, float],
    toxicity: tuple[float, float],
    errors: tuple[float, float, float],
    expects: float,
) -> tuple[ResponseAndToxicity, float] | None:
    """Cheapest design with these sizes, if it is cheaper.

    With independence the probability of recommending is a product, of response and of toxicity.
    """
    (p0, p1), (q0, q1) = response, toxicity
    good_r = _pass(n1, n, p0), _pass(n1, n, p1)  # [r1 + 1, r]: goes on and recommends
    good_t = _pass(n1, n, 1 - q0), _pass(n1, n, 1 - q1)
    power = 1 - errors[2]
    first = [binom.sf(np.arange(-1, n1), n1, p) for p in (p0, p1, 1 - q0, 1 - q1)]
    chosen = None
    for a, c in itertools.product(range(n1 + 1), repeat=2):
        size = n1 + (n - n1) * max(first[0][a] * first[3][c], first[1][a] * first[2][c])
        if size >= expects or first[1][a] * first[3][c] < power:
            continue
        kept = (
            (np.outer(good_r[1][a], good_t[1][c]) >= power)
            & (np.outer(good_r[0][a], good_t[1][c]) <= errors[0])
            & (np.outer(good_r[1][a], good_t[0][c]) <= errors[1])
        )
        kept[:, n - n1 + c + 1 :] = False  # t below t1 would go on where nothing can be won
        if kept.any():
            r, s = np.unravel_index(np.argmax(kept), kept.shape)
            design = ResponseAndToxicity(n1, n, a - 1, max(int(r) - 1, a - 1), n1 - c, n - int(s))
            chosen, expects = (design, size), size
    return chosen


def _pass(n1: int, n: int, p: float) -> np.ndarray:
    """Probability of at least a of n1, and at least b of n; ``[a, b]``."""
    first = binom.pmf(np.arange(n1 + 1), n1, p)
    need = np.arange(n + 1)[None, :] - np.arange(n1 + 1)[:, None]
    each = first[:, None] * binom.sf(need - 1, n - n1, p)
    return each[::-1].cumsum(axis=0)[::-1]


def _joint(n: int, response: float, toxicity: float, odds_ratio: float) -> np.ndarray:
    """Probability of responses and toxicities among ``n`` patients; ``[responses, toxicities]``."""
    if not 0 <= response <= 1 or not 0 <= toxicity <= 1 or not odds_ratio > 0:
        raise InputError(
            f"response = {response:g} and toxicity = {toxicity:g} must lie between 0 and 1, "
            f"odds_ratio = {odds_ratio:g} above 0."
        )
    both = _both(response, toxicity, odds_ratio)
    cell = np.array([[1 - response - toxicity + both, toxicity - both], [response - both, both]])
    total = np.ones((1, 1))
    for _ in range(n):
        grown = np.zeros((total.shape[0] + 1, total.shape[1] + 1))
        for y, x in itertools.product((0, 1), repeat=2):
            grown[y : y + total.shape[0], x : x + total.shape[1]] += cell[y, x] * total
        total = grown
    return total


def _both(response: float, toxicity: float, odds_ratio: float) -> float:
    """Probability of response and toxicity together, by their odds ratio."""
    if abs(odds_ratio - 1) < 1e-12:
        return response * toxicity
    b = 1 + (response + toxicity) * (odds_ratio - 1)
    root = np.sqrt(b**2 - 4 * odds_ratio * (odds_ratio - 1) * response * toxicity)
    return float((b - root) / (2 * (odds_ratio - 1)))
