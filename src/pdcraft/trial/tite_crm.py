"""The time-to-event continual reassessment method: patients still under observation count in part.

Toxicity of radiopharmaceuticals is late; waiting for each cohort's nadir would stop accrual.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float, Int

from pdcraft.domain import InputError
from pdcraft.trial.crm import CRM, nearest
from pdcraft.trial.followed import Followed
from pdcraft.trial.history import History
from pdcraft.trial.rule import AbstractRule, Advice
from pdcraft.trial.simulated import SimulatedTrials
from pdcraft.trial.tite_weights import AbstractWeights, LinearWeights
from pdcraft.trial.working_model import Posterior, nodes

BATCH = 100
"""Trials computed together: likelihoods stay in the cache, products too small for BLAS threads."""


@dataclass(frozen=True)
class TITECRM(AbstractRule):
    r"""`CRM` in which a patient without toxicity so far counts by a weight :math:`w_i`.

    .. math::
        f(\beta \mid y, w) \propto e^{-\beta^2/2\sigma^2}
        \prod_i p_{d_i}(\beta)^{y_i}\,[1 - w_i\,p_{d_i}(\beta)]^{1-y_i}.

    As a rule of a `Design` it hears complete outcomes only, where all weights are 1; patients
    under observation come in by `recommend` and `simulate`.

    Attributes
    ----------
    crm
        Target, skeleton, working model, prior, estimator.
    window_h
        :math:`T`, how long a patient is observed for toxicity.
    weights
        `LinearWeights` or `AdaptiveWeights`.

    Raises
    ------
    InputError
        If the window is not positive.

    References
    ----------
    cheung2000; dfcrm, titecrm; docs/theory/trial.md, Eq. 14-16

    Examples
    --------
    >>> crm = CRM(0.20, (0.05, 0.10, 0.20, 0.35, 0.50, 0.70), estimator="plug-in")
    >>> rule = TITECRM(crm, window_h=24 * 180)
    >>> int(rule.recommend([3, 3, 3, 4], toxic=[0, 0, 1, 0], followup_h=[4320, 4320, 4032, 576]))
    2
    """

    crm: CRM
    window_h: float
    weights: AbstractWeights = field(default=LinearWeights())
    reads_counts_only: ClassVar[bool] = True
    needs_complete_outcomes: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not 0 < self.window_h < np.inf:
            raise InputError(
                f"window_h = {self.window_h:g} h must be greater than 0 h: how long a patient is "
                "observed for toxicity."
            )

    @property
    def levels(self) -> int:
        """Levels of the skeleton."""
        return self.crm.levels

    def advise(self, history: History, advice: Advice) -> Advice:
        """As `CRM`: outcomes of a history are complete."""
        return self.crm.advise(history, advice)

    def hear(self, now: Followed, advice: Advice) -> Advice:
        """To the level nearest to the target, patients under observation weighed."""
        level, toxic, followup_h = now.arrays
        rates = self.crm.rates(self.posterior(level, toxic=toxic, followup_h=followup_h))
        best, last = nearest(rates[: advice.ceiling].tolist(), self.crm.target), now.level[-1]
        decision = "escalate" if best > last else "de-escalate" if best < last else "stay"
        open_ = sum(len(now.pending_d(j)) for j in set(now.level))
        reason = (
            f"{sum(now.toxic)} toxicities in {len(now.level)} patients, {open_} of them under "
            f"observation: the estimated rate at level {best} is {rates[best - 1]:.3f}, nearest to "
            f"{self.crm.target:g}"
        )
        mtd = nearest(rates[: max(now.level)].tolist(), self.crm.target)  # of those given
        return replace(advice, mtd=mtd).go(best, decision, reason)

    def posterior(
        self,
        level: Int[np.ndarray, "*trial patient"],
        *,
        toxic: Bool[np.ndarray, "*trial patient"],
        followup_h: Float[np.ndarray, "*trial patient"],
    ) -> Posterior:
        """Posterior with patients under observation.

        Parameters
        ----------
        level
            Level of each patient; 0 for a place in the table without a patient.
        toxic
            Whether a toxicity has been seen.
        followup_h
            Time to the toxicity, or observed without one.

        Raises
        ------
        InputError
            If shapes differ, a level does not exist or a follow-up is negative.
        """
        level, toxic = np.asarray(level), np.asarray(toxic, bool)
        followup_h = np.asarray(followup_h, float)
        if not level.shape == toxic.shape == followup_h.shape or level.ndim == 0:
            raise InputError(
                f"level, toxic and followup_h have shapes {level.shape}, {toxic.shape} and "
                f"{followup_h.shape}; each needs one entry for every patient."
            )
        if np.any((level < 0) | (level > self.levels)) or not np.all(followup_h >= 0):
            raise InputError(
                f"Levels must be 1 to {self.levels} (0: no patient) and follow-up times at least "
                "0 h; a value is outside."
            )
        w = self.weights.of(followup_h, toxic & (level > 0), self.window_h)
        return self._weigh(level, toxic, w)

    def recommend(
        self,
        level: Int[np.ndarray, "*trial patient"],
        *,
        toxic: Bool[np.ndarray, "*trial patient"],
        followup_h: Float[np.ndarray, "*trial patient"],
    ) -> Int[np.ndarray, "*trial"]:
        """Level nearest to the target after what has been seen; parameters as `posterior`."""
        return self._nearest(self.posterior(level, toxic=toxic, followup_h=followup_h))

    def simulate(
        self,
        *,
        arrival_h: Float[np.ndarray, "trial patient"],
        time_to_dlt_h: Float[np.ndarray, "trial patient level"],
    ) -> SimulatedTrials:
        """Trials in which each patient is given the level recommended on arrival.

        The first patient is given level 1; a level is at most one above the one before. The MTD is
        chosen when all patients have been observed to the end.

        Parameters
        ----------
        arrival_h
            Rising from patient to patient.
        time_to_dlt_h
            When the patient would have a toxicity after each level; ``inf`` if never. So the
            river's course of one patient at each level can be asked, and designs be compared on
            the same patients.

        Raises
        ------
        InputError
            If shapes do not agree or patients do not arrive in order.

        References
        ----------
        dfcrm, titesim(restrict = TRUE)
        """
        arrival_h, time_to_dlt_h = np.asarray(arrival_h, float), np.asarray(time_to_dlt_h, float)
        if arrival_h.ndim != 2 or time_to_dlt_h.shape != (*arrival_h.shape, self.levels):
            raise InputError(
                f"arrival_h has shape {arrival_h.shape}, time_to_dlt_h {time_to_dlt_h.shape}; they "
                f"must be [trial, patient] and [trial, patient, {self.levels} levels]."
            )
        if np.any(np.diff(arrival_h, axis=1) < 0):
            raise InputError("arrival_h must not fall from patient to patient. Sort it by time.")
        parts = [
            self._simulate(arrival_h[i : i + BATCH], time_to_dlt_h[i : i + BATCH])
            for i in range(0, len(arrival_h), BATCH)
        ]
        level, toxic, mtd = (np.concatenate(part) for part in zip(*parts, strict=True))
        duration_h = arrival_h[:, -1] - arrival_h[:, 0] + self.window_h
        return SimulatedTrials(level, toxic, mtd, self.levels, duration_h)

    def _simulate(
        self, arrival: np.ndarray, time_to_dlt: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Level, toxicity and MTD of a batch."""
        level = np.zeros(arrival.shape, int)
        time = np.full(arrival.shape, np.inf)
        level[:, 0], patients = 1, arrival.shape[1]
        time[:, 0] = time_to_dlt[:, 0, 0]
        for i in range(1, patients):
            observed = np.minimum(arrival[:, i, None] - arrival[:, :i], self.window_h)
            seen = time[:, :i] <= observed
            w = self.weights.of(np.minimum(observed, time[:, :i]), seen, self.window_h)
            best = self._nearest(self._weigh(level[:, :i], seen, w))
            level[:, i] = np.minimum(best, level[:, i - 1] + 1)
            time[:, i] = np.take_along_axis(time_to_dlt[:, i], level[:, i, None] - 1, axis=1)[:, 0]
        toxic = time <= self.window_h
        return level, toxic, self._nearest(self._weigh(level, toxic, np.ones(arrival.shape)))

    def _weigh(self, level: np.ndarray, toxic: np.ndarray, w: np.ndarray) -> Posterior:
        """Posterior of weighted outcomes: complete ones by their counts, open ones one by one."""
        grid = nodes(self.crm.model, self.crm.skeleton, self.crm.prior_sd)
        complete = toxic | (w >= 1)
        at = level[..., None] == np.arange(1, self.levels + 1)
        n = (at & complete[..., None]).sum(axis=-2)
        dlt = (at & toxic[..., None]).sum(axis=-2)
        likelihood = np.atleast_2d(grid.complete(n, dlt))
        rows, columns = np.nonzero(np.atleast_2d(~complete & (level > 0) & (w > 0)))
        level, w = np.atleast_2d(level), np.atleast_2d(w)
        for k in np.unique(columns):
            i = rows[columns == k]
            likelihood[i] *= 1 - w[i, k, None] * grid.p[level[i, k] - 1]
        return grid.weigh(likelihood.reshape(*n.shape[:-1], -1))

    def _nearest(self, posterior: Posterior) -> Int[np.ndarray, "*trial"]:
        return np.argmin(np.abs(self.crm.rates(posterior) - self.crm.target), axis=-1) + 1
