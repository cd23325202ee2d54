"""Maximum likelihood for a population: search, standard errors, and what came of it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from pdcraft.domain import InputError, NumericalError, ValidityWarning
from pdcraft.domain.records import Records
from pdcraft.kinetics.estimation.estimates import Estimate, at, estimates
from pdcraft.kinetics.estimation.likelihood import Objective
from pdcraft.kinetics.estimation.model import PopulationModel
from pdcraft.kinetics.estimation.schedule import Schedule, schedule

Floats = NDArray[np.float64]

_AGAIN = 5  # searches after one that ended at a kink above a lower value


@dataclass(frozen=True)
class PopulationFit:
    """What a search found.

    Attributes
    ----------
    model
        The model with its values at the optimum.
    method, objective
        Method, and -2 ln L without n ln 2 pi of the n measured (not censored) values.
    free, covariance
        Free parameters at the optimum (logarithms, see `PopulationModel.start`) and their
        covariance; nan where the Hessian is not positive definite.
    eta
        Most probable random effects (after the search with FO). ``[patient, effect]``.
    gradient
        Gradient of the objective at the end; near 0 if converged.
    converged, evaluations, message
        Whether one more Newton step would gain less than 0.001 (at a kink: no tenth of a standard
        error does), and how the search ended.
    estimates
        Typical values, variances and covariances, error, with standard errors.
    steps
        The data as the model reads them.
    """

    model: PopulationModel
    method: str
    objective: float
    free: Floats
    covariance: Floats
    eta: Floats
    gradient: Floats
    converged: bool
    evaluations: int
    message: str
    estimates: tuple[Estimate, ...]
    steps: Schedule

    @property
    def observations(self) -> int:
        """Number of values that count."""
        return int(np.asarray(self.steps.is_observed).sum())

    @property
    def log_likelihood(self) -> float:
        """Logarithm of the (approximate) likelihood, all constants included."""
        measured = np.asarray(self.steps.is_observed) & (np.asarray(self.steps.censoring) == 0)
        return -0.5 * (self.objective + int(measured.sum()) * float(np.log(2 * np.pi)))

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return -2.0 * self.log_likelihood + 2.0 * len(self.free)

    @property
    def condition_number(self) -> float:
        """Largest over smallest eigenvalue of the correlation of the free parameters."""
        if not np.isfinite(self.covariance).all() or not len(self.free):
            return float("nan")
        sd = np.sqrt(np.diagonal(self.covariance))
        values = np.linalg.eigvalsh(self.covariance / np.outer(sd, sd))
        return float(values[-1] / values[0])

    def __getitem__(self, name: str) -> Estimate:
        """One estimate by name."""
        return next(e for e in self.estimates if e.name == name)


def prepare(
    model: PopulationModel, records: Records, *, carry: Literal["locf", "nocb"] = "locf"
) -> Schedule:
    """The data as the model reads them; see `schedule`.

    Raises
    ------
    InputError
        If nothing was observed, or a value is negative where the error grows with the prediction,
        or the model does not know the occasions of the data.
    """
    if records.observations == 0:
        raise InputError("The data hold no observation that counts (EVID 0 and MDV 0).")
    if model.occasions is not None:
        model.occasions.check(records)
    steps = schedule(
        records, model.structure.places, default=model.structure.dose_place,
        measured=model.structure.measured_places, absorbs=model.structure.absorbs,
        covariates=model.reads, carry=carry,
    )  # fmt: skip
    record, kind = np.asarray(steps.record), np.zeros(len(records.time_h), int)
    kind[record[record >= 0]] = np.asarray(steps.kind)[record >= 0]
    measured = records.is_observed & (records.censoring == 0)
    for k, (prefix, error) in enumerate(model.errors):
        negative = np.flatnonzero(measured & (records.value < 0) & (kind == k))
        if f"{prefix}proportional" in model.sigma and len(negative):
            raise InputError(
                f"Negative values: {', '.join(records.row(int(r)) for r in negative[:20])}. With "
                f"error '{error}' none can be; leave them out (MDV = 1), say CENS = 1 with the "
                "limit in DV, or use error = 'additive'."
            )
    model.structure.check(steps)
    if steps.moved is not None:
        model.structure.check_start(model.typical(steps), steps)
    return steps


def fit_population(
    model: PopulationModel,
    steps: Schedule,
    *,
    method: str = "focei",
    most: int = 200,
    tolerance: float = 1e-3,
    standard_errors: Literal["hessian", "sandwich", "none"] = "hessian",
) -> PopulationFit:
    r"""Estimates that minimise the objective of a method.

    BFGS on logarithms of what must be positive, begun with the curvature
    :math:`\frac12\sum_ig_ig_i^T` of the patients' gradients. The covariance of the free parameters
    is :math:`R^{-1}` or the sandwich :math:`R^{-1}SR^{-1}`,

    .. math:: R=\tfrac12\nabla^2O,\qquad S=\tfrac14\sum_ig_ig_i^T,

    with the Hessian from differences of exact gradients; standard errors by first order on the
    natural scale.

    Parameters
    ----------
    model, steps
        What is fitted to what; see `prepare`.
    method
        ``"fo"``, ``"foce"``, ``"focei"`` or ``"laplace"``.
    most
        Largest number of iterations.
    tolerance
        The search ends where no component of the gradient is larger.
    standard_errors
        ``"hessian"`` (:math:`R^{-1}`); ``"sandwich"``, right also where the model's variability is
        not, but too small for few patients; or ``"none"``.

    Returns
    -------
    PopulationFit

    Raises
    ------
    InputError
        If there are fewer observations than parameters, or the data do not suit the method.
    NumericalError
        If the objective has no finite value at the initial values.

    References
    ----------
    wang2007, Eqs. 11-25; almquist2015, gradients through the inner optimum
    """
    objective = Objective(model, method)
    objective.check(steps)
    _check_size(model, steps)
    search = _Search(objective, steps)
    x0 = model.start()
    value, slopes = search.parts(x0)
    if not np.isfinite(value).all():
        bad = np.flatnonzero(~np.isfinite(value))[:5]
        raise NumericalError(
            f"At the initial values the objective is not finite for patients "
            f"{', '.join(str(b + 1) for b in bad)}. With proportional error no prediction "
            "may be 0: use 'combined', or leave out values before the first dose."
        )
    curvature = _information(slopes)
    found = _minimise(search, x0, curvature, tolerance, most)
    evaluations, is_lowest = int(found.nfev), False
    for _ in range(0 if steps.moved is None else _AGAIN):
        lower = _lower(search, np.asarray(found.x))
        is_lowest = lower is None
        if lower is None:
            break
        found = _minimise(search, lower, curvature, tolerance, most)
        evaluations += int(found.nfev)
    x = np.asarray(found.x)
    value, slopes = search.parts(x)
    gradient = slopes.sum(0)
    covariance = np.full((len(x), len(x)), np.nan)
    if standard_errors != "none" and len(x):
        # steps wide enough to reach beyond kinks, where a dose begins or ends at a measurement
        covariance = _covariance(search, x, 1e-4 if steps.moved is None else 0.01)
    likely = covariance if np.isfinite(covariance).all() else 2 * _inverse(curvature)
    if standard_errors == "sandwich":
        covariance = covariance @ (0.25 * slopes.T @ slopes) @ covariance
    # what one more Newton step would gain; differences of 0.001 decide nothing
    gain = float(0.25 * gradient @ likely @ gradient)
    converged = bool(gain < 1e-3)
    message = f"minimum found: a further Newton step would gain {gain:.1g}"
    if is_lowest and not converged:
        converged = True
        message = "minimum found at a kink, where a dose begins or ends at a measurement"
    if not converged:
        message = str(found.message)
        warnings.warn(
            f"The search ended {gain:.2g} above the minimum that its gradient points to: "
            f"{found.message} Estimates may not be the optimum; try other initial values.",
            ValidityWarning,
            stacklevel=2,
        )
    at_end, eta = at(model, x), np.asarray(search.eta)
    if method == "fo":  # which linearises about 0 and never looks for them
        eta = np.asarray(Objective(model, "foce").modes(x, eta, steps))
    return PopulationFit(
        at_end, method, float(value.sum()), x, covariance, eta, gradient,
        converged, evaluations, message,
        estimates(model, x, covariance, patients=len(search.eta)), steps,
    )  # fmt: skip


def objective_at(model: PopulationModel, steps: Schedule, *, method: str) -> float:
    """Objective of a model at its values, without a search (MAXEVAL=0): -2 ln L less n ln 2 pi."""
    objective = Objective(model, method)
    objective.check(steps)
    free = model.start()
    zero = np.zeros((steps.wait_h.shape[0], model.deviations))
    eta = objective.modes(free, zero, steps)
    return float(np.asarray(objective.values(free, eta, steps)).sum())


class _Search:
    """The objective as the optimiser sees it; random effects begin where they last ended."""

    def __init__(self, objective: Objective, steps: Schedule):
        self.objective, self.steps = objective, steps
        n, e = steps.wait_h.shape[0], objective.model.deviations
        self.eta = self.best = np.zeros((n, e))
        self.lowest = np.inf

    def parts(self, x: Floats) -> tuple[Floats, Floats]:
        free = np.asarray(x, float)
        self.eta = self.objective.modes(free, self.best, self.steps)
        value, slopes = self.objective.value_and_slopes(free, self.eta, self.steps)
        value = np.asarray(value)
        if value.sum() < self.lowest:
            self.lowest, self.best = float(value.sum()), self.eta
        return value, np.asarray(slopes)

    def __call__(self, x: Floats) -> tuple[float, Floats]:
        if np.abs(x).max(initial=0.0) > 50.0:
            return 1e30, np.zeros_like(x)
        value, slopes = self.parts(x)
        total, gradient = float(value.sum()), slopes.sum(0)
        if not (np.isfinite(total) and np.isfinite(gradient).all()):
            return 1e30, np.zeros_like(x)
        return total, gradient


def _check_size(model: PopulationModel, steps: Schedule) -> None:
    seen, free = int(np.asarray(steps.is_observed).sum()), len(model.start())
    if seen < free:
        raise InputError(
            f"{seen} observations cannot determine {free} parameters ({', '.join(model.names)}). "
            "Fix some, or use more data."
        )


def _information(slopes: Floats) -> Floats:
    """Half the Hessian of the objective by the slopes of patients, made invertible."""
    size = max(1.0, float(np.abs(slopes).max(initial=0.0)))
    return 0.5 * slopes.T @ slopes + 1e-3 * size * np.eye(slopes.shape[1])


def _minimise(
    search: _Search, x: Floats, curvature: Floats, tolerance: float, most: int
) -> scipy.optimize.OptimizeResult:
    return scipy.optimize.minimize(
        search, x, jac=True, method="BFGS",
        options={"gtol": tolerance, "maxiter": most, "hess_inv0": _inverse(curvature)},
    )  # fmt: skip


def _lower(search: _Search, x: Floats) -> Floats | None:
    """Where a tenth of a standard error in one parameter lowers the objective by 0.001, if so."""
    value, slopes = search.parts(x)
    sd = np.sqrt(np.diagonal(2 * _inverse(_information(slopes))))
    near = [x + s * d for d in 0.1 * np.diag(sd) for s in (1, -1)]
    values = [search.parts(n)[0].sum() for n in near]
    best = int(np.argmin(values))
    return near[best] if values[best] < value.sum() - 1e-3 else None


def _covariance(search: _Search, x: Floats, step: float) -> Floats:
    rows = []
    for d in step * np.eye(len(x)):
        up, down = (search.parts(x + s * d)[1].sum(0) for s in (1, -1))
        rows.append((up - down) / (2 * step))
    hessian = 0.5 * (np.array(rows) + np.array(rows).T)
    search.parts(x)
    try:
        np.linalg.cholesky(hessian)
    except np.linalg.LinAlgError:
        warnings.warn(
            "The Hessian of the objective is not positive definite: the data do not determine all "
            "parameters, so there are no standard errors. Fix one, or leave an effect out.",
            ValidityWarning,
            stacklevel=3,
        )
        return np.full_like(hessian, np.nan)
    return np.asarray(2.0 * np.linalg.inv(hessian), float)


def _inverse(matrix: Floats) -> Floats:
    inverse = np.asarray(np.linalg.inv(matrix), float)
    return 0.5 * (inverse + inverse.T)
