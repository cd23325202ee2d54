"""Size of a trial with time to event: Schoenfeld's events, and patients who have them in time."""

from __future__ import annotations

import math

from scipy.special import ndtri

from pdcraft.domain import InputError


def schoenfeld_events(
    hazard_ratio: float, *, alpha: float, power: float, share_treated: float = 0.5
) -> float:
    r"""Events after which the log-rank test has the power.

    .. math:: d = \frac{(z_{1-\alpha} + z_{1-\beta})^2}{\pi(1-\pi)\,\ln^2 h}

    Parameters
    ----------
    hazard_ratio
        :math:`h`, treated over control; below 1 speaks for the treatment.
    alpha, power
        Of the one-sided test; :math:`1-\beta` is the power.
    share_treated
        :math:`\pi`, share of patients who are treated.

    Returns
    -------
    float
        Not rounded.

    Raises
    ------
    InputError
        If the hazard ratio is 1 or not positive, or a probability is none.

    References
    ----------
    schoenfeld1983; docs/theory/trial.md, Eq. 27

    Examples
    --------
    >>> round(schoenfeld_events(0.7, alpha=0.025, power=0.8), 3)
    246.787
    """
    if not 0 < hazard_ratio < math.inf or hazard_ratio == 1:
        raise InputError(
            f"hazard_ratio = {hazard_ratio:g} must be greater than 0 and not 1: with equal hazards "
            "no number of events is enough."
        )
    for name, value in (("alpha", alpha), ("power", power), ("share_treated", share_treated)):
        if not 0 < value < 1:
            raise InputError(f"{name} = {value:g} must lie between 0 and 1.")
    if power <= alpha:
        raise InputError(f"power = {power:g} must be greater than alpha = {alpha:g}.")
    z = ndtri(1 - alpha) + ndtri(power)
    return float(z**2 / (share_treated * (1 - share_treated) * math.log(hazard_ratio) ** 2))


def event_probability(median_h: float, *, accrual_h: float, followup_h: float) -> float:
    r"""Probability that a patient has had the event when the trial ends; survival is exponential.

    Patients come evenly over the accrual :math:`A`; the trial ends :math:`F` after the last one.

    .. math::
        P = 1 - \frac{e^{-\lambda F} - e^{-\lambda(A+F)}}{\lambda A}, \qquad
        \lambda = \ln 2 / \text{median}

    Parameters
    ----------
    median_h
        Median time to the event, > 0. Any unit of time, the same in all three.
    accrual_h, followup_h
        :math:`A > 0, F \ge 0`.

    Raises
    ------
    InputError
        If a time is out of range.

    References
    ----------
    docs/theory/trial.md, Eq. 28

    Examples
    --------
    >>> round(event_probability(12.0, accrual_h=24.0, followup_h=12.0), 4)
    0.7295
    """
    if not (median_h > 0 and accrual_h > 0 and followup_h >= 0):
        raise InputError(
            f"median_h = {median_h:g} h and accrual_h = {accrual_h:g} h must be greater than 0 h, "
            f"followup_h = {followup_h:g} h at least 0 h."
        )
    rate = math.log(2) / median_h
    return 1 + math.exp(-rate * followup_h) * math.expm1(-rate * accrual_h) / (rate * accrual_h)


def patients_for_events(
    events: float,
    *,
    hazard_ratio: float,
    median_control_h: float,
    accrual_h: float,
    followup_h: float,
    share_treated: float = 0.5,
) -> float:
    """Patients of both arms among whom so many events are expected when the trial ends.

    Parameters
    ----------
    events
        As from `schoenfeld_events`.
    hazard_ratio, share_treated
        Treated over control; share of patients who are treated.
    median_control_h, accrual_h, followup_h
        As in `event_probability`.

    Returns
    -------
    float
        Not rounded.

    Raises
    ------
    InputError
        If a number is out of range.

    Examples
    --------
    >>> events = schoenfeld_events(0.7, alpha=0.025, power=0.8)
    >>> round(patients_for_events(events, hazard_ratio=0.7, median_control_h=12.0,
    ...                           accrual_h=24.0, followup_h=12.0), 2)
    369.57
    """
    if not (events > 0 and hazard_ratio > 0 and 0 < share_treated < 1):
        raise InputError(
            f"events = {events:g} and hazard_ratio = {hazard_ratio:g} must be greater than 0, "
            f"share_treated = {share_treated:g} between 0 and 1."
        )
    spans = {"accrual_h": accrual_h, "followup_h": followup_h}
    control = event_probability(median_control_h, **spans)
    treated = event_probability(median_control_h / hazard_ratio, **spans)
    return events / (share_treated * treated + (1 - share_treated) * control)
