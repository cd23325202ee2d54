r"""Doses that come late or in part: absorption lag ALAG and bioavailability F of any structure.

Both belong to doses into the compartment of doses that name none (the depot of oral models);
doses elsewhere act at once and wholly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from pdcraft.domain import InputError
from pdcraft.kinetics.estimation.schedule import Schedule
from pdcraft.kinetics.estimation.structures import AbstractStructure, Individual


class Absorbed(AbstractStructure):
    r"""A structure whose doses enter ``ALAG`` later, and to a share ``F``.

    A dose :math:`D` at :math:`t_d` acts as :math:`F\,D` at :math:`t_d+t_\mathrm{lag}`; an infusion
    as a whole comes later. A reset (EVID 3 or 4) cancels what has not come yet. The objective has
    a kink where :math:`t_d+t_\mathrm{lag}` passes a measurement.

    Attributes
    ----------
    structure
        What happens after absorption.
    has_lag, has_share
        Whether there is a parameter ALAG, and one F.

    Examples
    --------
    >>> from pdcraft.kinetics.estimation import one_compartment
    >>> sorted(Absorbed(one_compartment(oral=True), has_lag=True).needs)
    ['ALAG', 'CL', 'KA', 'V']
    """

    structure: AbstractStructure
    has_lag: bool = eqx.field(static=True, default=False)
    has_share: bool = eqx.field(static=True, default=False)

    @property
    def places(self) -> tuple[str, ...]:
        """Those of the structure."""
        return self.structure.places

    @property
    def needs(self) -> Mapping[str, str]:
        """Those of the structure, and ALAG or F."""
        more = {"ALAG": "time"} if self.has_lag else {}
        return {**self.structure.needs, **more, **({"F": "1"} if self.has_share else {})}

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
        """Refuse steady states with a lag, and infusions of which a share arrives."""
        self.structure.check(steps)
        place = self.dose_place
        settled = np.asarray(steps.steady_amount)[..., place].any()
        if self.has_lag and (settled or np.asarray(steps.steady_rate)[..., place].any()):
            raise InputError(
                "ALAG with a dose at steady state (SS) is not available. Write the doses before it "
                "out with ADDL and II."
            )
        if self.has_share and np.asarray(steps.rate_change)[..., place].any():
            raise InputError(
                f"F with an infusion (RATE) into {self.places[place]} is not available: F would "
                "change how long it runs. Give such doses in another compartment (CMT)."
            )

    def course(self, during: Individual, now: Individual, steps: Schedule) -> Float[Array, "step"]:
        """What would be measured at every step."""
        place = self.dose_place
        bolus = steps.bolus
        if self.has_share:
            share = now["F"]
            bolus = bolus.at[:, place].multiply(share)
            steady = steps.steady_amount.at[:, place].multiply(share)
            steps = replace(steps, bolus=bolus, steady_amount=steady)
        if not self.has_lag:
            return self.structure.course(during, now, steps)
        late, step, is_own = _delayed(steps, now["ALAG"], place)
        # a late dose comes in the wait before the next step of the file
        following = jnp.minimum(jnp.cumsum(is_own), len(steps.wait_h) - 1)
        at = jnp.where(is_own, step, following)
        every = self.structure.course(
            {k: v[at] for k, v in during.items()}, {k: v[at] for k, v in now.items()}, late
        )
        return every[jnp.flatnonzero(is_own, size=len(steps.wait_h))]


def _delayed(
    steps: Schedule, lag_h: Float[Array, "step"], place: int
) -> tuple[Schedule, Int[Array, "twice"], Bool[Array, "twice"]]:
    """Every step twice: itself without doses into ``place``, and those, later.

    Also the step that each comes from, and whether it is itself. At one instant a late dose comes
    after the step that gave it and before the next, so that no lag changes nothing.
    """
    time_h = jnp.stack([steps.time_h, steps.time_h + lag_h], 1).ravel()
    order = jnp.argsort(jax.lax.stop_gradient(time_h), stable=True)
    time_h, step, is_own = time_h[order], order // 2, order % 2 == 0
    resets = jnp.cumsum(steps.reset > 0)
    came = jnp.cumsum(is_own & (steps.reset[step] > 0))
    counts = ~is_own & (came <= resets[step])
    here = jnp.zeros(steps.bolus.shape[1]).at[place].set(1.0)

    def split(x: Array) -> Array:
        own, later = is_own[:, None] * (1.0 - here), counts[:, None] * here
        return x[step] * (own + later)

    def kept(x: Array) -> Array:
        return x[step] * is_own.reshape(-1, *[1] * (x.ndim - 1))

    late = replace(
        steps, wait_h=jnp.diff(time_h, prepend=time_h[:1]), reset=kept(steps.reset),
        bolus=split(steps.bolus), rate_change=split(steps.rate_change),
        steady_interval_h=kept(steps.steady_interval_h), steady_amount=kept(steps.steady_amount),
        steady_rate=kept(steps.steady_rate), kind=steps.kind[step],
    )  # fmt: skip
    return late, step, is_own
