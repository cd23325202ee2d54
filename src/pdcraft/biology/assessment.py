"""Visits at which M-protein is measured, with the error of the measurement, until death."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from pdcraft.biology.imwg import Level, has_progressed
from pdcraft.domain import Effect, InputError, Patient
from pdcraft.domain.random import stream
from pdcraft.domain.units import HOURS_PER_DAY

NEEDS = {
    "m_protein.noise": "g/L",
    "m_protein.noise_share": "1",
    "m_protein.detection_limit": "g/L",
    "death.rate": "1/h",
}


class Observation(eqx.Module):
    """What is known of one patient's M-protein, visit by visit; the first is the baseline.

    Attributes
    ----------
    time_h
        Visits. h, ``[visit]``.
    serum_g_per_L
        Measured M-protein. g/L, ``[visit]``.
    undetectable
        Whether the true M-protein is below the limit of immunofixation. ``[visit]``.
    made
        Whether the visit took place: within follow-up and before death. ``[visit]``.
    """

    time_h: Float[Array, "visit"]
    serum_g_per_L: Float[Array, "visit"]
    undetectable: Bool[Array, "visit"]
    made: Bool[Array, "visit"]

    def levels(self) -> Level:
        """M-protein at baseline, at its lowest before each visit, and at the visit."""
        seen = jnp.where(self.made, self.serum_g_per_L, jnp.inf)
        visit = jnp.arange(seen.shape[0])
        earlier = visit < jnp.maximum(visit, 1)[:, None]
        lowest = jnp.where(earlier, seen, jnp.inf).min(axis=1)
        return Level(self.serum_g_per_L[0], lowest, self.serum_g_per_L)

    def suspected(self) -> Bool[Array, "visit"]:
        """Visits that meet the criteria of progression, confirmed or not."""
        return self.made & has_progressed(serum_g_per_L=self.levels())

    def progression(self) -> tuple[Bool[Array, ""], Int[Array, ""]]:
        """Whether a visit's progression is confirmed by the next, and the first such visit.

        Without progression, the last visit made.
        """
        suspected = self.suspected()
        confirmed = suspected[:-1] & suspected[1:]
        last = self.made.sum() - 1
        return confirmed.any(), jnp.where(confirmed.any(), jnp.argmax(confirmed), last)


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
    """

    every_d: float = eqx.field(static=True, default=28.0)
    most: int = eqx.field(static=True, default=27)
    seed: int = eqx.field(static=True, default=0)

    def __check_init__(self) -> None:
        """Refuse a schedule on which nothing can be confirmed."""
        if not self.every_d > 0 or self.most < 3:
            raise InputError(
                f"Visits every {self.every_d:g} d, {self.most} at most, confirm nothing: "
                "a response needs a baseline and two visits. Give every_d > 0 d and most >= 3."
            )

    def death_h(self, patient: Patient) -> Array:
        """Time of death of this patient under a constant hazard. h."""
        key = jax.random.fold_in(stream(self.seed, "death"), patient.number)
        return jax.random.exponential(key, dtype=float) / patient.parameters["death.rate"]

    def observe(self, effect: Effect, patient: Patient) -> Observation:
        r"""Visits of one patient, measured as :math:`M(1 + s\,\epsilon_1) + a\,\epsilon_2`, >= 0.

        References
        ----------
        collins2023, Table 1 (residual error)
        """
        values = patient.parameters
        t_h = jnp.arange(self.most) * self.every_d * HOURS_PER_DAY
        true = jnp.interp(t_h, effect.clock.time_h, effect.marker("M-protein"))
        key = jax.random.fold_in(stream(self.seed, "M-protein measured"), patient.number)
        noise = jax.random.normal(key, (2, self.most), dtype=float)
        measured = true * (1.0 + values["m_protein.noise_share"] * noise[0])
        measured = jnp.maximum(measured + values["m_protein.noise"] * noise[1], 0.0)
        made = (t_h <= effect.clock.time_h[-1]) & (t_h < self.death_h(patient))
        return Observation(t_h, measured, true < values["m_protein.detection_limit"], made)
