"""Best response of the disease by its criteria."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp

from pdcraft.biology.assessment import Assessments
from pdcraft.biology.base import AbstractEndpoint
from pdcraft.domain import Effect, Outcome, Patient


class BestResponse(AbstractEndpoint):
    """Best category before progression; where the criteria ask so, met at two visits running.

    Event ``"best response"``: grade = code of the category (`IMWG`; PR or better is 3 and above),
    value = best change of the leading measure from baseline at a visit, time = first visit of the
    category, happened = False where too few visits followed the baseline for one to be judged
    (the category then reads SD). Progression without a category before it is PD.

    Attributes
    ----------
    assessments
        The visits.
    """

    assessments: Assessments = Assessments()

    events: ClassVar[tuple[str, ...]] = ("best response",)
    units: ClassVar[tuple[str, ...]] = ("%",)

    @property
    def needs(self) -> Mapping[str, str]:
        """Those of the visits."""
        return self.assessments.needs

    def foresee(self, effect: Effect, patient: Patient) -> Outcome:
        """Best category, best change, when."""
        seen = self.assessments.observe(effect, patient)
        progressed, visit = seen.progression()
        responses = seen.responses()
        best = responses.max()
        later = seen.made & (jnp.arange(seen.made.shape[0]) > 0)
        change = jnp.where(later, -seen.fall, jnp.inf).min()
        evaluable = seen.made[2 if seen.confirmed else 1]
        when = jnp.where(evaluable & (best > 0), jnp.argmax(responses == best) + 1, visit)
        return Outcome(
            self.events,
            self.units,
            100.0 * jnp.where(seen.made[1], change, 0.0)[None],
            jnp.where(best > 0, best, jnp.where(progressed, 0, 1))[None],
            seen.time_h[when][None],
            evaluable[None],
        )
