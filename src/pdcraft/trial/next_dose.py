"""Whether and when the next dose or fraction is given: only to who has recovered, in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool, Float

from pdcraft.domain import InputError
from pdcraft.trial.trajectory import Trajectories


@dataclass(frozen=True)
class NextDose:
    """The rule for every dose after the first.

    On the planned day counts are looked at; if one is too low the dose waits until the next look,
    and is withheld when the latest day has passed.

    Attributes
    ----------
    least
        Counts that are needed, by marker, as ``{"platelets": 75.0, "neutrophils": 1.0}``; empty
        gives the dose whatever the counts.
    latest_delay_d
        Days after the planned one up to which the dose may be given.
    look_every_d
        Days between looks.

    Raises
    ------
    InputError
        If a count or a time cannot be.

    Examples
    --------
    >>> seen = Trajectories(np.arange(0.0, 29), {"platelets": 20.0 + 5 * np.arange(29.0)[None]},
    ...                     np.array([0.0, 7.0]), np.array([[0.0, np.inf]]))
    >>> NextDose({"platelets": 75.0}, latest_delay_d=14).given_d(seen, planned_d=7.0)
    array([14.])
    >>> NextDose({"platelets": 75.0}).given_d(seen, planned_d=7.0)
    array([inf])
    """

    least: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    latest_delay_d: float = 0.0
    look_every_d: float = 7.0

    def __post_init__(self) -> None:
        for marker, count in self.least.items():
            if not count > 0:
                raise InputError(f"{marker} of at least {count:g}: it must be above 0.")
        if not self.latest_delay_d >= 0 or not self.look_every_d > 0:
            raise InputError(
                f"latest_delay_d = {self.latest_delay_d:g} d must be 0 d or more and look_every_d "
                f"= {self.look_every_d:g} d above 0 d."
            )

    def given_d(
        self,
        seen: Trajectories,
        *,
        planned_d: float | Float[np.ndarray, "patient"],
        until_d: Float[np.ndarray, "patient"] | None = None,
    ) -> Float[np.ndarray, "patient"]:
        """Day of the dose; ``inf`` if it is withheld.

        Parameters
        ----------
        seen
            Counts after the doses before.
        planned_d
            Day of the first look, for all or for each; ``inf`` for who gets no more.
        until_d
            Day from which on a patient gets no more (progression, death, leaving).
        """
        n = len(seen.given_d)
        first = np.broadcast_to(np.asarray(planned_d, float), (n,))
        until = np.full(n, np.inf) if until_d is None else until_d
        given = np.full(n, np.inf)
        for wait in np.arange(0.0, self.latest_delay_d + 1e-9, self.look_every_d):
            day = first + wait
            ready = (until > day) & self._recovered(seen, day)
            given = np.where(np.isinf(given) & ready, day, given)
        return given

    def _recovered(
        self, seen: Trajectories, day: Float[np.ndarray, "patient"]
    ) -> Bool[np.ndarray, "patient"]:
        ready = np.isfinite(day)
        for marker, count in self.least.items():
            with np.errstate(invalid="ignore"):
                ready &= seen.at(marker, day) >= count
        return ready

    @property
    def words(self) -> str:
        """The rule in words, for protocol and report."""
        counts = " and ".join(
            f"{marker} at least {count:g}" for marker, count in self.least.items()
        )
        return (
            f"{counts or 'whatever the counts'}; up to {self.latest_delay_d:g} d later, counts "
            f"looked at every {self.look_every_d:g} d"
        )
