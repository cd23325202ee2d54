r"""From measured activity to time-integrated activity: which curve, how sure, in what units.

`fit_curves` fits all candidate shapes, weighs them by AICc and averages the time integral;
`resample` repeats that on simulated measurements; `hybrid` scales a planar series by SPECT;
`measured_activity` hands the curves on to dosimetry (theory page *estimation*, equations 1-7).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from pdcraft.domain import (
    Activity,
    Exponentials,
    InputError,
    NumericalError,
    Regions,
    TimeActivity,
    unknown,
)
from pdcraft.kinetics.exponential_fit import SHAPES, ExponentialFit, Shape, fit_shape, spread_of

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CurveChoice:
    """Curves fitted to one region, with what the data say for each.

    Attributes
    ----------
    data
        The points.
    fits
        Curves that could be fitted, simplest first.
    aicc
        Corrected information criterion of each; inf where the points are too few for it.
    weight
        Akaike weights, sum 1.
    common_cv
        Relative uncertainty that all points share (calibration, recovery, volume).
    refused
        Shapes that were not fitted, and why.
    """

    data: TimeActivity
    fits: tuple[ExponentialFit, ...]
    aicc: Array
    weight: Array
    common_cv: float = 0.0
    refused: Mapping[str, str] | None = None

    @property
    def best(self) -> ExponentialFit:
        """Curve of largest weight."""
        return self.fits[int(np.argmax(self.weight))]

    def time_integrated(self, decay_per_h: float | None = None) -> tuple[float, float]:
        r"""Time-integrated activity averaged over the curves, and its standard uncertainty.

        .. math:: \bar A=\sum_m w_m\tilde A_m,\qquad
                  u=\sum_m w_m\sqrt{u_m^2+(\tilde A_m-\bar A)^2},\qquad
                  u_\mathrm{all}^2=u^2+(\bar A\,u_c)^2

        Unit of the data times h; ``decay_per_h`` as in `ExponentialFit.time_integrated`.

        References
        ----------
        burnham2002, Eq. 4.9 (unconditional standard error); gear2018, common factors
        """
        area = np.array([f.time_integrated(decay_per_h) for f in self.fits])
        sigma = np.array([f.time_integrated_sigma(decay_per_h) for f in self.fits])
        mean = float(self.weight @ area)
        within = float(self.weight @ np.hypot(sigma, area - mean))
        return mean, float(np.hypot(within, mean * self.common_cv))

    def at(self, t_h: Array) -> Array:
        """Averaged curve at given instants, in the unit of the data."""
        return np.sum([w * f.at(t_h) for w, f in zip(self.weight, self.fits, strict=True)], axis=0)


def fit_curves(
    data: TimeActivity,
    *,
    shapes: Sequence[Shape] = SHAPES,
    sigma_known: bool | None = None,
    common_cv: float = 0.0,
    starts: Mapping[str, Array] | None = None,
) -> CurveChoice:
    r"""Every candidate curve of one region, weighed by Akaike's corrected criterion.

    .. math:: \mathrm{AICc}=-2\ln L+2K+\frac{2K(K+1)}{n-K-1},\qquad
              w_m\propto e^{-\frac12(\mathrm{AICc}_m-\min)}

    with :math:`-2\ln L=n\ln(\chi^2/n)`, :math:`K=p+1` where the scale of the errors is estimated.
    Where the uncertainties are known it is :math:`\chi^2+2p`: the correction stands for the
    estimated variance, and there is none. Where the points are too few for the criterion of every
    candidate, the first that can be fitted gets all weight.

    Parameters
    ----------
    data
        Points of one region.
    shapes
        Candidates, the simplest first.
    sigma_known
        As in `fit_shape`.
    common_cv
        Relative uncertainty that all points share (calibration, recovery, volume). 1, >= 0.
    starts
        Where the search for a shape begins, by its name, as in `fit_shape`.

    Returns
    -------
    CurveChoice

    Raises
    ------
    InputError
        If no candidate can be fitted to so few points.

    References
    ----------
    burnham2002, sections 2.4 and 2.9; kletting2013, functions and criterion for TIAs

    Examples
    --------
    >>> t = np.array([2.0, 4.0, 24.0, 48.0, 72.0, 144.0, 200.0])
    >>> y = 60 * np.exp(-0.012 * t) + 40 * np.exp(-0.2 * t)
    >>> d = TimeActivity("liver", "I-131", 0.0036, "MBq", t, y, 0.02 * y)
    >>> choice = fit_curves(d)
    >>> choice.best.shape.name, round(choice.best.time_integrated())
    ('two exponentials', 5200)
    """
    if not (np.isfinite(common_cv) and common_cv >= 0):
        raise InputError(f"common_cv = {common_cv:g} must be a finite number of 0 or more.")
    known = data.sigma is not None if sigma_known is None else sigma_known
    fits, refused = [], {}
    for shape in shapes:
        try:
            start = None if starts is None else starts.get(shape.name)
            fits.append(fit_shape(data, shape, sigma_known=sigma_known, start=start))
        except (InputError, NumericalError) as error:
            refused[shape.name] = str(error)
    if not fits:
        lines = f" (lines {', '.join(map(str, data.rows))})" if data.rows else ""
        raise InputError(
            f"Region '{data.region}': no curve can be fitted to {len(data)} points{lines}. "
            + next(iter(refused.values()), "")
        )
    aicc = np.array([_aicc(f, known) for f in fits])
    return CurveChoice(data, tuple(fits), aicc, _weights(aicc), common_cv, refused)


def _aicc(fit: ExponentialFit, known: bool) -> float:
    if known:
        return fit.chi_square + 2.0 * fit.shape.parameters
    n, k = fit.points, fit.shape.parameters + 1
    if n - k - 1 <= 0:
        return float("inf")
    minus_2_log = n * np.log(max(fit.chi_square, 1e-300) / n)
    return float(minus_2_log + 2 * k + 2 * k * (k + 1) / (n - k - 1))


def _weights(aicc: Array) -> Array:
    if not np.isfinite(aicc).any():
        return np.eye(len(aicc))[0]
    w = np.exp(-0.5 * (aicc - aicc.min()))
    return w / w.sum()


def resample(choice: CurveChoice, *, draws: int = 500, seed: int = 0) -> Array:
    """Time-integrated activities from simulated measurements: the Monte Carlo uncertainty.

    Points are drawn around the averaged curve with their uncertainty (and the common factor),
    all candidates fitted and averaged again. Unlike first order it shows skewed uncertainty and
    that of the choice of curve (shapes of weight below 1e-4 are left out).

    Parameters
    ----------
    choice
        Result of `fit_curves`.
    draws, seed
        Number of simulated series, >= 2, and the seed; draw ``i`` is the same for any ``draws``.

    Returns
    -------
    Array
        Unit of the data times h, ``[draw]``.

    Raises
    ------
    InputError
        If there are fewer than 2 draws.
    """
    if draws < 2:
        raise InputError(f"draws = {draws} must be 2 or more.")
    data, curve = choice.data, choice.at(choice.data.time_h)
    spread = spread_of(data)
    if data.sigma is None:
        spread = spread * np.sqrt(
            choice.best.chi_square / max(1, len(data) - choice.best.shape.parameters)
        )
    likely = [f for f, w in zip(choice.fits, choice.weight, strict=True) if w > 1e-4]
    shapes, starts = [f.shape for f in likely], {f.shape.name: f.parameters for f in likely}
    areas = np.empty(draws)
    for i in range(draws):
        random = np.random.default_rng([seed, i])
        y = np.maximum(curve + spread * random.standard_normal(len(data)), 1e-3 * curve)
        known = data.sigma is not None
        again = fit_curves(
            replace(data, activity=y, sigma=spread), shapes=shapes, sigma_known=known, starts=starts
        )
        areas[i] = again.time_integrated()[0] * (1 + choice.common_cv * random.standard_normal())
    return areas


def hybrid(planar: TimeActivity, spect: TimeActivity) -> TimeActivity:
    r"""A planar series brought to the scale of SPECT where both were taken.

    .. math:: y_i=k\,p_i,\qquad k=\frac{\sum_j w_j s_j/p_j}{\sum_j w_j},\qquad
              w_j=\Big(u^2(s_j)/p_j^2+(s_j/p_j)^2u_r^2(p_j)\Big)^{-1}

    The shape in time is the planar one, the level is that of SPECT; each point keeps its relative
    uncertainty. What all points share, the uncertainty of :math:`k`, is for ``common_cv``
    (`hybrid_cv`).

    Parameters
    ----------
    planar, spect
        The same region, unit and nuclide; SPECT at one or more of the planar times.

    Raises
    ------
    InputError
        If region, unit or nuclide differ, or SPECT was taken at no planar time (within 2 %).
    """
    factor, _ = _scale(planar, spect)
    sigma = None if planar.sigma is None else factor * planar.sigma
    return replace(planar, activity=factor * planar.activity, sigma=sigma)


def hybrid_cv(planar: TimeActivity, spect: TimeActivity) -> float:
    """Relative uncertainty of the factor of `hybrid`, shared by all points."""
    factor, sigma = _scale(planar, spect)
    return sigma / factor


def _scale(planar: TimeActivity, spect: TimeActivity) -> tuple[float, float]:
    for what in ("region", "unit", "nuclide"):
        a, b = getattr(planar, what), getattr(spect, what)
        if a != b:
            raise InputError(f"Planar and SPECT differ in {what}: '{a}' and '{b}'.")
    ratio, variance = [], []
    for i, t in enumerate(spect.time_h):
        j = int(np.argmin(abs(planar.time_h - t)))
        if abs(planar.time_h[j] - t) > 0.02 * max(t, 1.0):
            continue
        # both decay alike within a scan: bring SPECT to the planar instant
        s = spect.activity[i] * np.exp(spect.decay_per_h * (t - planar.time_h[j]))
        cv2 = sum(
            (d.sigma[k] / d.activity[k]) ** 2
            for d, k in ((spect, i), (planar, j))
            if d.sigma is not None
        )
        ratio.append(s / planar.activity[j])
        variance.append(ratio[-1] ** 2 * cv2)
    if not ratio:
        raise InputError(
            f"Region '{planar.region}': no SPECT lies within 2 % of a planar time "
            f"(SPECT at {', '.join(f'{t:g}' for t in spect.time_h)} h). One pair is needed."
        )
    r, v = np.array(ratio), np.array(variance)
    if not (v > 0).all():
        return float(r.mean()), 0.0
    return float((r / v).sum() / (1 / v).sum()), float((1 / v).sum() ** -0.5)


def measured_activity(
    curves: Sequence[CurveChoice], space: Regions, *, injected_MBq: float | None = None
) -> Activity:
    """Measured curves as the activity that dosimetry reads; places not measured hold none.

    Parameters
    ----------
    curves
        One for each measured region, all of one nuclide.
    space
        Regions of the result.
    injected_MBq
        Injected activity, for curves in fractions of it. MBq.

    Raises
    ------
    InputError
        If nuclides differ, a region comes twice, or ``injected_MBq`` is lacking.
    MissingError
        If a measured region is not one of ``space``.
    """
    nuclides = {c.data.nuclide for c in curves}
    names = [c.data.region for c in curves]
    if len(nuclides) != 1 or len(set(names)) != len(names):
        raise InputError(
            f"Curves must be of one nuclide (found {', '.join(sorted(nuclides)) or 'none'}) and "
            f"each region must come once (found {', '.join(names)})."
        )
    rate, rows = [], []
    for c in curves:
        if c.data.region not in space.names:
            raise unknown("Region", c.data.region, space.names)
        if c.data.unit == "1" and injected_MBq is None:
            raise InputError(f"Region '{c.data.region}' is a fraction: give injected_MBq.")
        scale = 1.0 if c.data.unit == "MBq" else float(injected_MBq or 0.0)
        for w, f in zip(c.weight, c.fits, strict=True):
            for a, b in zip(f.weight, f.loss_per_h, strict=True):
                if w > 0:
                    rate.append(b + f.decay_per_h)
                    rows.append((space.index(c.data.region), w * a * scale))
    MBq = np.zeros((len(space), 1, len(rate)))
    for m, (place, value) in enumerate(rows):
        MBq[place, 0, m] = value
    zero = jnp.zeros(len(rate))
    clock = Exponentials(jnp.asarray(rate), zero, zero)
    return Activity(space, (nuclides.pop(),), clock, jnp.asarray(MBq))
