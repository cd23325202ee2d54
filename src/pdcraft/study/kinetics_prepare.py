"""What [kinetics] of a study adds to the library: cold carrier, lesions, daughters that leave."""

from __future__ import annotations

import numpy as np

from pdcraft.decay import FreeDaughters
from pdcraft.domain import Agent, InputError, Parameter, ParameterSet, Source, unknown
from pdcraft.kinetics import MASS_PER_ACTIVITY
from pdcraft.study.spec import Study


def carrier_mass(study: Study, agent: Agent) -> dict[str, float]:
    r"""Carrier that comes with the activity, from the specific activity of the preparation.

    With :math:`a` in MBq/ug it is :math:`1/a`; with :math:`a` in MBq/nmol and the molar mass
    :math:`M`, :math:`10^{-3}M/a`.

    Raises
    ------
    InputError
        If the payload does not decay, the mass is said twice, or there is more activity than a
        carrier without any unlabelled molecule would have.
    """
    asked = study.kinetics.specific_activity
    if asked is None:
        return {}
    if agent.payload.drug is not None:
        raise InputError(
            f"kinetics.specific_activity: {agent.payload.name} does not decay. Leave it out; the "
            "doses say how much drug comes on the carrier."
        )
    if MASS_PER_ACTIVITY in study.parameters:
        raise InputError(
            "the mass of the carrier is said twice: kinetics.specific_activity and "
            f"{MASS_PER_ACTIVITY} under [parameters]. Leave one out."
        )
    ug_per_nmol = 1e-3 * agent.carrier.molar_mass_g_per_mol
    per_ug = asked.value if asked.dimension == "activity per mass" else asked.value / ug_per_nmol
    most = 1.0 / (ug_per_nmol * float(agent.payload.chain.nmol_per_MBq))
    if per_ug > most * (1.0 + 1e-9):
        raise InputError(
            f"kinetics.specific_activity = {asked.value / asked.factor:g} {asked.unit} is more "
            f"than {agent.name} can have: {most:.4g} MBq/ug ({most * ug_per_nmol:.4g} MBq/nmol) if "
            "every molecule carried an atom of the nuclide."
        )
    return {MASS_PER_ACTIVITY: 1.0 / per_ug}


def own_parameters(study: Study) -> list[ParameterSet]:
    """Capacity of rafts, masses and perfusions of lesions; nothing where a study has none."""
    return [*_of_lesions(study), *_of_rafts(study)]


def _of_rafts(study: Study) -> list[ParameterSet]:
    capacity = study.kinetics.raft_capacity
    if capacity is None:
        return []
    source = Source("pdcraft", f"study file of {study.study.name}; no capacity was published")
    held = Parameter("raft.capacity", capacity, "nmol/g", "assumption", source,
                     rests_on_it="tumour dose, response, progression")  # fmt: skip
    return [ParameterSet("rafts of the study", (held,))]


def _of_lesions(study: Study) -> list[ParameterSet]:
    lesions = study.kinetics.lesion
    if not lesions:
        return []
    source = Source("pdcraft", f"study file of {study.study.name}")

    def given(name: str, value: float, unit: str) -> Parameter:
        return Parameter(name, value, unit, "assumption", source, rests_on_it="dose of the lesion")

    each = [
        p for k, one in enumerate(lesions, start=1)
        for p in (given(f"lesion {k}.mass", one.mass, "g"),
                  given(f"lesion {k}.perfusion", one.perfusion, "mL/min/g"))
    ]  # fmt: skip
    typical = given("lesion.perfusion", lesions[0].perfusion, "mL/min/g")
    return [ParameterSet("lesions of the study", (typical, *each))]


def free_daughters(study: Study, agent: Agent, places: tuple[str, ...]) -> FreeDaughters | None:
    """Daughters that a study lets go, as shares and rates between the regions of the model.

    Raises
    ------
    InputError
        If a nuclide is not a daughter of the payload, or its goals are not regions of the model.
    """
    asked = study.kinetics.free_daughter
    if not asked:
        return None
    nuclides = agent.payload.chain.nuclides
    freed = np.zeros(len(nuclides))
    rate = np.zeros((len(nuclides), len(places), len(places)))
    for row in asked:
        if row.nuclide not in nuclides[1:]:
            raise InputError(
                f"kinetics.free_daughter: {row.nuclide} is not born of {nuclides[0]} here. Its "
                f"daughters are {', '.join(nuclides[1:]) or 'none'}."
            )
        for name in row.to:
            if name not in places:
                raise unknown(f"kinetics.free_daughter, {row.nuclide} to", name, places)
        d = nuclides.index(row.nuclide)
        freed[d] = row.freed
        goals = [places.index(n) for n in row.to]
        out = places.index("excreta")
        for p in range(len(places)):
            if p in (*goals, out):
                continue  # what has arrived, or has left the body, stays there until it decays
            rate[d, p, p] = -row.rate
            rate[d, out, p] += row.rate * max(0.0, 1.0 - sum(row.to.values()))
            for q, share in zip(goals, row.to.values(), strict=True):
                rate[d, q, p] += row.rate * share
    return FreeDaughters(freed, rate)
