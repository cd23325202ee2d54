r"""Doses that parameters move: lag ALAG, bioavailability F, modelled duration D and rate R.

ALAG and F belong to doses into the compartment of doses that name none (the depot of oral
models); doses elsewhere act at once and wholly. D and R belong to the doses whose RATE is -2 or -1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from pdcraft.domain import InputError
from pdcraft.kinetics.estimation.doses import IMPLIED
from pdcraft.kinetics.estimation.schedule import Moved, Schedule
from pdcraft.kinetics.estimation.structures import AbstractStructure, Individual


class Absorbed(AbstractStructure):
    r"""A structure whose doses enter ``ALAG`` later, to a share ``F``, over ``D`` or at rate ``R``.

    A dose :math:`A` at :math:`t_d` acts as :math:`F\,A` at :math:`t_d+t_\mathrm{lag}`. An infusion
    runs for

    .. math:: T=D\ (\mathrm{RATE}=-2),\qquad T=F A/R\ (\mathrm{RATE}=-1),\qquad
              T=F A/\mathrm{RATE}\ (\mathrm{RATE}>0)

    at the rate :math:`F A/T`. At steady state all doses before were as late. A reset (EVID 3 or 4)
    cancels what has not come yet. The parameters are those at the instant that the dose is given.
    The objective has a kink where a beginning or an end passes a measurement.

    Attributes
    ----------
    structure
        What happens after absorption.
    has_lag, has_share, has_duration, has_rate
        Whether there is a parameter ALAG, F, D, R.

    References
    ----------
    predpp, absorption lag, bioavailability, duration and rate parameters

    Examples
    --------
    >>> from pdcraft.kinetics.estimation import one_compartment
    >>> sorted(Absorbed(one_compartment(oral=True), has_lag=True).needs)
    ['ALAG', 'CL', 'KA', 'V']
    """

    structure: AbstractStructure
    has_lag: bool = eqx.field(static=True, default=False)
    has_share: bool = eqx.field(static=True, default=False)
    has_duration: bool = eqx.field(static=True, default=False)
    has_rate: bool = eqx.field(static=True, default=False)

    @property
    def places(self) -> tuple[str, ...]:
        """Those of the structure."""
        return self.structure.places

    @property
    def needs(self) -> Mapping[str, str]:
        """Those of the structure, and ALAG, F, D, R."""
        units = {"ALAG": "time", "F": "1", "D": "time", "R": "amount/time"}
        more = {name: unit for name, unit in units.items() if name in self.absorbs}
        return {**self.structure.needs, **more}

    @property
    def absorbs(self) -> frozenset[str]:
        """Parameters of doses that the structure has."""
        has = (self.has_lag, self.has_share, self.has_duration, self.has_rate)
        return frozenset(n for n, h in zip(("ALAG", "F", "D", "R"), has, strict=True) if h)

    @property
    def dose_place(self) -> int:
        """That of the structure."""
        return self.structure.dose_place

    @property
    def measured_place(self) -> int | None:
        """That of the structure."""
        return self.structure.measured_place

    @property
    def measured_places(self) -> tuple[int | None, ...]:
        """Those of the structure."""
        return self.structure.measured_places

    def check(self, steps: Schedule) -> None:
        """Refuse what the structure refuses."""
        self.structure.check(steps)

    def check_start(self, now: Individual, steps: Schedule) -> None:
        """Refuse a lag or an infusion too long for the interval of a dose at steady state."""
        if steps.moved is None:
            return
        each = jax.vmap(lambda p, s, m: self._timed(p, s, m)[1])
        fits = np.asarray(each(now, steps, steps.moved))
        bad = np.unique(np.nonzero(~fits)[0])
        if len(bad):
            raise InputError(
                f"At the initial values doses at steady state (SS) of patients "
                f"{', '.join(str(b + 1) for b in bad[:20])} come later than their interval II, or "
                f"run for more than {IMPLIED + 1} intervals. Begin with a shorter ALAG or D or "
                "a higher R, or write the doses out with ADDL and II."
            )

    def course(self, during: Individual, now: Individual, steps: Schedule) -> Float[Array, "step"]:
        """What would be measured at every step; nan where `check_start` would refuse."""
        if steps.moved is None:
            return self.structure.course(during, now, steps)
        timed, _ = self._timed(now, steps, steps.moved)
        order = jnp.argsort(jax.lax.stop_gradient(timed.time_h), stable=True)
        origin, is_moved = steps.moved.origin[order], steps.moved.is_moved[order]
        given = jnp.cumsum(steps.reset > 0)[origin]
        counts = ~is_moved | (jnp.cumsum(timed.reset[order] > 0) <= given)
        late = jax.tree.map(lambda x: x[order], replace(timed, moved=None))
        late = replace(
            late, wait_h=jnp.diff(late.time_h, prepend=late.time_h[:1]),
            bolus=late.bolus * counts[:, None], rate_change=late.rate_change * counts[:, None],
        )  # fmt: skip
        # what is moved comes in the wait before the next step of the file
        last = len(order) - 1
        at = jax.lax.cummin(jnp.where(is_moved, last, order), reverse=True)
        every = self.structure.course(
            {k: v[at] for k, v in during.items()}, {k: v[at] for k, v in now.items()}, late
        )
        return every[jnp.argsort(order)]

    def _timed(
        self, now: Individual, steps: Schedule, moved: Moved
    ) -> tuple[Schedule, Bool[Array, "step"]]:
        """Steps with their instants, amounts and rates, not in order; whether steady states fit."""
        lag, amount, rate = self._doses(now, moved)
        length = jnp.where(rate > 0, amount / jnp.where(rate > 0, rate, 1.0), 0.0)
        instant = moved.begins_h + lag + jnp.where(moved.sign < 0, length, 0.0)
        earliest = steps.time_h[moved.origin]
        instant = jnp.where(instant < earliest, earliest, instant)
        place = jax.nn.one_hot(moved.place, steps.bolus.shape[1], dtype=amount.dtype)
        bolus = jnp.where(moved.is_moved & (moved.sign == 0), amount, 0.0)
        tau = steps.steady_interval_h
        settles = tau > 0
        runs = jnp.where(moved.rate < 0, IMPLIED, _whole(moved, tau))
        fits = ~settles | ((lag < tau) & (lag + length <= (runs + 1) * tau))
        steady = jnp.where(fits, amount, jnp.nan)[:, None] * place
        timed = replace(
            steps, time_h=jnp.where(moved.is_moved, instant, steps.time_h),
            bolus=steps.bolus + bolus[:, None] * place,
            rate_change=steps.rate_change + (moved.sign * rate)[:, None] * place,
            steady_amount=jnp.where(settles[:, None], steady, steps.steady_amount),
            steady_rate=jnp.where(settles[:, None], rate[:, None] * place, steps.steady_rate),
            steady_lag_h=jnp.where(settles, lag, 0.0) if self.has_lag else None,
        )  # fmt: skip
        return timed, fits

    def _doses(
        self, now: Individual, moved: Moved
    ) -> tuple[Float[Array, "step"], Float[Array, "step"], Float[Array, "step"]]:
        """Lag, amount and rate of the dose of every step."""
        is_own, rate = moved.place == self.dose_place, moved.rate
        value = {k: now[k][moved.origin] for k in self.absorbs}
        amount = (
            moved.amount * jnp.where(is_own, value["F"], 1.0) if self.has_share else moved.amount
        )
        lag = jnp.where(is_own, value["ALAG"], 0.0) if self.has_lag else jnp.zeros_like(amount)
        if self.has_duration:
            rate = jnp.where(moved.rate == -2, amount / value["D"], rate)
        if self.has_rate:
            rate = jnp.where(moved.rate == -1, value["R"], rate)
        return lag, amount, rate


def _whole(moved: Moved, interval_h: Float[Array, "step"]) -> Float[Array, "step"]:
    """Infusions of a given rate that may still run at steady state, as `doses.implied`."""
    pace, tau = (jnp.where(x > 0, x, 1.0) for x in (moved.rate, interval_h))
    return jnp.where(moved.rate > 0, jnp.ceil(moved.amount / pace / tau - 1e-9), 0.0)
