"""Intervals of what a run says: from the number of patients, or from draws of a posterior.

Patient *i* lives in draw *i* mod *n* (`pdcraft.trial.Population.beliefs`), so every draw has its
own patients. Their means scatter by what calibration left undecided and by their small number; the
second part is known and taken out, and the error of all patients together is put in its place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats


def spread(
    middle: NDArray | float,
    means: NDArray,
    each: NDArray | float,
    *,
    within: float = 0.90,
    patients: tuple[float, float] | None = None,
) -> tuple[NDArray, NDArray]:
    r"""Interval of a mean from the means of the draws.

    .. math:: m \pm \sqrt{k^2 (q_p - \bar m)^2 + z_p^2\, e/n}, \quad
              k^2 = \max(0,\, 1 - e/s^2)

    with the variance *s²* and the quantiles *q* of the means of *n* draws, and the variance *e* of
    one draw's mean that its few patients make: the scatter of the draws without that of their
    patients, and the error of all patients together.

    Parameters
    ----------
    middle
        Mean of all patients.
    means
        Of every draw; ``[draw, ...]``.
    each
        The variance *e*.
    within
        Probability inside the interval.
    patients
        How far down and up the error of all patients reaches, where it is known better than by
        :math:`z_p\sqrt{e/n}`.

    Returns
    -------
    tuple of arrays
        Lower and upper end.

    Examples
    --------
    Draws that differ by no more than their few patients make them leave the error of all patients:

    >>> means = np.array([-1.0, 1.0] * 50)
    >>> low, high = spread(0.0, means, 1.0)
    >>> round(float(high), 3)
    0.164
    """
    tail = (1.0 - within) / 2.0
    between, centre = means.var(axis=0), means.mean(axis=0)
    shrunk = np.sqrt(np.maximum(0.0, 1.0 - each / np.maximum(between, 1e-300)))
    error = stats.norm.ppf(1.0 - tail) * np.sqrt(np.asarray(each) / len(means))
    of_down, of_up = (error, error) if patients is None else patients
    low, high = np.quantile(means, (tail, 1.0 - tail), axis=0, method="weibull")
    down = np.hypot(shrunk * np.maximum(0.0, centre - low), of_down)
    up = np.hypot(shrunk * np.maximum(0.0, high - centre), of_up)
    return middle - down, middle + up


def believed(
    number: NDArray, values: NDArray, draws: int, *, within: float = 0.90
) -> tuple[float, float, float]:
    """Mean over patients and its interval; with draws, of what calibration left undecided.

    Parameters
    ----------
    number
        Of every patient; it tells the draw.
    values
        What is averaged, a number or yes and no; ``[patient]``.
    draws
        Draws of the posterior; with less than two, the interval of the patients' number alone, for
        yes and no by Wilson's formula.
    within
        Probability inside the interval.
    """
    mean, yes_no = float(values.mean()), values.dtype == bool
    if yes_no:
        found = stats.binomtest(int(values.sum()), len(values))
        ends = found.proportion_ci(within, method="wilson")
        down, up = mean - float(ends.low), float(ends.high) - mean
    else:
        error = stats.norm.ppf((1.0 + within) / 2.0) * values.std(ddof=1) / np.sqrt(len(values))
        down = up = float(error)
    if draws < 2:
        return mean, mean - down, mean + up
    means = by_draw(number, values, draws)
    each = values.astype(float).var() / (len(values) / len(means))
    low, high = (
        float(end) for end in spread(mean, means, each, within=within, patients=(down, up))
    )
    return (mean, max(0.0, low), min(1.0, high)) if yes_no else (mean, low, high)


def by_draw(number: NDArray, values: NDArray, draws: int) -> NDArray:
    """Mean of a value in every draw that has patients. ``[draw]``."""
    of = number % draws
    count = np.bincount(of, minlength=draws)
    total = np.bincount(of, weights=values.astype(float), minlength=draws)
    return total[count > 0] / count[count > 0]
