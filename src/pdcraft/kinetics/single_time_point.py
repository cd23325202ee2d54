r"""Time-integrated activity from one measurement and what is known beforehand.

`haenscheid` needs nothing but the time to be well chosen; `madsen` a typical clearance; a
`MonoPrior` knows the population and says how sure the answer is (theory page *estimation*,
equations 8-10).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from pdcraft.domain import InputError, TimeActivity, ValidityWarning
from pdcraft.domain.units import LN2


def haenscheid(activity: float, time_h: float) -> float:
    r"""Time-integrated activity from one point, if measured 0.75 to 2.5 half-lives after injection.

    .. math:: \tilde A\approx A(t)\,\frac{2t}{\ln2}

    For one exponential the true factor is :math:`2^{x}/x` with :math:`x=t/T_\mathrm{eff}`, between
    1.88 and 2.26 in that range: the result is 11 % too low at worst, 6 % too high at most.

    Parameters
    ----------
    activity
        Measured, any unit, >= 0.
    time_h
        After injection. h, > 0.

    Returns
    -------
    float
        Unit of ``activity`` times h.

    Raises
    ------
    InputError
        If the time or the activity cannot be.

    References
    ----------
    haenscheid2018, abstract and Eq. 4

    Examples
    --------
    >>> round(haenscheid(10.0, 96.0), 1)
    2770.0
    """
    _check(activity, time_h)
    return activity * 2.0 * time_h / LN2


def madsen(activity: float, time_h: float, *, typical_half_life_h: float) -> float:
    r"""Time-integrated activity from one point and the population's effective half-life.

    .. math:: \tilde A\approx A(t)\,\frac{e^{kt}}{k},\qquad k=\ln2/T_\mathrm{typical}

    The error vanishes to first order in the patient's deviation if :math:`t=1/k`.

    Parameters
    ----------
    activity
        Measured, any unit, >= 0.
    time_h
        After injection. h, > 0.
    typical_half_life_h
        Effective half-life of the population. h, > 0.

    Returns
    -------
    float
        Unit of ``activity`` times h.

    Raises
    ------
    InputError
        If a number cannot be.

    References
    ----------
    madsen2018, abstract

    Examples
    --------
    >>> round(madsen(10.0, 72.0, typical_half_life_h=50.0), 1)
    1957.2
    """
    _check(activity, time_h)
    if not typical_half_life_h > 0:
        raise InputError(f"typical_half_life_h = {typical_half_life_h:g} h must be above 0 h.")
    k = LN2 / typical_half_life_h
    return activity * float(np.exp(k * time_h)) / k


@dataclass(frozen=True)
class MonoPrior:
    r"""A population of one-exponential curves: log-normal uptake and effective half-life.

    Attributes
    ----------
    half_life_h, half_life_cv
        Median effective half-life (h, > 0) and its CV, > 0.
    uptake, uptake_cv
        Median activity extrapolated to time 0 (unit of the data, > 0) and its CV; a CV of inf
        means that nothing is known of it.
    decay_per_h
        No half-life is longer than that of the nuclide. 1/h.
    """

    half_life_h: float
    half_life_cv: float
    decay_per_h: float
    uptake: float = 1.0
    uptake_cv: float = float("inf")

    def __post_init__(self) -> None:
        """Refuse a population that decays more slowly than its nuclide."""
        if not 0 < self.half_life_h < LN2 / self.decay_per_h:
            raise InputError(
                f"half_life_h = {self.half_life_h:g} h must lie between 0 and the physical "
                f"{LN2 / self.decay_per_h:.4g} h."
            )
        if not (self.half_life_cv > 0 and self.uptake_cv > 0 and self.uptake > 0):
            raise InputError("half_life_cv, uptake_cv and uptake must be above 0.")

    def posterior(self, data: TimeActivity, *, nodes: int = 400) -> tuple[float, float]:
        r"""Posterior mean and standard deviation of the time-integrated activity.

        The half-life is integrated over on a grid of its prior, truncated at decay; given it, the
        logarithm of the uptake is normal (measurement errors as log-normal with the same CV).

        Parameters
        ----------
        data
            One point or more, with ``sigma``.
        nodes
            Grid points.

        Raises
        ------
        InputError
            If ``sigma`` is lacking or an activity is 0.

        References
        ----------
        gelman2013, chapter 3 (conjugate normal), with quadrature over the half-life
        """
        if data.sigma is None or not (data.activity > 0).all():
            raise InputError(
                f"Region '{data.region}': the prior needs activities above 0 and their uncertainty."
            )
        s = np.sqrt(np.log1p(self.half_life_cv**2))
        z = np.linspace(-5.0, 5.0, nodes)
        rate = LN2 / (self.half_life_h * np.exp(s * z))
        log_prior = np.where(rate > self.decay_per_h, -0.5 * z**2, -np.inf)
        level = np.log(data.activity)[:, None] + np.outer(data.time_h, rate)  # ln A0 by each point
        precision = 1.0 / np.log1p((data.sigma / data.activity) ** 2)
        known = 0.0 if np.isinf(self.uptake_cv) else 1.0 / np.log1p(self.uptake_cv**2)
        total = precision.sum() + known
        mean = (precision @ level + known * np.log(self.uptake)) / total
        misfit = precision @ (level - mean) ** 2 + known * (np.log(self.uptake) - mean) ** 2
        weight = np.exp(log_prior - 0.5 * (misfit - misfit.min()))
        weight /= weight.sum()
        area = np.exp(mean + 0.5 / total) / rate
        second = np.exp(2 * mean + 2.0 / total) / rate**2
        first = float(weight @ area)
        return first, float(np.sqrt(max(weight @ second - first**2, 0.0)))


def warn_if_early_or_late(time_h: float, half_life_h: float) -> None:
    """Warn where one point lies outside 0.75 to 2.5 half-lives."""
    x = time_h / half_life_h
    if not 0.75 <= x <= 2.5:
        warnings.warn(
            f"The point at {time_h:g} h lies {x:.2g} half-lives after injection; the one-point "
            "estimate was checked from 0.75 to 2.5. Take it as a rough guess.",
            ValidityWarning,
            stacklevel=2,
        )


def _check(activity: float, time_h: float) -> None:
    if not (np.isfinite(activity) and activity >= 0):
        raise InputError(f"activity = {activity:g} must be a finite number of 0 or more.")
    if not (np.isfinite(time_h) and time_h > 0):
        raise InputError(f"time_h = {time_h:g} h must be greater than 0 h (after injection).")
