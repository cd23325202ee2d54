"""Late complications that a study asks for: organs, what they need, and the rows they make."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pdcraft import library
from pdcraft.biology import Complication, LinearQuadratic
from pdcraft.domain import Agent, InputError, ParameterSet, unknown
from pdcraft.study.interval import believed
from pdcraft.study.spec import Study

_TOLERANCE = "tissues/late_tolerance"
COLUMNS: dict[str, Sequence[str]] = {
    "complications": (
        "cohort", "region", "EQD2_Gy_p05", "EQD2_Gy_p50", "EQD2_Gy_p95", "risk", "risk_low",
        "risk_high",
    ),
}  # fmt: skip


def tolerances(study: Study) -> list[ParameterSet]:
    """Tolerance and linear-quadratic parameters of the organs; nothing if none is asked for.

    Raises
    ------
    MissingError
        If the library has no tolerance of an organ.
    """
    organs = study.assessment.complications
    if not organs:
        return []
    held = library.parameters(_TOLERANCE)
    there = list(dict.fromkeys(name.split(".")[0] for name in held))
    for organ in organs:
        if organ not in there:
            raise unknown("assessment.complications:", organ, there)
    wanted = tuple(p for name, p in held.items() if name.split(".")[0] in organs)
    return [ParameterSet(held.name, wanted)]


def organ_effects(study: Study, agent: Agent, places: Sequence[str]) -> tuple[LinearQuadratic, ...]:
    """Dose and EQD2 of every organ.

    Raises
    ------
    InputError
        If the payload does not radiate.
    MissingError
        If the bodies do not tell the organ from the rest.
    """
    organs = study.assessment.complications
    if organs and agent.payload.drug is not None:
        raise InputError(
            f"assessment.complications: {agent.payload.name} does not radiate, and tolerances are "
            "known of radiation only. Leave them out."
        )
    for organ in organs:
        if organ not in places:
            raise unknown("assessment.complications: region of the body", organ, places)
    return tuple(LinearQuadratic(organ) for organ in organs)


def complications(study: Study) -> tuple[Complication, ...]:
    """The endpoint of every organ."""
    return tuple(Complication(organ) for organ in study.assessment.complications)


def complication_rows(
    study: Study,
    cohort: str,
    kept: dict[str, NDArray],
    events: Sequence[str],
    tissues: Sequence[str],
) -> list[list]:
    """Rows of ``complications.csv``: EQD2 over patients, mean risk and its interval."""
    rows = []
    for organ, event in ((c.organ, c.events[0]) for c in complications(study)):
        EQD2 = np.quantile(kept["EQD2_Gy"][:, tissues.index(organ)], (0.05, 0.5, 0.95))
        risk = 0.01 * kept["event_value"][:, events.index(event)]
        mean, low, high = believed(kept["number"], risk, study.uncertainty.draws)
        rows.append([cohort, organ, *EQD2, mean, max(0.0, low), min(1.0, high)])
    return rows
