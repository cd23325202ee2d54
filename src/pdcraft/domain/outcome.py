"""What becomes of the patient, and the whole course from injection to outcome."""

from __future__ import annotations

from collections.abc import Callable

import equinox as eqx
from jaxtyping import Array, Bool, Float, Int

from pdcraft.domain.errors import unknown
from pdcraft.domain.fields import Activity, Amount, DoseRate, Effect
from pdcraft.domain.patient import Patient, Regimen


class Outcome(eqx.Module):
    """Named events of one patient: what, how bad, when.

    Attributes
    ----------
    events
        As ``("thrombocytopenia", "best response", "progression", "death")``.
    value
        The number behind the event in ``units`` (nadir of the count, best change of M-protein).
    units
        Unit of ``value`` for every event.
    grade
        CTCAE grade 0-5, or the code of the category (`IMWG`). ``[event]``.
    time_h
        When; for what did not happen, the end of follow-up. h, ``[event]``.
    happened
        False where follow-up ended first (censored). ``[event]``.
    """

    events: tuple[str, ...] = eqx.field(static=True)
    units: tuple[str, ...] = eqx.field(static=True)
    value: Float[Array, "event"]
    grade: Int[Array, "event"]
    time_h: Float[Array, "event"]
    happened: Bool[Array, "event"]

    def index(self, event: str) -> int:
        """Position of an event; a MissingError suggests the nearest name."""
        if event not in self.events:
            raise unknown("Event", event, self.events)
        return self.events.index(event)


class Course(eqx.Module):
    """One patient, one regimen, from first injection to outcome."""

    amount: Amount
    activity: Activity
    dose_rate: DoseRate
    effect: Effect
    outcome: Outcome


Treat = Callable[[Patient, Regimen], Course]
"""The river as a function; what `planning` and `trial` are given."""
