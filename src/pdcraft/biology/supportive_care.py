"""Events of treatment read from the support that was given: transfusions, growth factor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp

from pdcraft.biology.base import AbstractEndpoint
from pdcraft.domain import Effect, Outcome, Patient

_MARKERS = ("platelet transfusions", "red cell transfusions", "G-CSF days")


class SupportiveCare(AbstractEndpoint):
    """What a patient needed: platelet and red cell transfusions, days of growth factor.

    Events ``"platelet transfusions"``, ``"red cell transfusions"``, ``"growth factor"``: value =
    how many (or days) up to the end of follow-up; time = the first; happened = any. Grade 3 where
    any was given (CTCAE: transfusion or hospital care indicated), else 0.
    """

    events: ClassVar[tuple[str, ...]] = (
        "platelet transfusions", "red cell transfusions", "growth factor",
    )  # fmt: skip
    units: ClassVar[tuple[str, ...]] = ("1", "1", "d")
    needs: ClassVar[Mapping[str, str]] = {}

    def foresee(self, effect: Effect, patient: Patient) -> Outcome:
        """How many, and when first."""
        so_far = jnp.stack([effect.marker(name) for name in _MARKERS])
        any_given = so_far[:, -1] > 0
        t_h = effect.clock.time_h
        first = t_h[jnp.argmax(so_far > 0, axis=1)]
        return Outcome(
            self.events, self.units, so_far[:, -1], jnp.where(any_given, 3, 0),
            jnp.where(any_given, first, t_h[-1]), any_given,
        )  # fmt: skip
