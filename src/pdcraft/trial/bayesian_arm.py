"""One arm watched patient by patient: stop by the posterior or the predictive probability."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import betainc, betaln, gammaln

from pdcraft.domain import InputError
from pdcraft.trial.single_arm import SingleArm, SingleArmCharacteristics


@dataclass(frozen=True)
class BayesianArm:
    r"""Looks at the responses after every patient, or after those of ``looks``.

    With :math:`p \sim \mathrm{Beta}(a, b)` the trial succeeds at the end if
    :math:`\Pr(p > p_0 \mid y, N) \ge \theta_T`. Before, it ends by what that probability is now
    (``by = "posterior"``: futile below :math:`\theta_L`, a success from :math:`\theta_U` on), or by
    the predictive probability of success at the end,

    .. math::
        PP = \sum_{x=0}^{N-n} \mathrm{BetaBin}(x;\ N-n, a+y, b+n-y)\,
        1\big[\Pr(p > p_0 \mid y + x, N) \ge \theta_T\big].

    Attributes
    ----------
    p0
        Rate that is not interesting.
    looks
        Patients at each look; the last is N.
    prior
        :math:`a, b`.
    success_at_end
        :math:`\theta_T`.
    futile_below, success_from
        :math:`\theta_L, \theta_U`; a success_from above 1 never ends a trial early.
    by
        ``"posterior"`` or ``"predictive"``.

    Raises
    ------
    InputError
        Unless 0 < p0 < 1, the prior is positive, looks rise and the thresholds do.

    References
    ----------
    thall1994, posterior; lee2008, predictive; docs/theory/trial.md, Eq. 39

    Examples
    --------
    >>> arm = BayesianArm(0.3, tuple(range(1, 41)), prior=(0.6, 1.4), success_at_end=0.85,
    ...                   futile_below=0.05, by="predictive")
    >>> [arm.boundaries.looks[arm.boundaries.futile_at_most.index(y)] for y in range(4)]
    [4, 8, 11, 14]
    """

    p0: float
    looks: tuple[int, ...]
    prior: tuple[float, float]
    success_at_end: float
    futile_below: float
    success_from: float = 2.0
    by: str = "posterior"

    def __post_init__(self) -> None:
        if not 0 < self.p0 < 1 or not 0 < self.success_at_end < 1:
            raise InputError(
                f"p0 = {self.p0:g} and success_at_end = {self.success_at_end:g} must lie between 0 "
                "and 1."
            )
        if min(self.prior) <= 0:
            raise InputError(f"prior = {self.prior} must be two positive numbers, as (0.5, 0.5).")
        if not 0 <= self.futile_below < self.success_from:
            raise InputError(
                f"futile_below = {self.futile_below:g} must be at least 0 and below success_from = "
                f"{self.success_from:g}."
            )
        if self.by not in ("posterior", "predictive"):
            raise InputError(f"by = '{self.by}' must be 'posterior' or 'predictive'.")
        if not self.looks or self.looks[0] < 1:
            raise InputError(f"looks = {self.looks} must rise from at least 1, as (10, 20, 40).")

    def posterior(self, n: int, responses: int | np.ndarray) -> np.ndarray:
        """Probability that the rate exceeds p0 after responses among ``n`` patients."""
        a, b = self.prior
        y = np.asarray(responses, float)
        return 1 - betainc(a + y, b + n - y, self.p0)

    def predictive(self, n: int, responses: int) -> float:
        """Probability of success at the end after responses among ``n`` patients."""
        a, b, left = self.prior[0] + responses, self.prior[1] + n - responses, self.looks[-1] - n
        x = np.arange(left + 1)
        log = gammaln(left + 1) - gammaln(x + 1) - gammaln(left - x + 1)
        log = log + betaln(a + x, b + left - x) - betaln(a, b)
        good = self.posterior(self.looks[-1], responses + x) >= self.success_at_end
        return float(np.exp(log) @ good)

    @cached_property
    def boundaries(self) -> SingleArm:
        """Responses that end the trial at each look."""
        futile, success = [], []
        for n in self.looks[:-1]:
            y = np.arange(n + 1)
            told = (
                self.posterior(n, y) if self.by == "posterior"
                else np.array([self.predictive(n, int(k)) for k in y])
            )  # fmt: skip
            futile.append(int((told < self.futile_below).sum()) - 1)
            success.append(int((told < self.success_from).sum()))
        n = self.looks[-1]
        fails = int((self.posterior(n, np.arange(n + 1)) < self.success_at_end).sum()) - 1
        return SingleArm(self.looks, (*futile, fails), (*success, fails + 1))

    def characteristics(self, p: float) -> SingleArmCharacteristics:
        """Probabilities and expected patients at a rate of response."""
        return self.boundaries.characteristics(p)
