"""What a fitted model would measure: simulated data, checks, discrepancies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import scipy.special
from jaxtyping import Array, Float
from numpy.typing import NDArray

from pdcraft.domain import InputError
from pdcraft.domain.random import stream
from pdcraft.kinetics.estimation.model import PopulationModel
from pdcraft.kinetics.estimation.schedule import Schedule

Floats = NDArray[np.float64]


def simulate_values(
    model: PopulationModel, steps: Schedule, *, draws: int, seed: int
) -> Float[Array, "draw patient step"]:
    """Simulated measurements of the same patients, doses and times.

    A draw is addressed by (seed, draw, patient): it does not depend on how many there are.

    Parameters
    ----------
    model, steps
        Values of the model, and what was given and measured when.
    draws, seed
        How many times the trial is repeated (>= 1), and the seed.

    Returns
    -------
    Array
        Unit of the data; nan where nothing is observed.
    """
    if draws < 1:
        raise InputError(f"draws = {draws} must be 1 or more.")
    made = _simulate(_Same(model), stream(seed, "estimation"), jnp.arange(draws), steps)
    return jnp.where(steps.is_observed, made, jnp.nan)


class _Same:
    """A model as a static argument, equal to itself only."""

    def __init__(self, model: PopulationModel):
        self.model = model

    def __hash__(self) -> int:
        return id(self.model)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.model is self.model


@partial(jax.jit, static_argnums=0)
def _simulate(same: _Same, key: Array, numbers: Array, steps: Schedule) -> Array:
    model = same.model
    theta, root, sigma = model.unpack(jnp.asarray(model.start()))

    def one(number: Array, patient: Array, own: Schedule) -> Array:
        own_key = jax.random.fold_in(jax.random.fold_in(key, number), patient)
        of_eta, of_error = jax.random.split(own_key)
        eta = root @ jax.random.normal(of_eta, (root.shape[0],), dtype=float)
        f = model.predict(theta, eta, own)
        noise = jax.random.normal(of_error, f.shape, dtype=float)
        return f + noise * jnp.sqrt(model.variance(f, sigma, own))

    patients = jnp.arange(steps.wait_h.shape[0])
    every = jax.vmap(one, in_axes=(None, 0, 0))
    return jax.lax.map(lambda number: every(number, patients, steps), numbers)


@dataclass(frozen=True)
class PredictiveCheck:
    """Percentiles of the data and of simulated data, by bins of time.

    Attributes
    ----------
    time_h
        Median time of each bin. h, ``[bin]``.
    percentiles
        As 5, 50, 95.
    observed
        Percentiles of the data. ``[bin, percentile]``.
    simulated
        Of the simulations: 5 %, 50 % and 95 % of each percentile. ``[bin, percentile, 3]``.
    count
        Observations in each bin.
    is_corrected
        Whether values were corrected for the typical prediction (pcVPC).
    """

    time_h: Floats
    percentiles: tuple[float, ...]
    observed: Floats
    simulated: Floats
    count: NDArray[np.int64]
    is_corrected: bool


def predictive_check(
    model: PopulationModel,
    steps: Schedule,
    *,
    draws: int = 500,
    seed: int = 0,
    bins: int = 8,
    correct: bool = True,
    percentiles: tuple[float, ...] = (5.0, 50.0, 95.0),
    kind: int = 0,
) -> PredictiveCheck:
    r"""Visual predictive check, prediction-corrected unless ``correct`` is False.

    .. math:: y_{ij}^c=y_{ij}\,\widetilde{\mathrm{PRED}}_b/\mathrm{PRED}_{ij}

    (differences instead of quotients for data on the log scale). Bins hold equal numbers of
    observations. Where values lie below a limit of quantification, data and simulations are not
    corrected and set to the largest limit where they lie below it. Of several kinds of observation
    one is shown.

    References
    ----------
    bergstrand2011, Eqs. 1-3
    """
    if bins < 1:
        raise InputError(f"bins = {bins} must be 1 or more.")
    seen = np.asarray(steps.is_observed) & (np.asarray(steps.kind) == kind)
    if not seen.any():
        raise InputError(f"No observation is of kind {kind}; there are {len(model.errors)}.")
    y, t = np.asarray(steps.value)[seen], np.asarray(steps.time_h)[seen]
    made = np.asarray(simulate_values(model, steps, draws=draws, seed=seed))[:, seen]
    below = (np.asarray(steps.censoring) == 1)[seen]
    if below.any():
        limits, correct = np.asarray(steps.limit)[seen], False
        y = np.where(below, limits, y)
        y, made = (np.maximum(x, limits[below].max()) for x in (y, made))
    edges = np.unique(np.quantile(t, np.linspace(0, 1, bins + 1)))
    place = np.clip(np.searchsorted(edges, t, side="right") - 1, 0, max(len(edges) - 2, 0))
    if correct:
        typical = np.asarray(typical_values(model, steps))[seen]
        is_log = model.errors[kind][1] == "log"
        y, made = _corrected(is_log, y, made, typical, place)
    kept = [b for b in range(max(len(edges) - 1, 1)) if (place == b).any()]
    observed = np.array([np.percentile(y[place == b], percentiles) for b in kept])
    each = np.array([np.percentile(made[:, place == b], percentiles, axis=1) for b in kept])
    simulated = np.moveaxis(np.percentile(each, [5, 50, 95], axis=2), 0, -1)
    middle = np.array([np.median(t[place == b]) for b in kept])
    count = np.array([(place == b).sum() for b in kept])
    return PredictiveCheck(middle, percentiles, observed, simulated, count, correct)


def _corrected(
    is_log: bool, y: Floats, made: Floats, typical: Floats, place: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    middle = np.array([np.median(typical[place == b]) if (place == b).any() else np.nan
                       for b in range(place.max() + 1)])[place]  # fmt: skip
    if is_log:
        return y + middle - typical, made + middle - typical
    positive = typical > 0
    factor = np.where(positive, middle / np.where(positive, typical, 1.0), 1.0)
    return y * factor, made * factor


def typical_values(model: PopulationModel, steps: Schedule) -> Float[Array, "patient step"]:
    """Predictions without random effects (PRED), in the unit of the data."""
    theta, root, _ = model.unpack(jnp.asarray(model.start()))
    zero = jnp.zeros(root.shape[0])
    return jax.jit(jax.vmap(lambda s: model.predict(theta, zero, s)))(steps)


def discrepancies(
    model: PopulationModel, steps: Schedule, *, draws: int = 1000, seed: int = 0
) -> Floats:
    r"""Normalised prediction distribution errors; standard normal if the model is right.

    Simulated and observed values of a patient are decorrelated by the Cholesky root of the
    simulated covariance; the rank of the observed among the simulated becomes a normal quantile.

    Returns
    -------
    Array
        ``[patient, step]``, nan where nothing is observed and for censored values.

    References
    ----------
    brendel2006, Eqs. 3-6
    """
    if draws < 100:
        raise InputError(f"draws = {draws} must be 100 or more for a rank to mean anything.")
    made = np.asarray(simulate_values(model, steps, draws=draws, seed=seed))
    seen = np.asarray(steps.is_observed) & (np.asarray(steps.censoring) == 0)
    y = np.asarray(steps.value)
    out = np.full(seen.shape, np.nan)
    for i in range(seen.shape[0]):
        own = seen[i]
        if own.any():
            out[i, own] = _normal_ranks(y[i, own], made[:, i, own])
    return out


def _normal_ranks(y: Floats, made: Floats) -> Floats:
    mean, count = made.mean(0), len(made)
    covariance = np.atleast_2d(np.cov(made.T))
    root = np.linalg.cholesky(covariance + 1e-12 * np.trace(covariance) * np.eye(len(y)))
    flat = np.linalg.solve(root, (made - mean).T)
    seen = np.linalg.solve(root, y - mean)
    rank = (flat < seen[:, None]).mean(1)
    # a rank of 0 or 1 has no quantile: half a draw from the edge
    return scipy.special.ndtri(np.clip(rank, 0.5 / count, 1.0 - 0.5 / count))
