"""The Bayesian optimal interval design: its boundaries."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from functools import cached_property

from pdcraft.domain import InputError, ValidityWarning
from pdcraft.trial.model_assisted import AbstractModelAssisted, check_elimination
from pdcraft.trial.tabulated import Verdict

SAFE_SHARE, TOXIC_SHARE = 0.6, 1.4
"""Part of the design: shares of the target that are too low and too high (boin_r, get.boundary)."""
CHECKED_TARGETS = (0.05, 0.6)
"""Targets that get.boundary of the R package BOIN accepts."""


@dataclass(frozen=True)
class BOIN(AbstractModelAssisted):
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
    stay_on_1_of_3
        Whether one toxicity in three patients stays whatever :math:`\lambda_d`, as is common
        practice for targets of 0.25 to 0.28.

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
    stay_on_1_of_3: bool = False

    def __post_init__(self) -> None:
        check_elimination(self.target, self.eliminate_above, self.least_n)
        low, high = self.rates
        if not 0 < low < self.target < high < 1:
            raise InputError(
                f"p_safe = {low:g}, target = {self.target:g}, p_toxic = {high:g} must rise within "
                "0 to 1. Give p_safe and p_toxic on both sides of the target."
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

    @property
    def mtd_bound(self) -> float | None:
        """Highest estimated rate of the MTD: ``lambda_d`` if ``bound_mtd``."""
        return self.lambda_d if self.bound_mtd else None

    def verdict(self, n: int, dlt: int) -> Verdict:
        """Decision by the observed rate."""
        found = self.judge(dlt / n)
        if self.stay_on_1_of_3 and (n, dlt) == (3, 1) and found.decision == "de-escalate":
            return Verdict("stay", "1 of 3, which stays by the design")
        return found

    def judge(self, rate: float) -> Verdict:
        """Decision by a rate of toxicity."""
        if rate <= self.lambda_e:
            return Verdict("escalate", f"a rate of at most {self.lambda_e:.3f}")
        if rate > self.lambda_d:
            return Verdict("de-escalate", f"a rate above {self.lambda_d:.3f}")
        return Verdict("stay", f"a rate between {self.lambda_e:.3f} and {self.lambda_d:.3f}")


def _boundary(low: float, high: float) -> float:
    """Observed rate at which two rates are equally likely."""
    return math.log((1 - low) / (1 - high)) / math.log(high * (1 - low) / (low * (1 - high)))
