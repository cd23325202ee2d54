"""Many simulated trials of one design, with the Monte Carlo error of everything counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int


@dataclass(frozen=True)
class SimulatedTrials:
    r"""Trials of one design, as many as were drawn.

    Every mean :math:`\bar x` comes with :math:`\sqrt{s^2/N}`, the standard error that is left
    after :math:`N` trials; a share with half the width of Wilson's interval for one standard
    error, which is not 0 where none or all of the trials are counted (`share_error`).

    Attributes
    ----------
    level
        Level of each patient; 0 for one who was not treated. ``[trial, patient]``
    toxic
        Whether there was a dose-limiting toxicity. ``[trial, patient]``
    mtd
        Level chosen; 0 for none. ``[trial]``
    duration_h
        From the first arrival to the end of the last observation; None without a clock.
        ``[trial]``
    levels
        Number of levels.
    effective
        Whether there was efficacy; None if nobody asked. ``[trial, patient]``

    Examples
    --------
    >>> two = SimulatedTrials(np.array([[1, 2], [1, 0]]), np.array([[0, 1], [1, 0]], bool),
    ...                       np.array([1, 0]), levels=2)
    >>> two.selected.tolist(), float(two.none), two.patients.tolist()
    ([0.5, 0.0], 0.5, [1.0, 0.5])
    """

    level: Int[np.ndarray, "trial patient"]
    toxic: Bool[np.ndarray, "trial patient"]
    mtd: Int[np.ndarray, "trial"]
    levels: int
    duration_h: Float[np.ndarray, "trial"] | None = None
    effective: Bool[np.ndarray, "trial patient"] | None = None

    @property
    def trials(self) -> int:
        """Number of trials."""
        return len(self.mtd)

    @property
    def selected(self) -> Float[np.ndarray, "level"]:
        """Share of trials that chose the level."""
        return self._chosen().mean(axis=0)

    @property
    def selected_se(self) -> Float[np.ndarray, "level"]:
        """Standard error of ``selected``."""
        return share_error(self.selected, self.trials)

    @property
    def none(self) -> Float[np.ndarray, ""]:
        """Share of trials that chose no level."""
        return (self.mtd == 0).mean()

    @property
    def none_se(self) -> Float[np.ndarray, ""]:
        """Standard error of ``none``."""
        return share_error(self.none, self.trials)

    @property
    def patients(self) -> Float[np.ndarray, "level"]:
        """Mean number of patients at the level."""
        return self._treated().mean(axis=0)

    @property
    def patients_se(self) -> Float[np.ndarray, "level"]:
        """Standard error of ``patients``."""
        return _count_error(self._treated())

    @property
    def dlt(self) -> Float[np.ndarray, "level"]:
        """Mean number of patients with a dose-limiting toxicity at the level."""
        return self._harmed().mean(axis=0)

    @property
    def dlt_se(self) -> Float[np.ndarray, "level"]:
        """Standard error of ``dlt``."""
        return _count_error(self._harmed())

    @property
    def efficacy(self) -> Float[np.ndarray, "level"]:
        """Mean number of patients with efficacy at the level; 0 if nobody asked."""
        return self._helped().mean(axis=0)

    @property
    def efficacy_se(self) -> Float[np.ndarray, "level"]:
        """Standard error of ``efficacy``."""
        return _count_error(self._helped())

    def selected_more_than(self, other: SimulatedTrials) -> tuple[np.ndarray, np.ndarray]:
        """By how much more often each level is chosen than by ``other``, and the standard error.

        Trials of the same number have the same patients, so that the error is that of pairs.
        """
        difference = self._chosen().astype(float) - other._chosen()
        return difference.mean(axis=0), _error(difference)

    def _chosen(self) -> Bool[np.ndarray, "trial level"]:
        return self.mtd[:, None] == self._all_levels()

    def _treated(self) -> Int[np.ndarray, "trial level"]:
        return (self.level[..., None] == self._all_levels()).sum(axis=1)

    def _harmed(self) -> Int[np.ndarray, "trial level"]:
        return ((self.level[..., None] == self._all_levels()) & self.toxic[..., None]).sum(axis=1)

    def _helped(self) -> Int[np.ndarray, "trial level"]:
        if self.effective is None:
            return np.zeros((self.trials, self.levels), int)
        here = self.level[..., None] == self._all_levels()
        return (here & self.effective[..., None]).sum(axis=1)

    def _all_levels(self) -> Int[np.ndarray, "level"]:
        return np.arange(1, self.levels + 1)


def share_error(share: Float[np.ndarray, "*what"] | float, trials: int) -> np.ndarray:
    r"""Monte Carlo error of a share: half the width of Wilson's interval with :math:`z = 1`.

    .. math:: \frac{\sqrt{p(1-p)/N + 1/(4N^2)}}{1 + 1/N}

    With many trials this is :math:`\sqrt{p(1-p)/N}`; with none or all of the trials counted it is
    :math:`1/(2(N+1))`, not 0.

    References
    ----------
    wilson1927; docs/theory/trial.md, section Operating characteristics

    Examples
    --------
    >>> [round(float(x), 6) for x in share_error(np.array([0.0, 0.25]), 999)]
    [0.0005, 0.013695]
    """
    p = np.asarray(share, float)
    return np.sqrt(p * (1 - p) / trials + 0.25 / trials**2) / (1 + 1 / trials)


def _error(values: np.ndarray) -> np.ndarray:
    """Standard error of the mean over trials."""
    return values.std(axis=0, ddof=min(1, len(values) - 1)) / np.sqrt(len(values))


def _count_error(counts: np.ndarray) -> np.ndarray:
    """As `_error`; of a count that no trial has, that of a share."""
    return np.where(np.any(counts, axis=0), _error(counts), share_error(np.zeros(()), len(counts)))
