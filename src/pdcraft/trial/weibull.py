"""Weibull survival of censored times, as a curve to plan the next trial from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import root_scalar

from pdcraft.domain import InputError


@dataclass(frozen=True)
class Weibull:
    r"""Survival :math:`S(t) = \exp[-(t/e^\mu)^{1/\sigma}]`.

    Attributes
    ----------
    log_scale, inverse_shape
        :math:`\mu, \sigma`, with the time in the unit of the data.
    log_likelihood
        Of the times it was estimated from; 0 if it was not.

    References
    ----------
    kalbfleisch2002, accelerated failure time; docs/theory/trial.md, Eq. 41

    Examples
    --------
    >>> fit = Weibull.of([1.0, 2.0, 4.0], [True, True, True])
    >>> round(fit.median, 3)
    2.208
    """

    log_scale: float
    inverse_shape: float
    log_likelihood: float = 0.0

    @classmethod
    def of(
        cls, time: Float[np.ndarray, "patient"], happened: Bool[np.ndarray, "patient"]
    ) -> Weibull:
        """Estimate of largest likelihood: the shape by its root, the scale in closed form.

        Raises
        ------
        InputError
            If times are not positive or fewer than two different ones are events.
        """
        time, happened = np.asarray(time, float), np.asarray(happened, bool)
        if time.shape != happened.shape or not np.all(time > 0):
            raise InputError("time needs one positive value for each patient, as happened does.")
        if len(np.unique(time[happened])) < 2:
            raise InputError("A shape needs events at two different times at least.")
        log, events = np.log(time), int(happened.sum())
        log = log - log.max()

        def slope(shape: float) -> float:
            power = np.exp(shape * log)
            return float(power @ log / power.sum() - 1 / shape - log[happened].mean())

        shape = float(root_scalar(slope, bracket=(1e-3, 1e3), xtol=1e-14, rtol=1e-14).root)
        mean = np.log(np.exp(shape * log).sum() / events) / shape + np.log(time).max()
        hazard = np.log(shape) + (shape - 1) * np.log(time[happened]) - shape * mean
        return cls(float(mean), 1 / shape, float(hazard.sum() - events))

    @property
    def median(self) -> float:
        """Time at which half survive."""
        return float(np.exp(self.log_scale) * np.log(2) ** self.inverse_shape)
