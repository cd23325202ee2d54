"""What becomes of each patient at each level: all that a simulated trial needs to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from pdcraft.domain import InputError


@dataclass(frozen=True)
class Outcomes:
    """Outcomes of the same patients at every level, in days after their first dose.

    Patient 17 is the same person at every level and in every design. ``inf`` stands for what does
    not happen during follow-up.

    Attributes
    ----------
    levels
        Names of the dose levels.
    dlt_d
        First dose-limiting toxicity, also after the window. d, ``[patient, level]``.
    window_d
        Within which a toxicity is dose-limiting. d.
    leaves_d
        Death or leaving the trial: nothing is seen after it. d, ``[patient, level]``.
    response_d
        First documented response. d, ``[patient, level]``.

    Raises
    ------
    InputError
        If shapes do not agree, a time is negative, or the window is none.
    """

    levels: tuple[str, ...]
    dlt_d: Float[np.ndarray, "patient level"]
    window_d: float
    leaves_d: Float[np.ndarray, "patient level"]
    response_d: Float[np.ndarray, "patient level"]

    def __post_init__(self) -> None:
        shape = np.shape(self.dlt_d)
        for name in ("dlt_d", "leaves_d", "response_d"):
            times = getattr(self, name)
            if np.shape(times) != shape or len(shape) != 2 or shape[1] != len(self.levels):
                raise InputError(
                    f"{name} has shape {np.shape(times)}; [patient, {len(self.levels)} levels] is "
                    "needed, the same for all."
                )
            if not np.all(times >= 0):
                raise InputError(f"{name} holds a time that is negative or not a number.")
        if not self.window_d > 0:
            raise InputError(f"window_d = {self.window_d:g} d must be above 0 d.")

    @property
    def patients(self) -> int:
        """Number of patients."""
        return len(self.dlt_d)

    @property
    def toxic(self) -> Bool[np.ndarray, "patient level"]:
        """Who has a dose-limiting toxicity within the window and before leaving."""
        return (self.dlt_d <= self.window_d) & (self.dlt_d <= self.leaves_d)

    @property
    def dlt_rate(self) -> Float[np.ndarray, "level"]:
        """Share of patients with a dose-limiting toxicity: the truth that a design looks for."""
        return self.toxic.mean(axis=0)

    def missed(self, seen_for_d: float) -> Float[np.ndarray, "level"]:
        """Share of patients whose dose-limiting toxicity comes after so many days.

        A design that decides after ``seen_for_d`` without following patients further counts them
        as free of toxicity.
        """
        return (self.toxic & (self.dlt_d > seen_for_d)).mean(axis=0)

    def after_window(self) -> Float[np.ndarray, "level"]:
        """Share of patients in whom the rules are first broken after the window."""
        late = (self.dlt_d > self.window_d) & np.isfinite(self.dlt_d)
        return (late & (self.dlt_d <= self.leaves_d)).mean(axis=0)

    def true_mtd(self, target: float) -> int:
        """Level whose rate is nearest to the target, 1, 2, ...; the lower one of two."""
        return int(np.argmin(np.abs(self.dlt_rate - target))) + 1


def known_rates(
    dlt_probability: Sequence[float],
    *,
    patients: int,
    seed: int,
    window_d: float = 28.0,
    response_probability: Sequence[float] | None = None,
) -> Outcomes:
    """Patients with known probabilities of toxicity, uniform in time within the window.

    For checks against exact results and for designs without a mechanism. A patient has a tolerance
    and a toxicity at every level whose probability exceeds it; in the same way a response, whose
    probability may fall from level to level, independent of toxicity and uniform in the window too.
    Without ``response_probability`` nobody responds.

    Raises
    ------
    InputError
        If a probability is none, those of toxicity fall, or there is not one for each level.

    Examples
    --------
    >>> known_rates([0.1, 0.4], patients=4000, seed=1).dlt_rate.round(1).tolist()
    [0.1, 0.4]
    """
    p = np.asarray(dlt_probability, float)
    if p.ndim != 1 or not np.all((p >= 0) & (p <= 1)) or np.any(np.diff(p) < 0):
        raise InputError(
            f"dlt_probability = {p.tolist()} must be one probability for each level that does not "
            "fall from level to level."
        )
    draws = np.random.default_rng(seed)
    tolerance, when = draws.random(patients), draws.random(patients) * window_d
    dlt = np.where(tolerance[:, None] < p, when[:, None], np.inf)
    never = np.full(dlt.shape, np.inf)
    names = tuple(f"level {i + 1}" for i in range(len(p)))
    if response_probability is None:
        return Outcomes(names, dlt, window_d, never, never)
    q = np.asarray(response_probability, float)
    if q.shape != p.shape or not np.all((q >= 0) & (q <= 1)):
        raise InputError(
            f"response_probability = {q.tolist()} must be one probability for each of {len(p)} "
            "levels."
        )
    resists, answers = draws.random(patients), draws.random(patients) * window_d
    response = np.where(resists[:, None] < q, answers[:, None], np.inf)
    return Outcomes(names, dlt, window_d, never, response)
