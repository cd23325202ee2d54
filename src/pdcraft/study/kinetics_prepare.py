"""What [kinetics] of a study adds to the library: lesions, and daughters that leave the carrier."""

from __future__ import annotations

import numpy as np

from pdcraft.decay import FreeDaughters
from pdcraft.domain import Agent, InputError, Parameter, ParameterSet, Source, unknown
from pdcraft.study.spec import Study


def lesion_parameters(study: Study) -> list[ParameterSet]:
    """Masses and perfusions of the lesions of a study; nothing where there are none."""
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
