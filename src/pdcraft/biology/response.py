"""Best confirmed response of myeloma by serum M-protein."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp

from pdcraft.biology.assessment import NEEDS, Assessments
from pdcraft.biology.base import AbstractEndpoint
from pdcraft.biology.imwg import response_depth
from pdcraft.domain import Effect, Outcome, Patient


class BestResponse(AbstractEndpoint):
    """Best IMWG category that two consecutive visits before progression meet.

    Event ``"best response"``: grade = code of the category (`IMWG`; PR or better is 3 and above),
    value = best change of M-protein from baseline at a visit, time = first of the two visits,
    happened = False where fewer than two visits followed the baseline and none can be confirmed
    (the category then reads SD). Progression without a confirmed category before it is PD.

    Attributes
    ----------
    assessments
        The visits.
    """

    assessments: Assessments = Assessments()

    events: ClassVar[tuple[str, ...]] = ("best response",)
    units: ClassVar[tuple[str, ...]] = ("%",)
    needs: ClassVar[Mapping[str, str]] = NEEDS

    def foresee(self, effect: Effect, patient: Patient) -> Outcome:
        """Best category, best change, when."""
        seen = self.assessments.observe(effect, patient)
        levels = seen.levels()
        code = response_depth(serum_g_per_L=levels, immunofixation_negative=seen.undetectable)
        progressed, visit = seen.progression()
        count = jnp.arange(code.shape[0])
        code = jnp.where(seen.made & ~(progressed & (count >= visit)), code, 0)
        confirmed = jnp.minimum(code[1:-1], code[2:])
        best = confirmed.max()
        change = jnp.where(seen.made & (count > 0), -levels.fall, jnp.inf).min()
        evaluable = seen.made[2]
        when = jnp.where(evaluable & (best > 0), jnp.argmax(confirmed == best) + 1, visit)
        return Outcome(
            self.events,
            self.units,
            100.0 * jnp.where(seen.made[1], change, 0.0)[None],
            jnp.where(best > 0, best, jnp.where(progressed, 0, 1))[None],
            seen.time_h[when][None],
            evaluable[None],
        )
