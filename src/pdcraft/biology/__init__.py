"""Biology: dose rate in, effects on tissues out; and from effects, what becomes of the patient.

`respond` turns a `DoseRate` into one `Effect` (BED, survival, courses of blood counts and
M-protein); `foresee` reads an `Outcome` (CTCAE grades, IMWG response, progression, death) from it.
Choices of effect: `Marrow`, `Myeloma`, `Xenograft`, `LinearQuadratic` for an organ only watched.
Choices of endpoint: `Cytopenia`, `DoseLimitingToxicity`, `BestResponse`, `Progression`, `Death`,
`ProgressionFreeSurvival`, `GrowthDelay`, `Complication`. All can be jitted and mapped over
patients; times are in h from t = 0.
Read first ``survival.py`` (the kill), then ``marrow.py`` and ``myeloma.py`` (who dies of it).
Equations are numbered in ``docs/theory/biology.md``; contracts for new models are in ``base.py``.
"""

from __future__ import annotations

import jax.numpy as jnp

from pdcraft.biology.assessment import Assessments
from pdcraft.biology.base import AbstractEffect, AbstractEndpoint
from pdcraft.biology.bed import (
    alpha_from_sf2_per_Gy,
    bed_constant_rate,
    bed_exponential,
    bed_net_Gy,
    effective_treatment_h,
    eqd2_Gy,
    eubed_Gy,
    eud_Gy,
    protraction_factor,
    quadratic_dose_Gy2,
    tcp,
)
from pdcraft.biology.criteria import (
    AbstractCriteria,
    IMWGCriteria,
    LuganoCriteria,
    WaldenstromCriteria,
)
from pdcraft.biology.cytopenia import CountRule, Cytopenia, DoseLimitingToxicity
from pdcraft.biology.cytotoxic import (
    AbstractKill,
    CytotoxicKill,
    CytotoxicNeutropenia,
    LinearKill,
    kill_hazard_per_h,
    saturating_kill,
)
from pdcraft.biology.grading import ctcae_grade, ctcae_limits
from pdcraft.biology.growth_delay import GrowthDelay
from pdcraft.biology.imwg import IMWG, Level, has_progressed, imwg_category, response_depth
from pdcraft.biology.lineage import LINEAGES
from pdcraft.biology.lugano import lugano_depth, lugano_progressed
from pdcraft.biology.lymphoma import Lymphoma, lymphoma_course
from pdcraft.biology.marrow import AbstractCytotoxicity, Marrow, blood_counts
from pdcraft.biology.myeloma import Myeloma, myeloma_course
from pdcraft.biology.ntcp import Complication, ntcp, slope_from_tolerances
from pdcraft.biology.progression import Death, Progression, ProgressionFreeSurvival
from pdcraft.biology.quality_of_life import QualityOfLife, qlq_c30_score
from pdcraft.biology.radiosensitizer import sensitised_surviving_fraction
from pdcraft.biology.response import BestResponse
from pdcraft.biology.supportive_care import SupportiveCare
from pdcraft.biology.survival import LinearQuadratic, TissueDose, surviving_fraction
from pdcraft.biology.waldenstrom import waldenstrom_depth, waldenstrom_progressed
from pdcraft.biology.xenograft import Xenograft, growth_rate_per_h, xenograft_mass_g
from pdcraft.biology.xenograft_fit import (
    TumourVolumes,
    XenograftFit,
    fit_growth,
    translate_alpha,
)
from pdcraft.domain import Amount, DoseRate, Effect, InputError, Outcome, Patient, Samples

__all__ = [
    "IMWG", "LINEAGES", "AbstractCriteria", "AbstractCytotoxicity", "AbstractEffect",
    "AbstractEndpoint", "AbstractKill", "Assessments", "BestResponse", "Complication",
    "CountRule", "Cytopenia", "CytotoxicKill", "CytotoxicNeutropenia", "Death",
    "DoseLimitingToxicity", "GrowthDelay", "IMWGCriteria", "Level", "LinearKill",
    "LinearQuadratic", "LuganoCriteria", "Lymphoma", "Marrow", "Myeloma", "Progression",
    "ProgressionFreeSurvival", "QualityOfLife", "SupportiveCare", "TissueDose", "TumourVolumes",
    "WaldenstromCriteria", "Xenograft", "XenograftFit", "alpha_from_sf2_per_Gy",
    "bed_constant_rate", "bed_exponential", "bed_net_Gy", "blood_counts", "ctcae_grade",
    "ctcae_limits", "effective_treatment_h", "eqd2_Gy", "eubed_Gy", "eud_Gy", "fit_growth",
    "foresee", "growth_rate_per_h", "has_progressed", "imwg_category", "kill_hazard_per_h",
    "lugano_depth", "lugano_progressed", "lymphoma_course", "myeloma_course", "ntcp",
    "protraction_factor", "qlq_c30_score", "quadratic_dose_Gy2", "respond", "response_depth",
    "saturating_kill", "sensitised_surviving_fraction", "slope_from_tolerances",
    "surviving_fraction", "tcp", "translate_alpha", "waldenstrom_depth",
    "waldenstrom_progressed", "xenograft_mass_g",
]  # fmt: skip


def respond(
    effects: tuple[AbstractEffect, ...],
    dose_rate: DoseRate,
    amount: Amount,
    patient: Patient,
    clock: Samples,
) -> Effect:
    """What the dose rate does to all tissues, in one `Effect`.

    Parameters
    ----------
    effects
        Models, each answering for its own tissues and markers.
    dose_rate, amount
        What reaches the tissues; ``amount`` serves payloads that act by concentration.
    patient
        Its parameters hold everything that the models need.
    clock
        Instants of the courses, from 0 on. h.

    Raises
    ------
    InputError
        If there is no model, or two answer for the same tissue or marker.
    """
    if not effects:
        raise InputError("At least one effect is needed, as (Marrow(), Myeloma()).")
    parts = [e.effect(dose_rate, amount, patient, clock) for e in effects]
    tissues = _one_of_each("tissue", [p.tissues for p in parts])
    markers = _one_of_each("marker", [p.markers for p in parts])
    return Effect(
        tissues,
        jnp.concatenate([p.BED_Gy for p in parts]),
        jnp.concatenate([p.EQD2_Gy for p in parts]),
        jnp.concatenate([p.survival for p in parts]),
        markers,
        tuple(u for p in parts for u in p.marker_units),
        clock,
        jnp.concatenate([p.course for p in parts]),
    )


def foresee(endpoints: tuple[AbstractEndpoint, ...], effect: Effect, patient: Patient) -> Outcome:
    """All events of the endpoints, in one `Outcome`.

    Raises
    ------
    InputError
        If there is no endpoint, or two answer for the same event.
    """
    if not endpoints:
        raise InputError("At least one endpoint is needed, as (Death(),).")
    parts = [e.foresee(effect, patient) for e in endpoints]
    return Outcome(
        _one_of_each("event", [p.events for p in parts]),
        tuple(u for p in parts for u in p.units),
        jnp.concatenate([p.value for p in parts]),
        jnp.concatenate([p.grade for p in parts]),
        jnp.concatenate([p.time_h for p in parts]),
        jnp.concatenate([p.happened for p in parts]),
    )


def _one_of_each(kind: str, names: list[tuple[str, ...]]) -> tuple[str, ...]:
    every = tuple(n for group in names for n in group)
    twice = sorted({n for n in every if every.count(n) > 1})
    if twice:
        raise InputError(
            f"Two models answer for the {kind} '{twice[0]}'. Give one model for each {kind}."
        )
    return every
