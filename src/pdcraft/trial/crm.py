"""The continual reassessment method with one parameter."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import ClassVar

import numpy as np

from pdcraft.domain import InputError, ValidityWarning
from pdcraft.trial.counts import Counts, Moves
from pdcraft.trial.history import History
from pdcraft.trial.rule import AbstractRule, Advice
from pdcraft.trial.skeleton import check_skeleton
from pdcraft.trial.working_model import (
    MOST_PATIENTS,
    AbstractWorkingModel,
    Empiric,
    Posterior,
    nodes,
)

ESTIMATORS = {
    "plug-in": "rates at the posterior mean of the parameter",
    "posterior mean": "posterior means of the rates",
}
PRIOR_SD = 1.34**0.5
"""Part of the design: the prior standard deviation of the parameter (dfcrm, scale)."""


@dataclass(frozen=True)
class CRM(AbstractRule):
    r"""To the level whose estimated rate of toxicity is nearest to the target.

    With the working model :math:`p_j(\beta)` and :math:`\beta \sim N(0, \sigma^2)`,

    .. math::
        f(\beta \mid y) \propto e^{-\beta^2/2\sigma^2}
        \prod_j p_j(\beta)^{y_j}\,[1-p_j(\beta)]^{n_j-y_j}.

    Alone it may skip levels and go up after toxicity; `OneLevelUp` and `Coherent` forbid both. It
    closes no level and does not end the trial: add `StopWhenTooToxic` and `StopAt`.

    Attributes
    ----------
    target
        Rate of toxicity that is sought.
    skeleton
        Prior rates, one for each level; `skeleton` makes one.
    estimator
        One of `ESTIMATORS`. The two recommend different levels at times, so it has no default.
    model
        `Empiric` or `FixedIntercept`.
    prior_sd
        :math:`\sigma`.

    Raises
    ------
    InputError
        If the target is no probability, the skeleton does not rise, the estimator is none of
        these, the prior has no width, or the skeleton is not as long as the design has levels.

    Notes
    -----
    Validity: with more than 200 patients a `ValidityWarning` says that the posterior is as narrow
    as the distance of nodes; below, integration is exact to 1e-8.

    References
    ----------
    oquigley1990; dfcrm, crm; docs/theory/trial.md, Eq. 10-13

    Examples
    --------
    >>> rule = CRM(0.20, (0.05, 0.10, 0.20, 0.35, 0.50, 0.70), estimator="plug-in")
    >>> [round(float(p), 3) for p in rule.posterior((0, 3, 4, 3, 0, 0), (0, 0, 2, 1, 0, 0)).plug_in]
    [0.1, 0.17, 0.29, 0.446, 0.586, 0.76]
    """

    target: float
    skeleton: tuple[float, ...]
    estimator: str = field(kw_only=True)
    model: AbstractWorkingModel = field(default=Empiric(), kw_only=True)
    prior_sd: float = field(default=PRIOR_SD, kw_only=True)
    reads_counts_only: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 < self.target < 1:
            raise InputError(
                f"target = {self.target:g} must lie between 0 and 1: the rate of dose-limiting "
                "toxicity that is sought, as 0.25."
            )
        check_skeleton(self.skeleton)
        if self.estimator not in ESTIMATORS:
            known = "; ".join(f"'{name}': {what}" for name, what in ESTIMATORS.items())
            raise InputError(f"estimator '{self.estimator}' is not known. Known: {known}.")
        if not 0 < self.prior_sd < np.inf:
            raise InputError(f"prior_sd = {self.prior_sd:g} must be greater than 0, as 1.16.")
        for rate in self.skeleton:
            self.model.scaled(rate)

    @property
    def levels(self) -> int:
        """Levels of the skeleton."""
        return len(self.skeleton)

    def posterior(
        self, n: Sequence[int] | np.ndarray, dlt: Sequence[int] | np.ndarray
    ) -> Posterior:
        """Posterior after counts of patients and toxicities. ``[*trial, level]``.

        Raises
        ------
        InputError
            If there is not one count for each level.
        """
        if np.shape(n)[-1:] != (self.levels,) or np.shape(dlt) != np.shape(n):
            raise InputError(
                f"n and dlt have shapes {np.shape(n)} and {np.shape(dlt)}; both need one count for "
                f"each of the {self.levels} levels of the skeleton."
            )
        if np.sum(n, axis=-1).max() > MOST_PATIENTS:
            warnings.warn(
                f"More than {MOST_PATIENTS} patients: the posterior of the CRM is as narrow as the "
                "distance of its nodes.",
                ValidityWarning,
                stacklevel=2,
            )
        grid = nodes(self.model, self.skeleton, self.prior_sd)
        return grid.weigh(grid.complete(n, dlt))

    def rates(self, posterior: Posterior) -> np.ndarray:
        """Estimated rates by the chosen estimator. ``[*trial, level]``."""
        return posterior.plug_in if self.estimator == "plug-in" else posterior.posterior_mean

    def advise_counts(self, counts: Counts, moves: Moves) -> Moves:
        """`advise` for many histories at once."""
        return moves.go(self.choose_counts(counts, moves))

    def choose_counts(self, counts: Counts, moves: Moves) -> np.ndarray:
        """The open level nearest to the target."""
        distance = np.abs(self.rates(self.posterior(counts.n, counts.dlt)) - self.target)
        closed = np.arange(1, self.levels + 1) > moves.ceiling[:, None]
        return np.argmin(np.where(closed, np.inf, distance), axis=1) + 1

    def advise(self, history: History, advice: Advice) -> Advice:
        """To the level nearest to the target; it is the MTD if the trial ended here."""
        rates = _rates(self, *history.counts(self.levels))
        best, level = nearest(rates[: advice.ceiling], self.target), history.level
        reason = (
            f"{history.describe(level)}: the estimated rate at level {best} is "
            f"{rates[best - 1]:.3f}, nearest to {self.target:g}"
        )
        decision = "escalate" if best > level else "de-escalate" if best < level else "stay"
        return replace(
            advice, decision=decision, next_level=best, mtd=best, reasons=(*advice.reasons, reason)
        )


@lru_cache(maxsize=65536)
def _rates(rule: CRM, n: tuple[int, ...], dlt: tuple[int, ...]) -> tuple[float, ...]:
    """Estimated rates, remembered: trials of a design meet the same counts again and again."""
    return tuple(rule.rates(rule.posterior(n, dlt)).tolist())


def nearest(rates: Sequence[float], target: float) -> int:
    """Level nearest to the target; the lower one of two."""
    distance = [abs(p - target) for p in rates]
    return distance.index(min(distance)) + 1
