r"""Sums of exponentials through measured activity: one curve, fitted by weighted least squares.

Each term is lost by biology and by decay, :math:`e^{-(b_j+\lambda)t}` with :math:`b_j\ge 0`, so no
curve falls more slowly than the nuclide decays (theory page *estimation*, equations 1-3).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from pdcraft.domain import InputError, NumericalError, TimeActivity

Array = NDArray[np.float64]
_FAR = 80.0  # logarithms beyond it are as good as 0 or infinity; keeps trial steps finite


@dataclass(frozen=True)
class Shape:
    """Which terms a curve has.

    ``terms`` falling terms with positive weight; ``uptake`` subtracts one more, faster term, so
    that the curve begins at 0; ``clears`` False leaves decay as the only loss (one term).
    """

    name: str
    terms: int
    uptake: bool = False
    clears: bool = True

    @property
    def parameters(self) -> int:
        """Number of free parameters."""
        return self.terms * (2 if self.clears else 1) + int(self.uptake)


SHAPES = (
    Shape("decay only", 1, clears=False),
    Shape("one exponential", 1),
    Shape("uptake and one exponential", 1, uptake=True),
    Shape("two exponentials", 2),
    Shape("uptake and two exponentials", 2, uptake=True),
    Shape("three exponentials", 3),
)
"""Candidates, from the simplest on."""


@dataclass(frozen=True)
class ExponentialFit:
    r"""One curve :math:`A(t)=\sum_j a_j e^{-(b_j+\lambda)t}` and how well it is known.

    Attributes
    ----------
    shape
        Which terms there are.
    weight, loss_per_h
        :math:`a_j` (unit of the data; the uptake term's is negative) and biological rate
        :math:`b_j` (1/h). ``[term]``.
    decay_per_h
        :math:`\lambda`. 1/h.
    parameters, covariance
        Free parameters :math:`\ln a_j`, then logarithms of the steps between the rates, and
        their covariance.
    chi_square
        Sum of squared residuals, each over its standard uncertainty.
    points
        Number of points.
    """

    shape: Shape
    weight: Array
    loss_per_h: Array
    decay_per_h: float
    parameters: Array
    covariance: Array
    chi_square: float
    points: int

    def at(self, t_h: Array) -> Array:
        """Activity at given instants, in the unit of the data."""
        rate = self.loss_per_h + self.decay_per_h
        return np.exp(-np.multiply.outer(np.asarray(t_h, float), rate)) @ self.weight

    def time_integrated(self, decay_per_h: float | None = None) -> float:
        r"""Time-integrated activity to infinity, :math:`\sum_j a_j/(b_j+\lambda)`; unit times h.

        With another decay constant it is that of another nuclide on the same molecule.
        """
        return _area(self.shape, self.parameters, self._decay(decay_per_h))

    def time_integrated_sigma(self, decay_per_h: float | None = None) -> float:
        r"""Standard uncertainty of `time_integrated` to first order, :math:`\sqrt{g^T C g}`."""
        lam = self._decay(decay_per_h)
        slope = _gradient(lambda p: _area(self.shape, p, lam), self.parameters)
        return float(np.sqrt(max(slope @ self.covariance @ slope, 0.0)))

    @property
    def half_life_h(self) -> Array:
        """Effective half-life of every term. h."""
        return np.log(2.0) / (self.loss_per_h + self.decay_per_h)

    def _decay(self, decay_per_h: float | None) -> float:
        lam = self.decay_per_h if decay_per_h is None else decay_per_h
        if not lam > 0:
            raise InputError(f"decay_per_h = {lam:g} 1/h must be greater than 0 1/h.")
        return lam


def fit_shape(
    data: TimeActivity,
    shape: Shape,
    *,
    sigma_known: bool | None = None,
    start: Array | None = None,
) -> ExponentialFit:
    r"""The curve of one shape nearest to the points.

    .. math:: \min_{a,b}\ \chi^2=\sum_i\frac{(y_i-A(t_i))^2}{\sigma_i^2},\qquad
              C=s^2\,(J^TJ)^{-1},\quad s^2=1\ \text{or}\ \frac{\chi^2}{n-p}

    Parameters
    ----------
    data
        Points of one region. Without ``sigma`` all points get the same relative uncertainty.
    shape
        Which terms.
    sigma_known
        True takes the uncertainties as they are (:math:`s^2=1`); False scales the covariance by
        the residuals, as the EANM guidance does. None: True where the data bring ``sigma``.
    start
        Free parameters to begin with, as of an earlier fit; None searches a grid of rates.

    Returns
    -------
    ExponentialFit

    Raises
    ------
    InputError
        If there are fewer points than parameters, or as many while ``sigma`` is not known.
    NumericalError
        If no curve of this shape was found.

    References
    ----------
    gear2018, "Time-activity curve fitting": covariance of a non-linear least-squares fit

    Examples
    --------
    >>> t = np.array([4.0, 24.0, 72.0, 144.0])
    >>> d = TimeActivity("liver", "I-131", 0.0036, "MBq", t, 50 * np.exp(-0.01 * t))
    >>> round(fit_shape(d, SHAPES[1]).time_integrated(), 3)
    5000.0
    """
    known = data.sigma is not None if sigma_known is None else sigma_known
    n, p = len(data), shape.parameters
    if n < p or (n == p and not known):
        need = "" if known else ", one more while the uncertainty of the points is not known"
        raise InputError(
            f"Region '{data.region}': {n} points for the {p} parameters of '{shape.name}'{need}. "
            "Choose fewer terms, measure more points, or use a single-time-point method."
        )
    sigma = spread_of(data)

    def residual(p: Array) -> Array:
        a, b = _terms(shape, p)
        return (np.exp(-np.outer(data.time_h, b + data.decay_per_h)) @ a - data.activity) / sigma

    def slope(p: Array) -> Array:
        return _jacobian(shape, p, data.time_h, data.decay_per_h) / sigma[:, None]

    best = None
    for begin in _starts(data, shape, sigma) if start is None else [start]:
        found: Any = scipy.optimize.least_squares(
            residual,
            begin,
            jac=slope,  # pyright: ignore[reportArgumentType]
            method="lm",
            max_nfev=300,
            # Far below any uncertainty, so that where the iteration stops does not hang on how
            # sums round, which differs with where the arrays lie in memory.
            ftol=1e-13,
            xtol=1e-13,
            gtol=1e-13,
        )
        if np.isfinite(found.cost) and (best is None or found.cost < best.cost):
            best = found
    if best is None:
        raise NumericalError(
            f"Region '{data.region}': no curve '{shape.name}' was found. Try another shape."
        )
    J, chi_square = slope(best.x), 2.0 * best.cost
    scale = 1.0 if known else chi_square / (n - p)
    a, b = _terms(shape, best.x)
    covariance = scale * np.asarray(np.linalg.pinv(J.T @ J, rcond=1e-13), float)
    return ExponentialFit(shape, a, b, data.decay_per_h, best.x, covariance, float(chi_square), n)


def spread_of(data: TimeActivity) -> Array:
    """Standard uncertainty of the points; in proportion to the value where none was given."""
    if data.sigma is not None:
        return np.asarray(data.sigma, float)
    largest = float(np.max(data.activity))
    if largest <= 0:
        raise InputError(f"Region '{data.region}' holds no activity at any time. Leave it out.")
    return np.maximum(data.activity, 1e-3 * largest)


def _terms(shape: Shape, p: Array) -> tuple[Array, Array]:
    """Weights and biological rates from the free parameters; rates rise from term to term."""
    p = np.clip(p, -_FAR, _FAR)
    a = np.exp(p[: shape.terms])
    b = np.cumsum(np.exp(p[shape.terms :])) if shape.clears else np.zeros(1)
    return (np.append(a, -a.sum()) if shape.uptake else a), b


def _jacobian(shape: Shape, p: Array, t: Array, lam: float) -> Array:
    a, b = _terms(shape, p)
    wave = np.exp(-np.outer(t, b + lam))
    by_weight = wave[:, : shape.terms] * a[: shape.terms]
    if shape.uptake:
        by_weight = by_weight - wave[:, -1:] * a[: shape.terms]
    if not shape.clears:
        return by_weight
    by_rate = -t[:, None] * wave * a
    # a step before term j moves every rate from j on
    by_step = np.cumsum(by_rate[:, ::-1], axis=1)[:, ::-1] * np.exp(
        np.clip(p[shape.terms :], -_FAR, _FAR)
    )
    return np.concatenate([by_weight, by_step], axis=1)


def _area(shape: Shape, p: Array, lam: float) -> float:
    a, b = _terms(shape, p)
    return float(np.sum(a / (b + lam)))


def _gradient(f, p: Array, step: float = 1e-5) -> Array:
    """Central differences; parameters are logarithms, so one step serves all."""
    return np.array([(f(p + d) - f(p - d)) / (2 * step) for d in step * np.eye(len(p))])


def _starts(data: TimeActivity, shape: Shape, sigma: Array, most: int = 3) -> list[Array]:
    """Best points of a coarse grid of rates, the weights by non-negative least squares."""
    if not shape.clears:
        level = float(np.max(data.activity * np.exp(data.decay_per_h * data.time_h)))
        return [np.log([max(level, 1e-300)])]
    first, last = max(float(data.time_h[data.time_h > 0].min(initial=np.inf)), 1e-3), 1.0
    first = 1.0 if not np.isfinite(first) else first
    last = max(float(data.time_h[-1]), first)
    grid = np.geomspace(0.02 / last, 8.0 / first, 9)
    count = shape.terms + int(shape.uptake)
    found = []
    for rates in itertools.combinations(grid, count):
        b = np.array(rates)
        wave = np.exp(-np.outer(data.time_h, b + data.decay_per_h))
        basis = wave[:, : shape.terms] - (wave[:, -1:] if shape.uptake else 0.0)
        a, rest = scipy.optimize.nnls(basis / sigma[:, None], data.activity / sigma)
        floor = 1e-3 * max(float(a.max()), 1e-300)
        steps = np.diff(b, prepend=0.0)
        found.append((rest, np.log(np.concatenate([np.maximum(a, floor), steps]))))
    found.sort(key=lambda pair: pair[0])
    return [start for _, start in found[:most]]
