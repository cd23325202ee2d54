r"""From a tracer to the therapy: what one patient's CLR 124 says about CLR 131.

The carrier is the same molecule, so its kinetics are too; only decay and what is emitted differ.
Individual parameters have the library's spread as prior; measurements of tracer activity give
their posterior; each draw of it goes down the river with the therapeutic agent. Any kinetic model
serves: it is used through `kinetics.simulate` only (theory page *estimation*, equation 14).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from pdcraft import decay, kinetics
from pdcraft.domain import (
    Agent,
    InputError,
    ParameterSet,
    Patient,
    Regimen,
    TimeActivity,
    Values,
    unknown,
)
from pdcraft.dosimetry import AbstractEngine
from pdcraft.kinetics import AbstractModel
from pdcraft.study.course import expose
from pdcraft.study.weighed import posterior_draws
from pdcraft.trial.individual import correlation_root

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TracerPosterior:
    """Draws of one patient's individual parameters, given tracer measurements.

    Attributes
    ----------
    names
        Parameters that were let free, those with a spread.
    draws
        Their values. ``[draw, name]``.
    patient
        The patient with a leading axis ``[draw]``.
    effective
        Number of independent draws that the importance weights are worth.
    narrowing
        Posterior over prior standard deviation on the scale of the prior, by name: near 1, the
        data say nothing of it.
    """

    names: tuple[str, ...]
    draws: Floats
    patient: Patient
    effective: float
    narrowing: dict[str, float]

    def joined(self, patient: Patient) -> TracerPosterior:
        """The same with one more patient as its last draw, to go down the same river."""
        own = np.asarray([[float(patient.parameters[name]) for name in self.names]])
        people = jax.tree.map(
            lambda many, one: jnp.concatenate([many, jnp.asarray(one)[None]]), self.patient, patient
        )
        return replace(self, draws=np.concatenate([self.draws, own]), patient=people)


def tracer_posterior(
    model: AbstractModel,
    patient: Patient,
    prior: ParameterSet,
    measured: Sequence[TimeActivity],
    *,
    tracer: Agent,
    given: Regimen,
    correlations: Sequence[tuple[str, str, float]] = (),
    draws: int = 2000,
    seed: int = 0,
) -> TracerPosterior:
    r"""Posterior draws of individual kinetics from tracer measurements.

    With :math:`\theta=g(Rz)`, :math:`z\sim N(0,I)`, by the spread of each parameter and the root
    :math:`R` of their correlations, and relative measurement errors as log-normal,

    .. math:: -2\ln p(z\mid y)=z^Tz+\sum_i\frac{\big(\ln y_i-\ln A_i(g(Rz))\big)^2}
              {\ln(1+\sigma_i^2/y_i^2)}.

    Draws are those of `posterior_draws`.

    Parameters
    ----------
    model
        Kinetic model.
    patient
        The patient (no leading axis) with typical values of what is not known.
    prior
        Parameters with their spread; those that ``patient`` has and that have one are let free.
    measured
        Tracer activity of regions of the model with uncertainty, > 0; in MBq, or as fractions
        of what was given.
    tracer, given
        What was given for the measurement, and how.
    correlations
        Of the prior: pairs of parameters with the correlation of their standard normal scores.
    draws, seed
        Number of posterior draws, and the seed.

    Returns
    -------
    TracerPosterior

    Raises
    ------
    InputError
        If measurements lack uncertainty, are 0, or are of another nuclide than the tracer's.
    MissingError
        If a measured region is not one of the model's.
    NumericalError
        If the weights are worth fewer than 50 draws.
    """
    measured = [_in_MBq(m, given) for m in measured]
    places = _check(model, measured, tracer)
    free = let_free(model, patient, prior)
    if not free:
        raise InputError("No parameter of the model has a spread: there is nothing to learn.")
    kinds, numbers = _spreads(prior, free)
    root = correlation_root(free, correlations)
    seen = tuple(jnp.asarray(m.time_h) for m in measured)
    y = jnp.log(jnp.concatenate([jnp.asarray(m.activity) for m in measured]))
    sd = jnp.sqrt(jnp.log1p(jnp.concatenate([jnp.asarray(_relative(m)) for m in measured]) ** 2))

    def residuals(z: Array) -> Array:
        return _residuals(
            (model, patient, given, tracer), (free, kinds, numbers, root), (seen, tuple(places)), y,
            sd, z,
        )  # fmt: skip

    z, effective = posterior_draws(residuals, len(free), draws=draws, seed=seed)
    z = z @ root.T
    values = np.asarray(jax.vmap(lambda row: _values(kinds, numbers, row))(jnp.asarray(z)))
    people = jax.vmap(lambda v: _with(patient, free, v))(jnp.asarray(values))
    narrow = {n: float(s) for n, s in zip(free, z.std(0), strict=True)}
    return TracerPosterior(free, values, people, effective, narrow)


@eqx.filter_jit
def _residuals(river: tuple, free: tuple, seen: tuple, y: Array, sd: Array, z: Array) -> Array:
    """Standardised residuals of prior and data for many rows of ``z``. ``[row, residual]``."""
    model, patient, given, tracer = river
    names, kinds, numbers, root = free
    times, places = seen

    def one(row: Array) -> Array:
        own = _with(patient, names, _values(kinds, numbers, root @ row))
        activity = decay.activity(
            kinetics.simulate(model, own, given, tracer), tracer.payload.chain
        )
        at = [activity.at(t)[:, p, 0] for t, p in zip(times, places, strict=True)]
        predicted = jnp.log(jnp.maximum(jnp.concatenate(at), 1e-12))
        return jnp.concatenate([row, (y - predicted) / sd])

    return jax.vmap(one)(z)


def let_free(model: AbstractModel, patient: Patient, prior: ParameterSet) -> tuple[str, ...]:
    """Parameters of the model that the patient has and that have a spread."""
    return tuple(
        n for n in patient.parameters.names
        if n in prior and prior[n].spread.kind != "none" and n in model.needs
    )  # fmt: skip


def from_normals(
    patient: Patient, prior: ParameterSet, names: tuple[str, ...], z: Floats
) -> Patient:
    """The patient with parameters of these standard normal scores under the prior."""
    return _with(patient, names, _values(*_spreads(prior, names), jnp.asarray(z)))


def therapy_doses(
    posterior: TracerPosterior,
    model: AbstractModel,
    engine: AbstractEngine,
    *,
    therapy: Agent,
    planned: Regimen,
) -> tuple[tuple[str, ...], Floats]:
    """Absorbed dose of every draw from a planned therapy: regions, and Gy ``[draw, region]``."""
    first = posterior.patient.anatomy.space
    Gy = _doses(posterior.patient, model, engine, therapy, planned)
    return first.names, np.asarray(Gy)


@eqx.filter_jit
def _doses(
    people: Patient, model: AbstractModel, engine: AbstractEngine, therapy: Agent, planned: Regimen
) -> Float[Array, "draw region"]:
    def one(patient: Patient) -> Array:
        return expose(therapy, model, None, engine, patient, planned)[2].integrate().total_Gy

    return jax.vmap(one)(people)


def therapy_integrals(
    posterior: TracerPosterior, model: AbstractModel, *, therapy: Agent, planned: Regimen
) -> tuple[tuple[str, ...], Floats]:
    """Time-integrated activity of every draw: places, and MBq h ``[draw, place]`` (parent)."""
    MBq_h = _integrals(posterior.patient, model, therapy, planned)
    return tuple(model.places), np.asarray(MBq_h)


@eqx.filter_jit
def _integrals(
    people: Patient, model: AbstractModel, therapy: Agent, planned: Regimen
) -> Float[Array, "draw place"]:
    def one(patient: Patient) -> Array:
        amount = kinetics.simulate(model, patient, planned, therapy)
        return decay.activity(amount, therapy.payload.chain).integral_MBq_h[:, 0]

    return jax.vmap(one)(people)


def _check(model: AbstractModel, measured: Sequence[TimeActivity], tracer: Agent) -> list[int]:
    if not measured:
        raise InputError("No measurement was given; one region at least is needed.")
    places = []
    for m in measured:
        if m.region not in model.places:
            raise unknown("Measured region", m.region, model.places)
        if m.nuclide != tracer.payload.name:
            raise InputError(
                f"Region '{m.region}' holds {m.nuclide}; the tracer carries {tracer.payload.name}. "
                "Give the tracer's own activity, decaying as it was measured."
            )
        if m.sigma is None or not (m.activity > 0).all():
            raise InputError(
                f"Region '{m.region}': activities must be above 0 and have their uncertainty."
            )
        places.append(list(model.places).index(m.region))
    return places


def _in_MBq(m: TimeActivity, given: Regimen) -> TimeActivity:
    if m.unit == "MBq":
        return m
    whole = float(given.activity_MBq.sum())
    sigma = None if m.sigma is None else whole * m.sigma
    return replace(m, unit="MBq", activity=whole * m.activity, sigma=sigma)


def _relative(m: TimeActivity) -> Floats:
    return np.asarray(m.sigma) / m.activity


def _spreads(
    prior: ParameterSet, names: tuple[str, ...]
) -> tuple[tuple[str, ...], Float[Array, "n 5"]]:
    """Kinds of spread, and typical value, cv, sd, low and high of each."""
    rows = [(prior[n].value, prior[n].spread) for n in names]
    numbers = jnp.array([[value, s.cv, s.sd, s.low, s.high] for value, s in rows])
    return tuple(s.kind for _, s in rows), numbers


def _values(kinds: tuple[str, ...], numbers: Float[Array, "n 5"], z: Float[Array, "n"]) -> Array:
    """Individual values from standard normal ones, as populations are drawn."""
    out = []
    for i, kind in enumerate(kinds):
        value, cv, sd, low, high = numbers[i]
        if kind == "lognormal":
            out.append(value * jnp.exp(jnp.sqrt(jnp.log1p(cv**2)) * z[i]))
        elif kind == "logitnormal":
            out.append(jax.nn.sigmoid(jnp.log(value / (1 - value)) + sd * z[i]))
        elif kind == "uniform":
            out.append(low + (high - low) * jax.scipy.special.ndtr(z[i]))
        else:
            out.append(value + sd * z[i])
    return jnp.stack(out)


def _with(patient: Patient, names: tuple[str, ...], values: Array) -> Patient:
    old = patient.parameters
    at = jnp.array([old.names.index(n) for n in names])
    new = Values(old.names, old.value.at[at].set(values))
    return eqx.tree_at(lambda p: p.parameters, patient, new)
