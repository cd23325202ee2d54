"""A randomised comparison of survival, simulated: arrivals, events, looks, the log-rank test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from pdcraft.domain import InputError
from pdcraft.trial.group_sequential import GroupSequential
from pdcraft.trial.kaplan_meier import log_rank


@dataclass(frozen=True)
class ComparedTrials:
    """Simulated trials of two arms.

    Attributes
    ----------
    look
        Look at which the treated arm was found better, from 1; 0 for never. ``[trial]``
    duration_d
        From the start to the look that ended the trial. d. ``[trial]``
    z
        Log-rank statistic at that look; positive speaks for the treated. ``[trial]``
    """

    look: Int[np.ndarray, "trial"]
    duration_d: Float[np.ndarray, "trial"]
    z: Float[np.ndarray, "trial"]

    @property
    def power(self) -> float:
        """Share of trials that found the treated arm better."""
        return float((self.look > 0).mean())

    @property
    def power_se(self) -> float:
        """Standard error of ``power``."""
        return float(np.sqrt(self.power * (1 - self.power) / len(self.look)))


@dataclass(frozen=True)
class TwoArms:
    """A log-rank test at looks after numbers of events, one-sided, treated better than control.

    Attributes
    ----------
    boundaries
        Its information is the number of events at each look.

    Raises
    ------
    InputError
        If looks are not at whole numbers of events.

    Examples
    --------
    >>> from pdcraft.trial import pocock
    >>> test = TwoArms(GroupSequential((10, 20), pocock(2, alpha=0.025).critical))
    >>> rng = np.random.default_rng(1)
    >>> treated = np.arange(60) % 2 == 1
    >>> event_d = rng.exponential(np.where(treated, 900.0, 300.0), (200, 60))
    >>> arrival_d = np.broadcast_to(np.arange(60) * 10.0, (200, 60))
    >>> test.simulate(event_d, treated=treated, arrival_d=arrival_d).power > 0.5
    True
    """

    boundaries: GroupSequential

    def __post_init__(self) -> None:
        if any(i != int(i) or i < 1 for i in self.boundaries.information):
            raise InputError(
                f"information = {self.boundaries.information} must be whole numbers of events, as "
                "(124, 186, 247)."
            )

    def simulate(
        self,
        event_d: Float[np.ndarray, "trial patient"],
        *,
        treated: Bool[np.ndarray, "patient"],
        arrival_d: Float[np.ndarray, "trial patient"],
        leaves_d: Float[np.ndarray, "trial patient"] | None = None,
    ) -> ComparedTrials:
        """Trials with these patients, looked at when the events are there.

        Parameters
        ----------
        event_d
            Progression or death after arrival; ``inf`` if never. So the river's outcomes can be
            compared. d.
        treated
            Who is in the treated arm.
        arrival_d, leaves_d
            When patients come, and how long after that they can be followed. d.

        Raises
        ------
        InputError
            If shapes differ, or a trial has fewer events than a look needs.
        """
        event_d, arrival_d = np.asarray(event_d, float), np.asarray(arrival_d, float)
        leaves_d = np.full(event_d.shape, np.inf) if leaves_d is None else np.asarray(leaves_d)
        if event_d.ndim != 2 or not event_d.shape == arrival_d.shape == leaves_d.shape:
            raise InputError("event_d, arrival_d and leaves_d must be [trial, patient].")
        found = [
            self._one(*rows, np.asarray(treated, bool))
            for rows in zip(event_d, arrival_d, leaves_d, strict=True)
        ]
        look, duration_d, z = (np.array(part) for part in zip(*found, strict=True))
        return ComparedTrials(look, duration_d, z)

    def _one(
        self, event_d: np.ndarray, arrival_d: np.ndarray, leaves_d: np.ndarray, treated: np.ndarray
    ) -> tuple[int, float, float]:
        """Look that finds a difference, day of the last look, statistic."""
        happens = np.where(event_d <= leaves_d, arrival_d + event_d, np.inf)
        days, z, day = np.sort(happens), 0.0, 0.0
        bounds = zip(self.boundaries.information, self.boundaries.critical, strict=True)
        for look, (events, critical) in enumerate(bounds, start=1):
            day = days[int(events) - 1] if events <= len(days) else np.inf
            if not np.isfinite(day):
                raise InputError(
                    f"A trial has fewer than the {int(events)} events of look {look}. Give more "
                    "patients, follow them longer, or look sooner."
                )
            here = arrival_d < day
            followed = np.minimum(day - arrival_d, np.minimum(event_d, leaves_d))[here]
            z = log_rank(followed, (happens <= day)[here], treated[here]).z
            if z >= critical:
                return look, float(day), z
        return 0, float(day), z
