"""The Bayesian logistic regression model with overdose control."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from pdcraft.domain import InputError
from pdcraft.trial.blrm_posterior import BivariateNormal, Curve, Toxicity, posterior
from pdcraft.trial.history import History
from pdcraft.trial.rule import AbstractRule, Advice


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
        curve = Curve(self.doses, self.reference_dose, self.prior, (self.low, self.high))
        return posterior(curve, tuple(n), tuple(dlt))

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
