"""Progression of the disease, death, and whichever comes first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp

from pdcraft.biology.assessment import DEATH_NEEDS, Assessments
from pdcraft.biology.base import AbstractEndpoint
from pdcraft.domain import Effect, Outcome, Patient
from pdcraft.domain.units import HOURS_PER_DAY

DEATH_GRADE = 5  # CTCAE


class Progression(AbstractEndpoint):
    """First progression by the criteria of the disease.

    Event ``"progression"``: value = the leading measure then (or at the last visit), time = first
    visit that shows it (or the last visit made, where it did not happen).

    Attributes
    ----------
    assessments
        The visits.
    """

    assessments: Assessments = Assessments()

    events: ClassVar[tuple[str, ...]] = ("progression",)

    @property
    def units(self) -> tuple[str, ...]:
        """Unit of the leading measure."""
        return (self.assessments.criteria.unit,)

    @property
    def needs(self) -> Mapping[str, str]:
        """Those of the visits."""
        return self.assessments.needs

    def foresee(self, effect: Effect, patient: Patient) -> Outcome:
        """Whether and when the disease progressed."""
        seen = self.assessments.observe(effect, patient)
        happened, visit = seen.progression()
        return Outcome(
            self.events, self.units, seen.level[visit][None], jnp.zeros(1, int),
            seen.time_h[visit][None], happened[None],
        )  # fmt: skip


class Death(AbstractEndpoint):
    """Death from any cause, under a hazard that goes with a power of the burden.

    Event ``"death"``: value = days to death (or to the end of follow-up), grade 5.

    Attributes
    ----------
    seed
        Of the stream ``"death"``; the seed of the study's `Assessments`.
    """

    seed: int = eqx.field(static=True, default=0)

    events: ClassVar[tuple[str, ...]] = ("death",)
    units: ClassVar[tuple[str, ...]] = ("d",)
    needs: ClassVar[Mapping[str, str]] = DEATH_NEEDS

    def foresee(self, effect: Effect, patient: Patient) -> Outcome:
        """Whether and when the patient died."""
        end_h = effect.clock.time_h[-1]
        death_h = Assessments(seed=self.seed).death_h(effect, patient)
        happened, time_h = death_h <= end_h, jnp.minimum(death_h, end_h)
        return Outcome(
            self.events, self.units, time_h[None] / HOURS_PER_DAY,
            jnp.where(happened, DEATH_GRADE, 0)[None], time_h[None], happened[None],
        )  # fmt: skip


class ProgressionFreeSurvival(AbstractEndpoint):
    """Progression or death, whichever is first; censored at the last visit made.

    Death counts up to the last scheduled visit. After it nobody alive is under observation any
    more, so a death there would stand alone and bring the Kaplan-Meier curve to zero.

    Event ``"progression or death"``: value = days, grade 5 where it was death.

    Attributes
    ----------
    assessments
        The visits.
    """

    assessments: Assessments = Assessments()

    events: ClassVar[tuple[str, ...]] = ("progression or death",)
    units: ClassVar[tuple[str, ...]] = ("d",)

    @property
    def needs(self) -> Mapping[str, str]:
        """Those of the visits."""
        return self.assessments.needs

    def foresee(self, effect: Effect, patient: Patient) -> Outcome:
        """Whether, which, when."""
        seen = self.assessments.observe(effect, patient)
        progressed, visit = seen.progression()
        death_h = self.assessments.death_h(effect, patient)
        within = seen.time_h <= effect.clock.time_h[-1]
        died = ~progressed & (death_h <= jnp.where(within, seen.time_h, 0.0).max())
        time_h = jnp.where(died, death_h, seen.time_h[visit])
        return Outcome(
            self.events, self.units, time_h[None] / HOURS_PER_DAY,
            jnp.where(died, DEATH_GRADE, 0)[None], time_h[None], (progressed | died)[None],
        )  # fmt: skip
