"""`Study` → what is computed: plan, population, regimens, and every parameter with its origin."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from pdcraft import library
from pdcraft.biology import (
    LINEAGES,
    AbstractCriteria,
    AbstractEffect,
    AbstractEndpoint,
    Assessments,
    BestResponse,
    CountRule,
    Cytopenia,
    Death,
    DoseLimitingToxicity,
    IMWGCriteria,
    LuganoCriteria,
    Lymphoma,
    Marrow,
    Myeloma,
    Progression,
    ProgressionFreeSurvival,
    QualityOfLife,
    SupportiveCare,
    WaldenstromCriteria,
    ctcae_limits,
)
from pdcraft.domain import (
    Agent,
    ParameterSet,
    Patient,
    PdcraftError,
    Regimen,
    Samples,
    Source,
    check_needs,
    unknown,
)
from pdcraft.dosimetry import ElectronSpheres, PhotonSpheres, build_mird
from pdcraft.kinetics import PBPK, AbstractModel, TwoPool
from pdcraft.study.course import Plan
from pdcraft.study.kinetics_prepare import free_daughters, lesion_parameters
from pdcraft.study.spec import CohortTable, Study
from pdcraft.trial.population import Beliefs, Population

_SHELVES = ("species/human", "tissues/marrow", "tissues/support", "endpoints/quality_of_life")
_CRITERIA: dict[str, AbstractCriteria] = {
    "imwg": IMWGCriteria(), "iwwm": WaldenstromCriteria(), "lugano": LuganoCriteria(),
}  # fmt: skip
_ENGINE = "dosimetry/marrow"
_KINETICS = {"two_pool": "kinetics/clr1404_two_pool", "pbpk": "kinetics/clr1404_pbpk"}
_BODIES = ("adult_male", "adult_female")  # in the order of the sexes
_LENT = ("tumour.alpha", "tumour.alpha cv", "tumour.dose_factor")


@dataclass(frozen=True)
class Prepared:
    """All that a run needs.

    Attributes
    ----------
    plan, population
        The river's choices, and who is treated.
    parameters, engine_parameters
        Individual parameters with their spread; parameters of the dosimetry.
    """

    study: Study
    plan: Plan
    population: Population
    parameters: ParameterSet
    engine_parameters: ParameterSet

    def regimens(self, cohort: CohortTable, patients: Patient) -> Regimen:
        """What every patient of a batch is given, with empty doses up to the longest regimen."""
        infusion = self.study.kinetics.infusion
        most = max(len(c.doses) for c in self.study.cohort)
        one = Regimen.of(
            [d.activity for d in cohort.doses],
            time_h=[d.at for d in cohort.doses],
            duration_h=infusion,
        ).padded(most)

        def for_patient(surface_m2: Array) -> Regimen:
            return Regimen(one.time_h, one.duration_h, one.activity_MBq * surface_m2)

        return jax.vmap(for_patient)(patients.body_surface_m2)


def parameter_sets(study: Study) -> tuple[ParameterSet, ParameterSet]:
    """Individual and dosimetric parameters of a study, with the study's own values put in."""
    name = study.study.name
    first, *others = _individual(study)
    individual = first.merged(*others)
    engine = library.parameters(_ENGINE)
    source = Source("pdcraft", f"study file of {name}")
    mine = {"thyroid.blockade": study.kinetics.thyroid_blockade}
    for key, value in study.parameters.items():
        if key in engine:
            engine = engine.replaced({key: value}, source=source)
        else:
            mine[key] = value
    changed = {k: v for k, v in mine.items() if v != individual[k].value}
    return individual.replaced(changed, source=source), engine


def _individual(study: Study) -> list[ParameterSet]:
    disease = library.disease(study.study.disease)
    people = library.parameters(f"species/{disease.population}")
    shelves = (*_SHELVES, _KINETICS[study.kinetics.model])
    held = [*(library.parameters(shelf) for shelf in shelves), people, disease.parameters]
    return [*held, *lesion_parameters(study)]


def prepare(study: Study) -> Prepared:
    """Choose models and parameters for a study.

    Raises
    ------
    MissingError
        If the study names an agent, disease or parameter that the library does not hold.
    InputError
        If a model needs a parameter that the sets do not give in its unit.
    """
    _check_names(study)
    parameters, engine_parameters = parameter_sets(study)
    agent = library.agent(study.study.agent, payload=study.study.payload)
    phantoms = [library.phantom(name) for name in library.PHANTOMS]
    engine = build_mird(
        phantoms, agent.payload.emissions, library.electrons_in_water(),
        marrow_floor=engine_parameters["marrow.electron_floor"].value,
        marrow_length_g_per_cm2=engine_parameters["marrow.electron_length"].value,
        nest_mass_g=engine_parameters["tumour.nest_mass"].value,
        spheres=ElectronSpheres(*library.sphere_fractions()),
        photon_spheres=PhotonSpheres(*library.photon_sphere_fractions()),
    )  # fmt: skip
    days = np.arange(0.0, study.study.follow_up / 24.0 + 1e-9)
    kinetics = kinetic_model(study, agent)
    effects = effects_of(study, steps=max(1, days.size - 1))
    plan = Plan(
        agent, kinetics, engine, effects, endpoints(study), Samples(jnp.asarray(days * 24)),
        free_daughters(study, agent, kinetics.places),
    )  # fmt: skip
    for model in (kinetics, *effects, *plan.endpoints):
        check_needs(model.needs, parameters, type(model).__name__)
    population = Population(
        parameters,
        engine.places[:-1],
        engine.reference_g,
        study.study.seed,
        tuple((*pair.parameters, pair.correlation) for pair in study.population.correlation),
        study.population.surface,
        beliefs(study),
        tuple(f"lesion {k + 1}" for k in range(len(study.kinetics.lesion))),
    )
    return Prepared(study, plan, population, parameters, engine_parameters)


def kinetic_model(study: Study, agent: Agent) -> AbstractModel:
    """The kinetic model that a study names, for the decays of an agent."""
    if study.kinetics.model == "two_pool":
        return TwoPool()
    bodies = tuple(library.physiology(name) for name in _BODIES)
    decays = np.asarray(agent.payload.chain.rate_per_h).tolist()
    asked = study.kinetics
    return PBPK(
        bodies, library.graph("iodine_icrp137"), lesions=len(asked.lesion), exact_per_h=decays,
        blocked_h=asked.blocked_h, voiding_h=asked.voiding_every,
    )  # fmt: skip


def beliefs(study: Study) -> Beliefs | None:
    """Draws of the typical values that calibration left undecided; None if none are asked for.

    What the study file sets is known and not drawn. Marrow and tumour were calibrated apart, so
    their draws are paired by order. A disease that was not calibrated itself takes sensitivity
    and dose from the one that was, and keeps its own growth.
    """
    n, disease = study.uncertainty.draws, library.disease(study.study.disease)
    if n == 0:
        return None
    names: list[str] = []
    columns: list[NDArray] = []
    for path in ("tissues/marrow", f"diseases/{disease.calibration}"):
        found, draws = library.posterior(path)
        rows = np.linspace(0, len(draws) - 1, n).astype(int)
        lent = path.startswith("diseases/") and disease.calibration != disease.name
        for i, name in enumerate(found):
            known = name.removesuffix(" cv") in study.parameters
            if not known and (not lent or name in _LENT):
                names.append(name)
                columns.append(draws[rows, i])
    return Beliefs(tuple(names), jnp.asarray(np.stack(columns, axis=1)))


def _check_names(study: Study) -> None:
    """Refuse names that the library does not hold, under the key of the study file."""
    for key, name, shelf in (
        ("study.agent", study.study.agent, "agents"),
        ("study.disease", study.study.disease, "diseases"),
    ):
        if name not in library.names_on(shelf):
            raise unknown(f"{key} =", name, library.names_on(shelf))
    if study.study.payload is not None:
        try:
            library.payload_named(study.study.payload)
        except PdcraftError as error:
            raise type(error)(f"study.payload: {error}") from error
    known = [*library.parameters(_ENGINE), *(n for s in _individual(study) for n in s)]
    for name in study.parameters:
        if name not in known:
            raise unknown("In [parameters],", name, known)


def effects_of(study: Study, *, steps: int) -> tuple[AbstractEffect, ...]:
    """What is followed in the patients of a study: marrow, and the tumour as its criteria ask."""
    by_size = library.disease(study.study.disease).criteria == "lugano"
    return Marrow(steps), Lymphoma(steps) if by_size else Myeloma(steps)


def endpoints(study: Study) -> tuple[AbstractEndpoint, ...]:
    """Endpoints that a study asks for; all see the same visits."""
    asked, toxicity = study.assessment, study.dose_limiting_toxicity
    table = library.ctcae(asked.ctcae)
    visits = -(-study.study.follow_up // asked.visit_every) + 1
    seen = Assessments(
        every_d=asked.visit_every / 24.0, most=max(3, int(visits)), seed=study.study.seed,
        criteria=_CRITERIA[library.disease(study.study.disease).criteria],
    )  # fmt: skip
    rules = tuple(CountRule(r.lineage, r.below, r.for_at_least / 24.0) for r in toxicity.rules)
    limiting = (DoseLimitingToxicity(rules, toxicity.window / 24.0),) if rules else ()
    return (
        *(
            Cytopenia(lineage, ctcae_limits(table, lineage, asked.ctcae), asked.ctcae)
            for lineage in LINEAGES
            if any(row["lineage"] == lineage for row in table)
        ),
        *limiting,
        SupportiveCare(),
        BestResponse(seen),
        Progression(seen),
        ProgressionFreeSurvival(seen),
        Death(seen.seed),
        QualityOfLife(),
    )
