"""Whether intervals from a tracer hold the truth as often as they say, by simulation.

A patient's kinetics are drawn from the prior, his tracer is measured with error, the posterior goes
down the river to the therapy, and the truth is ranked among its draws. If all is right, ranks are
uniform, whatever the number of measurements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from pdcraft import decay, kinetics
from pdcraft.domain import Agent, InputError, ParameterSet, Patient, Regimen, TimeActivity
from pdcraft.kinetics import AbstractModel
from pdcraft.study.prepare import Prepared
from pdcraft.study.tracer import (
    from_normals,
    let_free,
    therapy_doses,
    therapy_integrals,
    tracer_posterior,
)
from pdcraft.study.tracer_prior import prior_of_one
from pdcraft.trial.individual import correlation_root


@dataclass(frozen=True)
class TracerDesign:
    """How a tracer is measured, and what is planned after it.

    Attributes
    ----------
    regions
        Regions of the model that are measured.
    hours
        When. h.
    cv
        Relative error of a measurement, log-normal.
    given, planned
        Of the tracer and of the therapy.
    claimed_cv
        Error that is claimed; the true one if None.
    """

    regions: tuple[str, ...]
    hours: tuple[float, ...]
    cv: float
    given: Regimen
    planned: Regimen
    claimed_cv: float | None = None

    def __post_init__(self) -> None:
        if not self.cv > 0 or not (self.claimed_cv is None or self.claimed_cv > 0):
            raise InputError(f"cv = {self.cv:g} and claimed_cv must be greater than 0.")


def truth_ranks(
    prepared: Prepared,
    design: TracerDesign,
    *,
    tracer: Agent,
    patients: int,
    integrals: tuple[str, ...],
    doses: tuple[str, ...] = (),
    typical_known: bool = True,
    draws: int = 299,
    seed: int = 5,
) -> dict[str, NDArray[np.float64]]:
    """Rank of the true value among posterior draws, as a share, for every patient.

    Parameters
    ----------
    prepared
        Population, kinetic model, engine and therapeutic agent.
    design
        What is measured, and what is planned.
    tracer
        What is given for the measurement.
    patients
        How many.
    integrals, doses
        Regions of the model whose time-integrated activity, and of the bodies whose absorbed
        dose, of the therapy are ranked.
    typical_known
        Whether the typical values of the kinetics are known, or drawn as `prior_of_one` has them.
    draws, seed
        Of each posterior. With 299, ranks have 300 places and 90 % of them lie within 5 and 95 %.

    Returns
    -------
    dict
        ``"TIA <region>"`` and ``"dose <region>"`` to ``[patient]``, 0 to 1.

    References
    ----------
    talts2018, sections 3 and 4
    """
    model, therapy, engine = prepared.plan.kinetics, prepared.plan.agent, prepared.plan.engine
    prior, pairs = prepared.parameters, ()
    if not typical_known:
        prior, pairs = prior_of_one(prior)
    people = prepared.population.draw(jnp.arange(patients))
    wanted = [f"TIA {n}" for n in integrals] + [f"dose {n}" for n in doses]
    ranks: dict[str, list[float]] = {name: [] for name in wanted}
    for i in range(patients):
        random = np.random.default_rng([seed, i])
        body = jax.tree.map(lambda leaf, i=i: leaf[i], people)
        true = from_prior(model, body, prior, random, pairs)
        found = tracer_posterior(
            model, body, prior, measured(model, true, design, tracer, random), tracer=tracer,
            given=design.given, correlations=pairs, draws=draws, seed=i,
        )  # fmt: skip
        both = found.joined(true)  # the truth goes down the river as one more draw
        for word, asked in (("TIA", integrals), ("dose", doses)):
            if not asked:
                continue
            names, value = (
                therapy_integrals(both, model, therapy=therapy, planned=design.planned)
                if word == "TIA"
                else therapy_doses(both, model, engine, therapy=therapy, planned=design.planned)
            )
            for name in asked:
                of = value[:, names.index(name)]
                ranks[f"{word} {name}"].append(float((of[:-1] < of[-1]).mean()))
    return {name: np.asarray(r) for name, r in ranks.items()}


def from_prior(
    model: AbstractModel,
    patient: Patient,
    prior: ParameterSet,
    random: np.random.Generator,
    correlations: Sequence[tuple[str, str, float]] = (),
) -> Patient:
    """The same patient with kinetics drawn from the prior."""
    free = let_free(model, patient, prior)
    z = correlation_root(free, correlations) @ random.standard_normal(len(free))
    return from_normals(patient, prior, free, z)


def measured(
    model: AbstractModel,
    patient: Patient,
    design: TracerDesign,
    tracer: Agent,
    random: np.random.Generator,
) -> list[TimeActivity]:
    """Tracer activities of a patient with error, as a camera would find them."""
    hours = np.asarray(design.hours)
    amount = kinetics.simulate(model, patient, design.given, tracer)
    seen = np.asarray(decay.activity(amount, tracer.payload.chain).at(jnp.asarray(hours)))[..., 0]
    rate, claimed = float(tracer.payload.chain.rate_per_h[0]), design.claimed_cv or design.cv
    series = []
    for name in design.regions:
        true = seen[:, list(model.places).index(name)]
        y = true * np.exp(np.sqrt(np.log1p(design.cv**2)) * random.standard_normal(len(true)))
        series.append(TimeActivity(name, tracer.payload.name, rate, "MBq", hours, y, claimed * y))
    return series
