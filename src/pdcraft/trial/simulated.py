"""Many simulated trials of one design, with the Monte Carlo error of everything counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int


@dataclass(frozen=True)
class SimulatedTrials:
    r"""Trials of one design, as many as were drawn.

    Every mean :math:`\bar x` comes with :math:`\sqrt{s^2/N}`, the standard error that is left
    after :math:`N` trials.

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
        return _error(self._chosen())

    @property
    def none(self) -> Float[np.ndarray, ""]:
        """Share of trials that chose no level."""
        return (self.mtd == 0).mean()

    @property
    def patients(self) -> Float[np.ndarray, "level"]:
        """Mean number of patients at the level."""
        return self._treated().mean(axis=0)

    @property
    def patients_se(self) -> Float[np.ndarray, "level"]:
        """Standard error of ``patients``."""
        return _error(self._treated())

    @property
    def dlt(self) -> Float[np.ndarray, "level"]:
        """Mean number of patients with a dose-limiting toxicity at the level."""
        return self._harmed().mean(axis=0)

    @property
    def dlt_se(self) -> Float[np.ndarray, "level"]:
        """Standard error of ``dlt``."""
        return _error(self._harmed())

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

    def _all_levels(self) -> Int[np.ndarray, "level"]:
        return np.arange(1, self.levels + 1)


def _error(values: np.ndarray) -> np.ndarray:
    """Standard error of the mean over trials."""
    return values.std(axis=0, ddof=min(1, len(values) - 1)) / np.sqrt(len(values))
