"""The continual reassessment method with two parameters."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from pdcraft.domain import InputError
from pdcraft.trial.blrm_posterior import BivariateNormal, Curve, plug_in, posterior
from pdcraft.trial.crm import ESTIMATORS, nearest
from pdcraft.trial.history import History
from pdcraft.trial.rule import AbstractRule, Advice


@dataclass(frozen=True)
class TwoParameterCRM(AbstractRule):
    r"""`CRM` with the curve of the `BLRM`: to the level nearest to the target.

    .. math:: \mathrm{logit}\,p_j = \ln\alpha + \beta \ln(d_j/d^*), \qquad \alpha, \beta > 0.

    Nothing closes a level: add `OneLevelUp`, `StopWhenTooToxic` and `StopAt`, or take the `BLRM`,
    which controls overdose.

    Attributes
    ----------
    target
        Rate of toxicity that is sought.
    doses, reference_dose
        :math:`d_j`, rising, and :math:`d^*` in the same unit.
    prior
        Of :math:`\ln\alpha` and :math:`\ln\beta`.
    estimator
        One of `ESTIMATORS`: rates at the posterior means of both parameters, or posterior means of
        the rates.

    Raises
    ------
    InputError
        If the target is no probability, doses do not rise, or the estimator is none of these.

    References
    ----------
    oquigley1990; neuenschwander2008, the curve; docs/theory/trial.md, Eq. 13 and 17

    Examples
    --------
    >>> prior = BivariateNormal(2.15, 0.52, sd_log_alpha=0.84, sd_log_beta=0.80)
    >>> rule = TwoParameterCRM(0.30, (10.0, 25.0, 50.0), 250.0, prior, "posterior mean")
    >>> [round(float(p), 2) for p in rule.rates((4, 2, 0), (0, 2, 0))]
    [0.22, 0.41, 0.59]
    """

    target: float
    doses: tuple[float, ...]
    reference_dose: float
    prior: BivariateNormal
    estimator: str
    reads_counts_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 < self.target < 1:
            raise InputError(f"target = {self.target:g} must lie between 0 and 1, as 0.25.")
        rise = all(a < b < math.inf for a, b in itertools.pairwise((0.0, *self.doses)))
        if not self.doses or not rise or not 0 < self.reference_dose < math.inf:
            raise InputError(
                f"doses = {self.doses} must rise from above 0, one for each level, and "
                f"reference_dose = {self.reference_dose:g} be greater than 0."
            )
        if self.estimator not in ESTIMATORS:
            known = "; ".join(f"'{name}': {what}" for name, what in ESTIMATORS.items())
            raise InputError(f"estimator '{self.estimator}' is not known. Known: {known}.")

    @property
    def levels(self) -> int:
        """Number of doses."""
        return len(self.doses)

    def rates(self, n: Sequence[int], dlt: Sequence[int]) -> Float[np.ndarray, "level"]:
        """Estimated rates after counts of patients and toxicities, ``[level]``."""
        if len(n) != self.levels or len(dlt) != self.levels:
            raise InputError(f"n and dlt need one count for each of the {self.levels} doses.")
        curve = Curve(self.doses, self.reference_dose, self.prior, (0.5, 0.75))
        if self.estimator == "plug-in":
            return plug_in(curve, tuple(n), tuple(dlt))
        return posterior(curve, tuple(n), tuple(dlt)).mean

    def advise(self, history: History, advice: Advice) -> Advice:
        """To the level nearest to the target; it is the MTD if the trial ended here."""
        rates, level = self.rates(*history.counts(self.levels)), history.level
        best = nearest(rates[: advice.ceiling].tolist(), self.target)
        reason = (
            f"{history.describe(level)}: the estimated rate at level {best} is "
            f"{rates[best - 1]:.3f}, nearest to {self.target:g}"
        )
        decision = "escalate" if best > level else "de-escalate" if best < level else "stay"
        return replace(advice, mtd=best).go(best, decision, reason)
