"""Counts of many patients over time, and the doses that they were to get and got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pdcraft.domain import InputError, unknown


@dataclass(frozen=True)
class Trajectories:
    """What rules on counts read: blood counts and doses of many patients under one schedule.

    Attributes
    ----------
    day
        Instants of the counts, rising from the first dose on. d, ``[time]``.
    counts
        By marker, as ``{"platelets": …}``. ``[patient, time]``
    planned_d
        Days on which doses are planned. d, ``[dose]``.
    given_d
        Days on which they were given; ``inf`` where one was withheld. d, ``[patient, dose]``.
    until_d
        Day from which on a patient was off treatment for another reason than counts; None for
        nobody. d, ``[patient]``.

    Raises
    ------
    InputError
        If shapes do not agree or days do not rise.
    """

    day: Float[np.ndarray, "time"]
    counts: Mapping[str, Float[np.ndarray, "patient time"]]
    planned_d: Float[np.ndarray, "dose"]
    given_d: Float[np.ndarray, "patient dose"]
    until_d: Float[np.ndarray, "patient"] | None = None

    def __post_init__(self) -> None:
        if len(self.day) < 2 or np.any(np.diff(self.day) <= 0):
            raise InputError("day must hold at least two instants that rise.")
        shape = (len(self.given_d), len(self.day))
        for marker, values in self.counts.items():
            if np.shape(values) != shape:
                raise InputError(
                    f"Counts of {marker} have shape {np.shape(values)}; {shape} is needed, one row "
                    "for each patient and one column for each day."
                )
        if np.shape(self.given_d)[1:] != np.shape(self.planned_d):
            raise InputError(
                f"given_d has shape {np.shape(self.given_d)} for {len(self.planned_d)} planned "
                "doses; it needs one column for each."
            )

    def of(self, marker: str) -> Float[np.ndarray, "patient time"]:
        """Counts of one marker; a MissingError suggests the nearest name."""
        if marker not in self.counts:
            raise unknown("Marker", marker, list(self.counts))
        return self.counts[marker]

    def at(self, marker: str, day: Float[np.ndarray, "patient"]) -> Float[np.ndarray, "patient"]:
        """Counts on one day for each patient, linear between instants; ``nan`` after the last."""
        values = self.of(marker)
        day = np.where(np.isfinite(day), day, np.nan)
        k = np.clip(np.searchsorted(self.day, np.nan_to_num(day), side="right"), 1, None)
        k = np.minimum(k, len(self.day) - 1)
        rows = np.arange(len(values))
        share = (day - self.day[k - 1]) / (self.day[k] - self.day[k - 1])
        found = values[rows, k - 1] + share * (values[rows, k] - values[rows, k - 1])
        return np.where(day <= self.day[-1], found, np.nan)

    def days_below(
        self, marker: str, limit: float, until_d: Float[np.ndarray, "patient"]
    ) -> Float[np.ndarray, "patient"]:
        """Days in all that a count lies below a limit before ``until_d``, linear between instants.

        Examples
        --------
        >>> week, never = np.arange(8.0), np.array([np.inf])
        >>> fall = np.array([[4.0, 3, 2, 1, 0, 1, 2, 3]])
        >>> one = Trajectories(week, {"platelets": fall}, np.zeros(1), np.zeros((1, 1)))
        >>> one.days_below("platelets", 1.5, never)
        array([3.])
        """
        values = self.of(marker)
        low = np.minimum(values[:, :-1], values[:, 1:])
        gap = np.maximum(values[:, :-1], values[:, 1:]) - low
        share = np.where(
            gap > 0, np.clip((limit - low) / np.where(gap > 0, gap, 1.0), 0.0, 1.0), low < limit
        )
        step = np.diff(self.day)
        return (share * np.clip(until_d[:, None] - self.day[:-1], 0.0, step)).sum(axis=1)


def below_since(
    day: Float[np.ndarray, "time"], values: Float[np.ndarray, "patient time"], limit: float
) -> tuple[Float[np.ndarray, "patient time"], Float[np.ndarray, "patient time"]]:
    """For each instant below ``limit``: when the count went below, and until when it surely was.

    Crossings are linear between instants; where the count is not below, ``inf`` and ``-inf``.
    """
    low = values < limit
    step = np.diff(values, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip(np.where(step == 0, 0.0, (limit - values[:, :-1]) / step), 0.0, 1.0)
    crossing = day[:-1] + share * np.diff(day)
    went = np.where(low[:, :-1], -np.inf, crossing)
    went = np.concatenate([np.full((len(values), 1), day[0]), went], axis=1)
    began = np.maximum.accumulate(went, axis=1)
    until = np.where(low[:, 1:], day[1:], crossing)
    until = np.concatenate([until, np.full((len(values), 1), day[-1])], axis=1)
    return np.where(low, began, np.inf), np.where(low, until, -np.inf)
