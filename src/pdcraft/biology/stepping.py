"""Equal steps through the follow-up of one patient, for the models that need a solver."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import diffrax
import equinox as eqx
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Float, PyTree

from pdcraft.domain import Samples, ValidityWarning

LONGEST_STEP_H = 24.0
"""Longest step for which the nadirs of the counts were checked to 0.1 %."""


class Grid(eqx.Module):
    """Equal steps from the first contact (t = 0) to the last instant asked for."""

    step_h: Float[Array, ""]
    time_h: Float[Array, "step"]

    @classmethod
    def over(cls, clock: Samples, steps: int) -> Grid:
        """Grid of ``steps`` equal steps; warns if they are longer than was checked."""
        last = clock.time_h[-1]
        if not isinstance(last, Tracer) and float(last) / steps > LONGEST_STEP_H:
            warnings.warn(
                f"Follow-up of {float(last) / 24:.0f} d in {steps} steps makes steps of "
                f"{float(last) / steps:.0f} h; nadirs were checked up to {LONGEST_STEP_H:.0f} h. "
                "Give the model more steps.",
                ValidityWarning,
                stacklevel=2,
            )
        return cls(last / steps, jnp.linspace(0.0, 1.0, steps + 1) * last)

    def read(self, values: Float[Array, "step ..."], t_h: Array) -> Array:
        """Values between the points of the grid, on straight lines."""
        x = t_h / self.step_h
        i = jnp.clip(jnp.floor(x).astype(int), 0, self.time_h.shape[0] - 2)
        return values[i] + (x - i) * (values[i + 1] - values[i])

    def solve(
        self,
        slope: Callable[[Array, PyTree], PyTree],
        start: PyTree,
        clock: Samples,
        *,
        forward: bool = False,
    ) -> PyTree:
        """Solution of ``state' = slope(t, state)`` at the instants of ``clock``. ``[time, ...]``.

        Runge-Kutta of order 5 (Tsitouras) with steps of ``step_h``. Derivatives are taken backwards
        (of few outputs), or with ``forward`` along a few parameters, as a fit wants them.
        """
        return diffrax.diffeqsolve(
            diffrax.ODETerm(lambda t, y, _: slope(jnp.asarray(t), y)),
            diffrax.Tsit5(),
            t0=0.0,
            t1=self.time_h[-1],
            dt0=self.step_h,
            y0=start,
            saveat=diffrax.SaveAt(ts=clock.time_h),
            max_steps=self.time_h.shape[0] + 1,
            adjoint=diffrax.ForwardMode() if forward else diffrax.RecursiveCheckpointAdjoint(),
        ).ys
