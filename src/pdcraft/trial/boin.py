"""The Bayesian optimal interval design: boundaries, elimination, choice of the MTD."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import ClassVar, NamedTuple

from scipy.special import bdtr, betainc

from pdcraft.domain import InputError, ValidityWarning
from pdcraft.trial.design import AbstractRule, Advice
from pdcraft.trial.history import History

SAFE_SHARE, TOXIC_SHARE = 0.6, 1.4
"""Part of the design: shares of the target that are too low and too high (boin_r, get.boundary)."""
PSEUDO_DLT, TIE_BREAKER = 0.05, 1e-10
"""Part of the choice of the MTD: prior counts, and what orders equal estimates (boin_r)."""
CHECKED_TARGETS = (0.05, 0.6)
"""Targets that get.boundary of the R package BOIN accepts."""


class Row(NamedTuple):
    """One column of a protocol's decision table: what so many toxicities in ``n`` patients mean."""

    n: int
    escalate_if_at_most: int
    deescalate_if_at_least: int
    eliminate_if_at_least: int | None


@dataclass(frozen=True)
class BOIN(AbstractRule):
    r"""Up, stay or down by the observed rate of toxicity at the last level.

    With :math:`\hat p = y/n`, up if :math:`\hat p \le \lambda_e`, down if :math:`\hat p >
    \lambda_d`,

    .. math::
        \lambda_e = \frac{\ln\frac{1-\phi_1}{1-\phi}}{\ln\frac{\phi(1-\phi_1)}{\phi_1(1-\phi)}},
        \qquad
        \lambda_d = \frac{\ln\frac{1-\phi}{1-\phi_2}}{\ln\frac{\phi_2(1-\phi)}{\phi(1-\phi_2)}}.

    A level with :math:`\Pr(p > \phi \mid y, n) >` ``eliminate_above`` under a uniform prior is
    closed with all above it. The rule never ends a trial by size: add `StopAt`.

    Attributes
    ----------
    target
        :math:`\phi`, the rate of toxicity that is sought.
    p_safe, p_toxic
        :math:`\phi_1, \phi_2`; None means 0.6 and 1.4 times the target.
    eliminate_above
        Probability above which a level is closed.
    least_n
        Patients without whom no level is closed.
    bound_mtd
        Whether the MTD's estimated rate must not exceed :math:`\lambda_d` (the option
        ``boundMTD`` of the R package).

    Raises
    ------
    InputError
        Unless 0 < p_safe < target < p_toxic < 1 and 0 < eliminate_above < 1.

    Notes
    -----
    Validity: a target outside 0.05 to 0.6 gives a `ValidityWarning`. As in BOIN 2.7.2, a rate
    equal to :math:`\lambda_d` stays.

    References
    ----------
    liu2015, locally optimal boundaries and dose elimination, with the defaults of boin_r,
    get.boundary; docs/theory/trial.md, Eq. 2-4

    Examples
    --------
    >>> rule = BOIN(0.30)
    >>> round(rule.lambda_e, 4), round(rule.lambda_d, 4)
    (0.2365, 0.3585)
    """

    target: float
    p_safe: float | None = None
    p_toxic: float | None = None
    eliminate_above: float = 0.95
    least_n: int = 3
    bound_mtd: bool = False
    reads_counts_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 < self.target < 1:
            raise InputError(
                f"target = {self.target:g} must lie between 0 and 1: the rate of dose-limiting "
                "toxicity that is sought, as 0.25."
            )
        low, high = self.rates
        if not 0 < low < self.target < high < 1:
            raise InputError(
                f"p_safe = {low:g}, target = {self.target:g}, p_toxic = {high:g} must rise within "
                "0 to 1. Give p_safe and p_toxic on both sides of the target."
            )
        if not 0 < self.eliminate_above < 1:
            raise InputError(
                f"eliminate_above = {self.eliminate_above:g} must lie between 0 and 1, as 0.95."
            )
        if not CHECKED_TARGETS[0] <= self.target <= CHECKED_TARGETS[1]:
            warnings.warn(
                f"target = {self.target:g} is outside {CHECKED_TARGETS[0]:g} to "
                f"{CHECKED_TARGETS[1]:g}, where BOIN was studied.",
                ValidityWarning,
                stacklevel=3,
            )

    @property
    def rates(self) -> tuple[float, float]:
        """Rates called too low and too high, ``p_safe`` and ``p_toxic``, with their defaults."""
        low = SAFE_SHARE * self.target if self.p_safe is None else self.p_safe
        high = TOXIC_SHARE * self.target if self.p_toxic is None else self.p_toxic
        return low, high

    @cached_property
    def lambda_e(self) -> float:
        """Boundary of escalation."""
        return _boundary(self.rates[0], self.target)

    @cached_property
    def lambda_d(self) -> float:
        """Boundary of de-escalation."""
        return _boundary(self.target, self.rates[1])

    def eliminate_at(self, n: int) -> int | None:
        """Fewest toxicities in ``n`` patients that close a level; None if none do."""
        if n < self.least_n:
            return None
        return _fewest_toxic(self.target, n, self.eliminate_above)

    def decision_table(self, most: int) -> tuple[Row, ...]:
        """The table for a protocol: toxicities that change the level, for 1 to ``most`` patients.

        Examples
        --------
        >>> BOIN(0.30).decision_table(6)[5]
        Row(n=6, escalate_if_at_most=1, deescalate_if_at_least=3, eliminate_if_at_least=4)
        """
        rows = []
        for n in range(1, most + 1):
            closed = self.eliminate_at(n)
            down = math.floor(self.lambda_d * n) + 1
            down = down if closed is None else min(down, closed)
            rows.append(Row(n, math.floor(self.lambda_e * n), down, closed))
        return tuple(rows)

    def advise(self, history: History, advice: Advice) -> Advice:
        """Decision by the counts at the last level; ``mtd`` is the choice if it ended here."""
        level, seen = history.level, history.describe(history.level)
        closed = self._lowest_closed(history)
        if closed == 1:
            return advice.stop(f"{self._why_closed(history, 1)}; no level is left", mtd=None)
        top = history.highest if closed is None else closed - 1
        ceiling = advice.ceiling if closed is None else min(advice.ceiling, top)
        advice = replace(advice, ceiling=ceiling, mtd=self._choose(history, top))
        if level > ceiling:
            seen = seen if closed is None else self._why_closed(history, closed)
            return advice.go(ceiling, "de-escalate", f"{seen}: down to level {ceiling}")
        rate = history.dlt(level) / history.n(level)
        if rate <= self.lambda_e:
            if level == ceiling:
                return advice.go(level, "stay", f"{seen}: stay, no higher level is open")
            reason = f"{seen}, a rate of at most {self.lambda_e:.3f}: up to level {level + 1}"
            return advice.go(level + 1, "escalate", reason)
        if rate > self.lambda_d:
            if level == 1:
                return advice.go(level, "stay", f"{seen}: stay, there is no lower level")
            reason = f"{seen}, a rate above {self.lambda_d:.3f}: down to level {level - 1}"
            return advice.go(level - 1, "de-escalate", reason)
        interval = f"between {self.lambda_e:.3f} and {self.lambda_d:.3f}"
        return advice.go(level, "stay", f"{seen}, a rate {interval}: stay")

    def select_mtd(self, history: History | str) -> int | None:
        r"""Level whose isotonic estimate is closest to the target; None if level 1 is closed.

        Of equal estimates below the target the highest level is taken, above it the lowest.

        References
        ----------
        boin_r, select.mtd; docs/theory/trial.md, Eq. 5

        Examples
        --------
        >>> seen = History.of_counts((3, 3, 15, 9), (0, 0, 4, 4), level=3)
        >>> BOIN(0.30).select_mtd(seen)
        3
        """
        if isinstance(history, str):
            history = History.read(history)
        closed = self._lowest_closed(history)
        return self._choose(history, history.highest if closed is None else closed - 1)

    def _choose(self, history: History, top: int) -> int | None:
        """The MTD among levels up to ``top``."""
        levels = [j for j in range(1, top + 1) if history.n(j)]
        n, dlt = [history.n(j) for j in levels], [history.dlt(j) for j in levels]
        rates = [p + TIE_BREAKER * k for k, p in enumerate(estimated_rates(n, dlt), start=1)]
        if self.bound_mtd:
            rates = [p for p in rates if p <= self.lambda_d]
        if not rates:
            return None
        distance = [abs(p - self.target) for p in rates]
        return levels[distance.index(min(distance))]

    def _lowest_closed(self, history: History) -> int | None:
        for level in range(1, history.highest + 1):
            fewest = self.eliminate_at(history.n(level))
            if fewest is not None and history.dlt(level) >= fewest:
                return level
        return None

    def _why_closed(self, history: History, level: int) -> str:
        n, dlt = history.n(level), history.dlt(level)
        probability = toxic_probability(self.target, n, dlt)
        return (
            f"{history.describe(level)}: its rate is above {self.target:g} with probability "
            f"{probability:.3f} > {self.eliminate_above:g}, so level {level} and higher are closed"
        )


def toxic_probability(target: float, n: int, dlt: int) -> float:
    r"""Posterior probability that a level's rate exceeds the target, under a uniform prior.

    .. math:: \Pr(p > \phi \mid y, n) = \sum_{k=0}^{y} \binom{n+1}{k}\phi^k(1-\phi)^{n+1-k}

    References
    ----------
    liu2015, dose elimination; docs/theory/trial.md, Eq. 4

    Examples
    --------
    >>> round(toxic_probability(0.30, 3, 2), 4)
    0.9163
    """
    return float(bdtr(dlt, n + 1, target))


def estimated_rates(n: Sequence[int], dlt: Sequence[int]) -> list[float]:
    r"""Isotonic estimates of the rates at rising levels, all with patients; ``[level]``.

    Raw estimates :math:`(y+0.05)/(n+0.1)` are pooled with weights of one over their posterior
    variance until they rise.

    References
    ----------
    boin_r, select.mtd; docs/theory/trial.md, Eq. 5

    Examples
    --------
    >>> [round(p, 2) for p in estimated_rates([3, 3, 15, 9], [0, 0, 4, 4])]
    [0.02, 0.02, 0.27, 0.45]
    """
    a = [y + PSEUDO_DLT for y in dlt]
    b = [m - y + PSEUDO_DLT for m, y in zip(n, dlt, strict=True)]
    weights = [(p + q) ** 2 * (p + q + 1) / (p * q) for p, q in zip(a, b, strict=True)]
    return _isotonic([p / (p + q) for p, q in zip(a, b, strict=True)], weights)


def overdose_probabilities(target: float, n: Sequence[int], dlt: Sequence[int]) -> list[float]:
    """Posterior probabilities that rates exceed the target, made to rise with level; ``[level]``.

    Under the prior of `estimated_rates`, unlike the elimination rule, and pooled without weights.

    References
    ----------
    boin_r, select.mtd

    Examples
    --------
    >>> [round(p, 2) for p in overdose_probabilities(0.3, [3, 3, 15, 9], [0, 0, 4, 4])]
    [0.01, 0.01, 0.36, 0.81]
    """
    above = [
        1 - float(betainc(y + PSEUDO_DLT, m - y + PSEUDO_DLT, target))
        for m, y in zip(n, dlt, strict=True)
    ]
    return _isotonic(above, [1.0] * len(above))


def _boundary(low: float, high: float) -> float:
    """Observed rate at which two rates are equally likely."""
    return math.log((1 - low) / (1 - high)) / math.log(high * (1 - low) / (low * (1 - high)))


def _isotonic(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Closest rising sequence in weighted least squares (pool adjacent violators)."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        block = (value, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            v, w, m = blocks.pop()
            total = w + block[1]
            block = ((v * w + block[0] * block[1]) / total, total, m + block[2])
        blocks.append(block)
    return [value for value, _, count in blocks for _ in range(count)]


@lru_cache(maxsize=1024)
def _fewest_toxic(target: float, n: int, probability: float) -> int | None:
    """Fewest toxicities after which the rate exceeds the target with more than ``probability``."""
    found = (y for y in range(n + 1) if toxic_probability(target, n, y) > probability)
    return next(found, None)
