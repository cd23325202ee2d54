"""`Study` → what is computed: plan, population, regimens, and every parameter with its origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

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
    CytotoxicKill,
    CytotoxicNeutropenia,
    Death,
    DoseLimitingToxicity,
    GrowthDelay,
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
    Xenograft,
    ctcae_limits,
)
from pdcraft.domain import (
    Agent,
    InputError,
    ParameterSet,
    Patient,
    PdcraftError,
    Regimen,
    Samples,
    Source,
    check_needs,
    unknown,
)
from pdcraft.domain.units import NMOL_PER_MOL
from pdcraft.dosimetry import (
    ElectronSpheres,
    MergedSources,
    Mird,
    NoRadiation,
    PhotonSpheres,
    build_mird,
)
from pdcraft.kinetics import PBPK, AbstractModel, CytotoxicConjugate, TwoPool
from pdcraft.study.beliefs import beliefs
from pdcraft.study.course import Plan
from pdcraft.study.kinetics_prepare import carrier_mass, free_daughters, own_parameters
from pdcraft.study.late_effects import complications, organ_effects, tolerances
from pdcraft.study.mouse_prepare import (
    IN_MOUSE,
    mouse_kill,
    mouse_kinetics,
    mouse_parameters,
    without,
)
from pdcraft.study.spec import CohortTable, Study
from pdcraft.trial.mice import XENOGRAFT, XENOGRAFT_MASS, Mice
from pdcraft.trial.population import Population

_SHELVES = ("species/human", "tissues/marrow", "tissues/support", "endpoints/quality_of_life")
_CRITERIA: dict[str, AbstractCriteria] = {
    "imwg": IMWGCriteria(), "iwwm": WaldenstromCriteria(), "lugano": LuganoCriteria(),
}  # fmt: skip
_ENGINE = "dosimetry/marrow"
_KINETICS = {"two_pool": "kinetics/clr1404_two_pool", "pbpk": "kinetics/clr1404_pbpk"}
_BODIES = ("adult_male", "adult_female")  # in the order of the sexes


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
    population: Population | Mice
    parameters: ParameterSet
    engine_parameters: ParameterSet

    def regimens(self, cohort: CohortTable, patients: Patient) -> Regimen:
        """What every patient of a batch is given, with empty doses up to the longest regimen."""
        most = max(len(c.doses) for c in self.study.cohort)
        at = [d.at for d in cohort.doses] or [0.0]  # an untreated control gets nothing
        empty = Regimen.of(
            [0.0] * len(at), time_h=at, duration_h=self.study.kinetics.infusion
        ).padded(most)
        doses = jnp.asarray([d.given.value for d in cohort.doses])
        doses = jnp.zeros(empty.time_h.shape).at[: doses.size].set(doses)
        # MBq or grams of drug; the doses are so much each, for a square metre, or for a kilogram
        given = jnp.outer(self._size(patients), doses)
        drug, none = self.plan.agent.payload.drug, jnp.zeros_like(given)
        time_h, duration_h = none + empty.time_h, none + empty.duration_h
        if drug is None:
            return Regimen(time_h, duration_h, given)
        nmol = NMOL_PER_MOL / drug.molar_mass_g_per_mol * given
        return Regimen(time_h, duration_h, none, nmol)

    def _size(self, patients: Patient) -> Array:
        """What a dose is multiplied by for each patient: surface, mass, or 1."""
        per = self.study.unit.dimension
        if per.endswith("surface"):
            return patients.body_surface_m2
        if per.endswith("body mass"):
            return patients.body_mass_kg
        return jnp.ones_like(patients.body_mass_kg)


def agent_of(study: Study) -> Agent:
    """What a study gives."""
    return library.agent(study.study.agent, payload=study.study.payload)


def parameter_sets(study: Study) -> tuple[ParameterSet, ParameterSet]:
    """Individual and dosimetric parameters of a study, with the study's own values put in."""
    name = study.study.name
    first, *others = _individual(study)
    individual = first.merged(*others)
    engine = library.parameters(_ENGINE)
    source = Source("pdcraft", f"study file of {name}")
    keys = {
        "thyroid.blockade": study.kinetics.thyroid_blockade, **carrier_mass(study, agent_of(study)),
    }  # fmt: skip
    for key, value in {**keys, **{k: p.value for k, p in study.parameters.items()}}.items():
        cv = study.parameters[key].cv if key in study.parameters else 0.0
        if key in engine:
            if cv:
                raise InputError(f"parameters.{key} is the same in all draws; give it no cv.")
            engine = engine.replaced({key: value}, source=source)
        elif cv:
            if individual[key].spread.kind in ("uniform", "logitnormal"):
                raise InputError(
                    f"parameters.{key} differs between patients as {individual[key].spread}; a cv "
                    "of its typical value is for log-normal, normal and fixed ones only."
                )
            drawn = Source("pdcraft", f"{source.where}, known to a CV of {100 * cv:.3g} %, drawn")
            individual = individual.replaced({key: value}, source=drawn)
        elif value != individual[key].value:
            individual = individual.replaced({key: value}, source=source)
    return individual, engine


def _individual(study: Study) -> list[ParameterSet]:
    if study.study.species == "mouse":
        return [mouse_parameters(study, agent_of(study)), *own_parameters(study)]
    disease = library.disease(study.study.disease)
    people = library.parameters(f"species/{disease.population}")
    shelves = (*_SHELVES, _KINETICS[study.kinetics.model])
    held = [library.parameters(shelf) for shelf in shelves]
    drug = agent_of(study).payload.drug
    if drug is not None:
        own = library.parameters("tissues/cytotoxic")
        held = [without(s, own) for s in held] + [library.parameters(f"kinetics/{drug.name}"), own]
    return [*held, people, disease.parameters, *own_parameters(study), *tolerances(study)]


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
    agent = agent_of(study)
    _check_doses(study, agent)
    if study.study.species == "mouse":
        return prepare_mice(study, agent, parameters, engine_parameters)
    engine = engine_of(agent, library.PHANTOMS, engine_parameters)
    days = np.arange(0.0, study.study.follow_up / 24.0 + 1e-9)
    kinetics = kinetic_model(study, agent)
    effects = (
        *effects_of(study, steps=max(1, days.size - 1)),
        *organ_effects(study, agent, engine.places),
    )
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


def engine_of(
    agent: Agent, phantoms: Sequence[str], parameters: ParameterSet
) -> Mird | NoRadiation:
    """Dosimetry of an agent's radiation in the bodies of these names; none for a cytotoxic."""
    bodies = [library.phantom(name) for name in phantoms]
    if agent.payload.drug is not None:
        return NoRadiation.of(bodies)
    return build_mird(
        bodies, agent.payload.emissions, library.electrons_in_water(),
        marrow_floor=parameters["marrow.electron_floor"].value,
        marrow_length_g_per_cm2=parameters["marrow.electron_length"].value,
        nest_mass_g=parameters["tumour.nest_mass"].value,
        spheres=ElectronSpheres(*library.sphere_fractions()),
        photon_spheres=PhotonSpheres(*library.photon_sphere_fractions()),
    )  # fmt: skip


def prepare_mice(
    study: Study, agent: Agent, parameters: ParameterSet, engine_parameters: ParameterSet
) -> Prepared:
    """The same for mice with a xenograft, which is the lesion of their bodies."""
    body = engine_of(agent, ("mouse",), engine_parameters)
    engine = MergedSources(body, IN_MOUSE) if isinstance(body, Mird) else body
    kinetics, drug = mouse_kinetics(study, agent), agent.payload.drug
    days = np.arange(0.0, study.study.follow_up / 24.0 + 1e-9)
    kill = None if drug is None else mouse_kill(study, drug)
    effect = Xenograft(place=XENOGRAFT, drug=kill, steps=4 * max(1, days.size - 1))
    plan = Plan(
        agent, kinetics, engine, (effect,), (GrowthDelay(),), Samples(jnp.asarray(days * 24.0)),
        free_daughters(study, agent, kinetics.places),
    )  # fmt: skip
    needs = {k: v for k, v in kinetics.needs.items() if k != XENOGRAFT_MASS}  # each mouse's own
    for name, asked in ((type(kinetics).__name__, needs), ("Xenograft", effect.needs)):
        check_needs(asked, parameters, name)
    mice = Mice(parameters, body.places, body.reference_g[0], study.study.seed)
    return Prepared(study, plan, mice, parameters, engine_parameters)


def _check_doses(study: Study, agent: Agent) -> None:
    """Refuse an activity of a drug, and a mass of a radionuclide."""
    drug, name = agent.payload.drug, agent.payload.name
    if drug is not None and study.kinetics.raft_capacity is not None:
        raise InputError(
            f"kinetics.raft_capacity: rafts that fill are not followed for {name}, whose carrier "
            "is linear. Leave it out, or simulate a radionuclide."
        )
    if drug is not None and study.unit.dimension.startswith("activity"):
        raise InputError(
            f"doses are activities ({study.unit.unit}), but {name} does not decay. Give the mass "
            'of drug on the carrier, as mass = "100 mg/m2", or for mice "20 mg/kg".'
        )
    if drug is None and study.unit.dimension.startswith("mass"):
        raise InputError(
            f"doses are masses ({study.unit.unit}), but {name} acts by its activity. Write "
            'activity = "12.5 mCi/m2"; kinetics.specific_activity says how much carrier that is.'
        )


def kinetic_model(study: Study, agent: Agent) -> AbstractModel:
    """The kinetic model that a study names, for the decays of an agent, or for its drug."""
    carrier = _carrier_model(study, agent)
    if agent.payload.drug is None:
        return carrier
    return CytotoxicConjugate(carrier, study.study.follow_up)


def _carrier_model(study: Study, agent: Agent) -> AbstractModel:
    if study.kinetics.model == "two_pool":
        return TwoPool()
    bodies = tuple(library.physiology(name) for name in _BODIES)
    decays = np.asarray(agent.payload.chain.rate_per_h).tolist()
    asked = study.kinetics
    return PBPK(
        bodies, library.graph("iodine_icrp137"), lesions=len(asked.lesion), exact_per_h=decays,
        blocked_h=asked.blocked_h, voiding_h=asked.voiding_every,
        rafts_fill=asked.raft_capacity is not None,
    )  # fmt: skip


def _check_names(study: Study) -> None:
    """Refuse names that the library does not hold, under the key of the study file."""
    for key, name, shelf in (
        ("study.agent", study.study.agent, "agents"),
        ("study.disease", study.study.disease, "diseases"),
        *([("study.xenograft", study.study.xenograft, "xenografts")] if study.study.xenograft
          else []),
    ):  # fmt: skip
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
    drug = agent_of(study).payload.drug
    kill = None if drug is None else CytotoxicKill(drug.name)
    marrow = Marrow(steps, None if drug is None else CytotoxicNeutropenia(drug.name))
    return marrow, Lymphoma(steps, drug=kill) if by_size else Myeloma(steps, drug=kill)


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
        *complications(study),
    )
