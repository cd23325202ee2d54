"""Intervals of what a run says: from the number of patients, or from draws of a posterior.

Patient *i* lives in draw *i* mod *n* (`pdcraft.trial.Population.beliefs`), so every draw has its
own patients. Their means scatter by what calibration left undecided and by their small number; the
second part is known and taken out, and the error of all patients together is put in its place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.stats import mstats

_FEWEST = 3
"""Patients of a draw from whom the error of their median can be estimated."""


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
    of, means = _by_draw(number, values, draws)
    n, k = len(values), len(means)
    each = ((values - means[of]) ** 2).sum() / max(n - k, 1) * k / n
    low, high = (
        float(end) for end in spread(mean, means, each, within=within, patients=(down, up))
    )
    return (mean, max(0.0, low), min(1.0, high)) if yes_no else (mean, low, high)


def believed_median(
    number: NDArray, values: NDArray, draws: int, *, within: float = 0.90
) -> tuple[float, float, float]:
    """Median over patients and its interval over draws, as `believed`.

    What few patients do to the median of a draw is estimated from their order (Maritz and Jarrett).
    Where fewer than two draws have patients enough, the interval is that of the patients' number,
    between two of them by the binomial distribution.

    Parameters
    ----------
    number, values
        Of every patient. ``[patient]``
    draws
        Draws of the posterior; those with fewer than three patients are left out.
    within
        Probability inside the interval.

    Examples
    --------
    >>> draw = np.arange(4000) % 20
    >>> patients = np.random.default_rng(2).normal(draw, 1.0)
    >>> [round(x) for x in believed_median(np.arange(4000), patients, 20)]
    [10, 0, 19]
    """
    of = number % max(draws, 1)
    groups = [one for k in range(draws) if len(one := values[of == k]) >= _FEWEST]
    if len(groups) < 2:
        reach = stats.norm.ppf((1.0 + within) / 2.0) * 0.5 / np.sqrt(len(values))
        ends = np.clip((0.5 - reach, 0.5, 0.5 + reach), 0.0, 1.0)
        low, middle, high = (float(v) for v in np.quantile(values, ends))
        return middle, low, high
    medians = np.array([np.median(one) for one in groups])
    error = [mstats.mjci(one, prob=[0.5])[0] for one in groups]
    middle = float(np.median(values))
    low, high = spread(middle, medians, float(np.square(error).mean()), within=within)
    return middle, float(low), float(high)


def _by_draw(number: NDArray, values: NDArray, draws: int) -> tuple[NDArray, NDArray]:
    """Position of every patient's draw among those that have patients, and the draws' means."""
    _, of = np.unique(number % draws, return_inverse=True)
    return of, np.bincount(of, weights=values.astype(float)) / np.bincount(of)
