"""Survival curves of censored times, and the log-rank test between two groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import chdtrc, ndtri

from pdcraft.domain import InputError


@dataclass(frozen=True)
class KaplanMeier:
    r"""The product-limit estimate, :math:`\hat S(t) = \prod_{t_i \le t} (1 - d_i/n_i)`.

    Attributes
    ----------
    time
        Times with events, rising, in the unit of the data. ``[event]``
    at_risk, events
        :math:`n_i, d_i`. ``[event]``

    References
    ----------
    kaplan1958; greenwood1926; docs/theory/trial.md, Eq. 35-36

    Examples
    --------
    >>> curve = KaplanMeier.of([3.0, 5.0, 5.0, 8.0], [True, True, False, True])
    >>> float(curve.at(5.0)), curve.median
    (0.5, 5.0)
    """

    time: Float[np.ndarray, "event"]
    at_risk: Int[np.ndarray, "event"]
    events: Int[np.ndarray, "event"]

    @classmethod
    def of(
        cls, time: Float[np.ndarray, "patient"], happened: Bool[np.ndarray, "patient"]
    ) -> KaplanMeier:
        """Curve of times and whether the event happened then (else censored).

        Raises
        ------
        InputError
            If shapes differ, nobody is there or a time is negative.
        """
        time, happened = _checked(time, happened)
        at = np.unique(time[happened])
        at_risk = len(time) - np.searchsorted(np.sort(time), at, side="left")
        events = np.array([np.sum(time[happened] == t) for t in at], int)
        return cls(at, at_risk, events)

    @property
    def survival(self) -> Float[np.ndarray, "event"]:
        """The estimate after each event."""
        return np.cumprod(1 - self.events / self.at_risk)

    def at(self, t: float | Float[np.ndarray, "*t"]) -> Float[np.ndarray, "*t"]:
        """Survival at a time."""
        steps = np.concatenate([[1.0], self.survival])
        return steps[np.searchsorted(self.time, t, side="right")]

    def standard_error(self, t: float | Float[np.ndarray, "*t"]) -> Float[np.ndarray, "*t"]:
        """Greenwood's standard error of the survival at a time."""
        return self.at(t) * self._log_error()[np.searchsorted(self.time, t, side="right")]

    @property
    def median(self) -> float:
        """First time at which survival is at most one half; ``inf`` if it is never."""
        return self._crosses(self.survival)

    def median_interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Times at which the limits of the survival, on its logarithm, cross one half."""
        if not 0 < confidence < 1:
            raise InputError(f"confidence = {confidence:g} must lie between 0 and 1, as 0.95.")
        z = float(ndtri(0.5 + confidence / 2))
        spread = z * self._log_error()[1:]
        low, high = self.survival * np.exp(-spread), self.survival * np.exp(spread)
        return self._crosses(np.nan_to_num(low)), self._crosses(high)

    def _log_error(self) -> np.ndarray:
        """Standard error of the logarithm of survival before and after each event."""
        with np.errstate(divide="ignore"):
            terms = self.events / (self.at_risk * (self.at_risk - self.events))
        return np.concatenate([[0.0], np.sqrt(np.cumsum(terms))])

    def _crosses(self, survival: np.ndarray) -> float:
        low = np.nonzero(survival <= 0.5 + 1e-12)[0]
        return float(self.time[low[0]]) if len(low) else float("inf")


class LogRank(NamedTuple):
    """A log-rank test.

    Attributes
    ----------
    observed, expected
        Events in the control group and in the treated group.
    z
        Positive if the treated have fewer events than expected.
    chi_square, p
        Two-sided.
    """

    observed: tuple[int, int]
    expected: tuple[float, float]
    z: float
    chi_square: float
    p: float


def log_rank(
    time: Float[np.ndarray, "patient"],
    happened: Bool[np.ndarray, "patient"],
    treated: Bool[np.ndarray, "patient"],
) -> LogRank:
    r"""Log-rank test of treated against control.

    .. math::
        Z = \frac{\sum_i (e_i - o_i)}{\sqrt{\sum_i v_i}}, \qquad e_i = d_i\frac{m_i}{n_i}, \qquad
        v_i = d_i\,\frac{m_i}{n_i}\Big(1-\frac{m_i}{n_i}\Big)\frac{n_i-d_i}{n_i-1},

    with :math:`m_i` treated of :math:`n_i` at risk, and :math:`o_i` of the :math:`d_i` events.

    Raises
    ------
    InputError
        If shapes differ, a time is negative, or one group is empty.

    References
    ----------
    mantel1966; docs/theory/trial.md, Eq. 37

    Examples
    --------
    >>> test = log_rank([1.0, 2.0, 3.0, 4.0], [True] * 4, [False, False, True, True])
    >>> round(test.z, 3), test.observed
    (1.698, (2, 2))
    """
    time, happened = _checked(time, happened)
    treated = np.asarray(treated, bool)
    if treated.shape != time.shape or treated.all() or not treated.any():
        raise InputError("treated needs one entry for each patient, and both groups must be there.")
    at, which = np.unique(time[happened], return_inverse=True)
    events = np.bincount(which, minlength=len(at))
    seen = np.bincount(which, weights=treated[happened], minlength=len(at))
    n = len(time) - np.searchsorted(np.sort(time), at, side="left")
    m = treated.sum() - np.searchsorted(np.sort(time[treated]), at, side="left")
    expected = events * m / n
    several = n > 1
    spread = np.zeros(len(at))
    share = m[several] / n[several]
    tied = (n[several] - events[several]) / (n[several] - 1)
    spread[several] = events[several] * share * (1 - share) * tied
    gain, variance = expected.sum() - seen.sum(), spread.sum()
    z = float(gain / np.sqrt(variance)) if variance > 0 else 0.0
    total, of_treated = int(events.sum()), int(seen.sum())
    return LogRank(
        (total - of_treated, of_treated), (total - float(expected.sum()), float(expected.sum())),
        z, z**2, float(chdtrc(1, z**2)),
    )  # fmt: skip


def _checked(time: np.ndarray, happened: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    time, happened = np.asarray(time, float), np.asarray(happened, bool)
    if time.shape != happened.shape or time.ndim != 1 or not len(time):
        raise InputError("time and happened need one entry for each patient, at least one.")
    if not np.all(time >= 0):
        raise InputError("time holds a negative or missing value. Count it from enrolment.")
    return time, happened
