"""Endpoints of a growth-delay experiment: time to a volume, regression, survival of the mouse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp

from pdcraft.biology.base import AbstractEndpoint
from pdcraft.biology.cytopenia import crossing_h
from pdcraft.domain import Effect, InputError, Outcome, Patient
from pdcraft.domain.units import HOURS_PER_DAY


class GrowthDelay(AbstractEndpoint):
    """How long a xenograft takes to grow, how far it shrank, and when the mouse must be killed.

    Events: ``"tumour growth"``: value = days to ``times`` the first volume, happened = False where
    follow-up ended first. ``"regression"``: value = lowest volume in per cent of the first,
    happened where it fell below 100 %. ``"volume limit"``: value = days to ``limit_mm3``, grade 5:
    the end of the mouse's survival.

    Attributes
    ----------
    times
        Multiple of the first volume, as 4.
    limit_mm3
        Volume at which the protocol ends the mouse's life. mm3.
    """

    times: float = eqx.field(static=True, default=4.0)
    limit_mm3: float = eqx.field(static=True, default=2000.0)

    def __check_init__(self) -> None:
        """Refuse a multiple of 1 or less."""
        if self.times <= 1.0 or self.limit_mm3 <= 0.0:
            raise InputError(
                f"times = {self.times:g} must be greater than 1 and limit_mm3 = "
                f"{self.limit_mm3:g} mm3 greater than 0; 4 and 2000 mm3 suit."
            )

    events: ClassVar[tuple[str, ...]] = ("tumour growth", "regression", "volume limit")
    units: ClassVar[tuple[str, ...]] = ("d", "%", "d")
    needs: ClassVar[Mapping[str, str]] = {}

    def foresee(self, effect: Effect, patient: Patient) -> Outcome:
        """Days to the multiple and to the limit, and the lowest volume."""
        volume, t_h = effect.marker("tumour volume"), effect.clock.time_h
        lowest = jnp.argmin(volume)
        grown = crossing_h(t_h, volume - self.times * volume[0], jnp.asarray(0))
        ended = crossing_h(t_h, volume - self.limit_mm3, jnp.asarray(0))
        times = jnp.stack([grown, t_h[lowest], ended])
        happened = jnp.isfinite(times) & jnp.array([True, False, True])
        happened = happened.at[1].set(volume[lowest] < volume[0])
        seen = jnp.minimum(times, t_h[-1])
        value = jnp.stack([
            seen[0] / HOURS_PER_DAY, 100.0 * volume[lowest] / volume[0], seen[2] / HOURS_PER_DAY,
        ])  # fmt: skip
        return Outcome(self.events, self.units, value, jnp.array([0, 0, 5]), seen, happened)
