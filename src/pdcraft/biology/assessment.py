"""Visits at which the disease is measured, with the error of the measurement, until death."""

from __future__ import annotations

from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from pdcraft.biology.criteria import AbstractCriteria, IMWGCriteria
from pdcraft.domain import Effect, InputError, Patient
from pdcraft.domain.random import stream
from pdcraft.domain.units import HOURS_PER_DAY

DEATH_NEEDS = {"death.rate": "1/h", "death.burden_exponent": "1"}
BURDEN_SEEN = (0.05, 20.0)
"""Burdens, in parts of the baseline, beyond which the hazard of death changes no further."""


class Observation(eqx.Module):
    """What is known of one patient, visit by visit; the first is the baseline.

    Attributes
    ----------
    time_h
        Visits. h, ``[visit]``.
    level, fall
        The leading measure, and its reduction from the baseline as a fraction. ``[visit]``.
    depth
        Code of the response that the visit alone would be. ``[visit]``.
    worse
        Whether the visit alone meets the criteria of progression. ``[visit]``.
    made
        Whether the visit took place: within follow-up and before death. ``[visit]``.
    confirmed
        Whether the next visit must show the same.
    """

    time_h: Float[Array, "visit"]
    level: Float[Array, "visit"]
    fall: Float[Array, "visit"]
    depth: Int[Array, "visit"]
    worse: Bool[Array, "visit"]
    made: Bool[Array, "visit"]
    confirmed: bool = eqx.field(static=True)

    def progression(self) -> tuple[Bool[Array, ""], Int[Array, ""]]:
        """Whether there was progression, and the visit that showed it first.

        Without progression, the last visit made.
        """
        suspected = self.worse & self.made
        found = suspected[:-1] & suspected[1:] if self.confirmed else suspected
        last = self.made.sum() - 1
        return found.any(), jnp.where(found.any(), jnp.argmax(found), last)

    def responses(self) -> Int[Array, "after"]:
        """Code of the response at every visit after the baseline; 0 after progression."""
        progressed, visit = self.progression()
        before = ~(progressed & (jnp.arange(self.depth.shape[0]) >= visit))
        code = jnp.where(self.made & before, self.depth, 0)
        return jnp.minimum(code[1:-1], code[2:]) if self.confirmed else code[1:]


class Assessments(eqx.Module):
    """A schedule of visits. Endpoints of one study share one, so that they see the same visits.

    Attributes
    ----------
    every_d
        Days between visits; the first is at t = 0.
    most
        Largest number of visits, the baseline included.
    seed
        Of the streams of measurement error and death; draws belong to ``patient.number``.
    criteria
        Of the disease.
    """

    every_d: float = eqx.field(static=True, default=28.0)
    most: int = eqx.field(static=True, default=27)
    seed: int = eqx.field(static=True, default=0)
    criteria: AbstractCriteria = IMWGCriteria()

    def __check_init__(self) -> None:
        """Refuse a schedule on which nothing can be confirmed."""
        if not self.every_d > 0 or self.most < 3:
            raise InputError(
                f"Visits every {self.every_d:g} d, {self.most} at most, confirm nothing: "
                "a response needs a baseline and two visits. Give every_d > 0 d and most >= 3."
            )

    @property
    def needs(self) -> Mapping[str, str]:
        """Parameters read from the patient: name and unit."""
        return {**self.criteria.needs, **DEATH_NEEDS}

    def death_h(self, effect: Effect, patient: Patient) -> Array:
        r"""Time of death of this patient. h.

        .. math:: h(t) = h_0\,T(t)^{\kappa} \qquad (B21)

        with *T* the burden in parts of the baseline. Constant after the end of the clock.
        """
        key = jax.random.fold_in(stream(self.seed, "death"), patient.number)
        drawn = jax.random.exponential(key, dtype=float) / patient.parameters["death.rate"]
        if "tumour burden" not in effect.markers:
            return drawn
        t_h = effect.clock.time_h
        burden = jnp.clip(effect.marker("tumour burden"), *BURDEN_SEEN)
        pace = burden ** patient.parameters["death.burden_exponent"]
        spent = jnp.concatenate(
            [jnp.zeros(1), jnp.cumsum(0.5 * (pace[1:] + pace[:-1]) * jnp.diff(t_h))]
        )
        later = t_h[-1] + (drawn - spent[-1]) / pace[-1]
        return jnp.where(drawn < spent[-1], jnp.interp(drawn, spent, t_h), later)

    def observe(self, effect: Effect, patient: Patient) -> Observation:
        r"""Visits of one patient, M-protein measured as :math:`M(1 + s\epsilon_1) + a\epsilon_2`.

        References
        ----------
        collins2023, Table 1 (residual error of M-protein)
        """
        t_h = jnp.arange(self.most) * self.every_d * HOURS_PER_DAY
        key = jax.random.fold_in(stream(self.seed, "M-protein measured"), patient.number)
        noise = jax.random.normal(key, (3, self.most), dtype=float)
        made = (t_h <= effect.clock.time_h[-1]) & (t_h < self.death_h(effect, patient))
        seen = self.criteria.judge(effect, patient, t_h, noise, made)
        return Observation(
            t_h, seen.level, seen.fall, seen.depth, seen.worse, made, self.criteria.confirmed
        )
