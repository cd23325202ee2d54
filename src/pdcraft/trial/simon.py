"""Simon's two-stage designs: optimal, minimax and admissible, by exact search."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.stats import binom

from pdcraft.domain import InputError


@dataclass(frozen=True)
class TwoStage:
    r"""Stop with at most :math:`r_1` of :math:`n_1` responses; succeed with more than r of n.

    .. math::
        \mathrm{PET}(p) = B(r_1; n_1, p), \qquad
        \mathrm{E}[N] = n_1 + (1 - \mathrm{PET})(n - n_1), \\
        R(p) = \sum_{x > r_1} b(x; n_1, p)\,[1 - B(r - x; n - n_1, p)].

    Attributes
    ----------
    r1, n1
        Responses with which the trial stops early, and patients of the first stage.
    r, n
        Responses with which it fails at the end, and all patients.

    Raises
    ------
    InputError
        Unless 0 <= r1 < n1 < n and r1 <= r < n.

    References
    ----------
    simon1989; docs/theory/trial.md, Eq. 22

    Examples
    --------
    >>> design = TwoStage(r1=1, n1=10, r=5, n=29)
    >>> round(design.early_stop(0.1), 4), round(design.expected_n(0.1), 2)
    (0.7361, 15.01)
    >>> design.advise(10, 1)
    'stop: 1 of 10 responded, more than 1 are needed to go on'
    """

    r1: int
    n1: int
    r: int
    n: int

    def __post_init__(self) -> None:
        if not (0 <= self.r1 < self.n1 < self.n and self.r1 <= self.r < self.n):
            raise InputError(
                f"r1/n1 = {self.r1}/{self.n1}, r/n = {self.r}/{self.n} must have 0 <= r1 < n1 < n "
                "and r1 <= r < n."
            )

    def early_stop(self, p: float) -> float:
        """Probability of stopping after the first stage, at a rate of response."""
        return float(binom.cdf(self.r1, self.n1, p))

    def expected_n(self, p: float) -> float:
        """Expected number of patients, at a rate of response."""
        return self.n1 + (1 - self.early_stop(p)) * (self.n - self.n1)

    def succeeds(self, p: float) -> float:
        """Probability of more than ``r`` responses: type I error at p0, power at p1."""
        x = np.arange(self.r1 + 1, self.n1 + 1)
        rest = binom.sf(self.r - x, self.n - self.n1, p)
        return float(binom.pmf(x, self.n1, p) @ rest)

    def advise(self, n: int, responses: int) -> str:
        """What to do after ``n`` patients of whom some responded, and why.

        Raises
        ------
        InputError
            If the counts cannot be.
        """
        if not 0 <= responses <= n <= self.n:
            raise InputError(f"{responses} responses of {n} patients do not fit into {self.n}.")
        seen = f"{responses} of {n} responded"
        if responses > self.r:
            return f"success: {seen}, more than {self.r} of {self.n} were needed"
        if n < self.n1:
            return f"go on: {seen}, the first stage has {self.n1} patients"
        if n == self.n1 and responses <= self.r1:
            return f"stop: {seen}, more than {self.r1} are needed to go on"
        if n < self.n:
            return f"go on: {seen}, {self.n} patients in all"
        return f"failure: {seen}, more than {self.r} were needed"


class SimonDesigns(NamedTuple):
    """Designs that keep both errors.

    Attributes
    ----------
    optimal
        Smallest expected number of patients at p0.
    minimax
        Smallest number of patients, and of these the smallest expected one.
    admissible
        Those that are best for some weighing of both numbers, from minimax to optimal.
    """

    optimal: TwoStage
    minimax: TwoStage
    admissible: tuple[TwoStage, ...]


def simon_designs(
    p0: float, p1: float, *, alpha: float, beta: float, most: int = 100
) -> SimonDesigns:
    """All of Simon's designs for a rate that is too low and one that is wanted.

    Parameters
    ----------
    p0, p1
        Rates of response: uninteresting, and wanted.
    alpha, beta
        Highest probability of success at p0, and of failure at p1.
    most
        Patients up to which designs are looked for.

    Raises
    ------
    InputError
        Unless 0 < p0 < p1 < 1 and both errors lie between 0 and 1, or if no design keeps them
        with so many patients.

    References
    ----------
    simon1989; jung2004, admissible designs; docs/theory/trial.md, Eq. 22-23

    Examples
    --------
    >>> simon_designs(0.1, 0.3, alpha=0.05, beta=0.2).optimal
    TwoStage(r1=1, n1=10, r=5, n=29)
    """
    if not 0 < p0 < p1 < 1:
        raise InputError(f"p0 = {p0:g} and p1 = {p1:g} must rise within 0 to 1.")
    for name, value in (("alpha", alpha), ("beta", beta)):
        if not 0 < value < 1:
            raise InputError(f"{name} = {value:g} must lie between 0 and 1.")
    best = list(_best_of_each_size(p0, p1, alpha, beta, most))
    if not best:
        raise InputError(
            f"No two-stage design of at most {most} patients keeps alpha = {alpha:g} and beta = "
            f"{beta:g} for {p0:g} against {p1:g}. Raise most, or an error."
        )
    optimal = min(best, key=lambda found: found[0])
    hull = [best[0]]
    while hull[-1] is not optimal:
        rest = [f for f in best if f[1].n > hull[-1][1].n and f[1].n <= optimal[1].n]
        hull.append(min(rest, key=lambda f: _slope(hull[-1], f)))
    return SimonDesigns(optimal[1], best[0][1], tuple(design for _, design in hull))


def _slope(a: tuple[float, TwoStage], b: tuple[float, TwoStage]) -> float:
    """Change of the expected number per patient more."""
    return (b[0] - a[0]) / (b[1].n - a[1].n)


def _best_of_each_size(
    p0: float, p1: float, alpha: float, beta: float, most: int
) -> Iterator[tuple[float, TwoStage]]:
    """For each number of patients with a design: the smallest expected number and its design."""
    size, tables = np.arange(most + 1), []
    for p in (p0, p1):
        pmf = binom.pmf(size[None, :], size[:, None], p)
        tables.append((pmf, np.cumsum(pmf, axis=1)))
    (pmf0, cdf0), (pmf1, cdf1) = tables
    for n in range(2, most + 1):
        n1 = np.arange(1, n)
        allowed = cdf1[1:n, :n] <= beta  # r1 with more would lose more than beta at p1
        if not allowed.any():
            continue
        expected = n1[:, None] + (1 - cdf0[1:n, :n]) * (n - n1)[:, None]
        smallest_r = np.full(allowed.shape, -1)
        for r in range(int((1 - cdf1[n] >= 1 - beta).sum()) - 1, -1, -1):
            kept = (_succeeds(pmf0, cdf0, n, r) <= alpha) & allowed[:, : r + 1]
            if not kept.any():
                break
            kept &= _succeeds(pmf1, cdf1, n, r) >= 1 - beta
            smallest_r[:, : r + 1][kept] = r
        expected = np.where(smallest_r >= 0, expected, np.inf)
        i, r1 = np.unravel_index(np.argmin(expected), expected.shape)
        if expected[i, r1] < np.inf:
            found = TwoStage(int(r1), int(n1[i]), int(smallest_r[i, r1]), n)
            yield float(expected[i, r1]), found


def _succeeds(pmf: np.ndarray, cdf: np.ndarray, n: int, r: int) -> Float[np.ndarray, "n1 r1"]:
    """Probability of success for every first stage, n1 from 1 to n - 1, and every r1 up to r."""
    x, n1 = np.arange(r + 1), np.arange(1, n)[:, None]
    at = pmf[1:n, : r + 1] * (1 - cdf[n - n1, r - x])
    reached = np.cumsum(at[:, ::-1], axis=1)[:, ::-1]
    reached = np.append(reached[:, 1:], np.zeros((n - 1, 1)), axis=1)
    return reached + (1 - cdf[1:n, r, None])
