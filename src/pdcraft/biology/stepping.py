r"""Equal steps through the follow-up of one patient, and first-order stages that take them exactly.

A stage :math:`x' = k\,(u - x)` ends a step of length *h* at

.. math:: x(h) = e^{-kh}\,x(0) + k\int_0^h e^{-k(h-t)}\,u(t)\,dt,

in closed form for a feed *u* that is straight (`Stage`), or a parabola through its last three
values (`Parabola`), whatever :math:`kh`: a fast stage follows what feeds it and cannot become
unstable. With sums in time by the rule of Adams and Bashforth, steps of a day are enough (theory
page *biology*, section 4).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import diffrax
import equinox as eqx
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Float, PyTree

from pdcraft.domain import Samples, ValidityWarning

LONGEST_STEP_H = 24.5
"""Longest step for which the nadirs of the counts were checked to 0.1 %. h."""


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
        share = (x - i).reshape((-1, *(1,) * (values.ndim - 1))) if jnp.ndim(t_h) else x - i
        return values[i] + share * (values[i + 1] - values[i])

    def stage(self, rate_per_h: Array) -> Stage:
        """Weights of one first-order stage over a step of this grid, fed in a straight line."""
        return Stage.over(rate_per_h * self.step_h)

    def parabola(self, rate_per_h: Array) -> Parabola:
        """Weights of one first-order stage over a step of this grid, fed in a parabola."""
        return Parabola.over(rate_per_h * self.step_h)

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


class Stage(eqx.Module):
    """Weights of a first-order stage over one step: of itself, of what fed it before, and now."""

    keep: Float[Array, "..."]
    before: Float[Array, "..."]
    now: Float[Array, "..."]

    @classmethod
    def over(cls, kh: Array) -> Stage:
        """Weights for a rate times the length of the step."""
        keep = jnp.exp(-kh)
        safe = jnp.where(kh < 1e-8, 1.0, kh)
        now = jnp.where(kh < 1e-8, 0.5 * kh, 1.0 + jnp.expm1(-kh) / safe)
        return cls(keep, 1.0 - keep - now, now)

    def __call__(self, x: Array, before: Array, now: Array) -> Array:
        """Content of the stage after the step."""
        return self.keep * x + self.before * before + self.now * now


class Parabola(eqx.Module):
    """Weights of a first-order stage over one step: of itself, and of its feed at three instants.

    The instants are one step before the beginning, the beginning, and the end of the step.
    """

    keep: Float[Array, "..."]
    earlier: Float[Array, "..."]
    before: Float[Array, "..."]
    now: Float[Array, "..."]

    @classmethod
    def over(cls, kh: Array) -> Parabola:
        """Weights for a rate times the length of the step."""
        keep, small = jnp.exp(-kh), kh < 1e-3
        z = jnp.where(small, 1.0, kh)
        first = jnp.where(small, kh / 2.0 - kh**2 / 6.0, 1.0 + jnp.expm1(-z) / z)
        second = jnp.where(small, kh / 3.0 - kh**2 / 12.0, 1.0 - 2.0 * first / z)
        return cls(keep, (second - first) / 2.0, 1.0 - keep - second, (second + first) / 2.0)

    def __call__(self, x: Array, earlier: Array, before: Array, now: Array) -> Array:
        """Content of the stage after the step."""
        return self.keep * x + self.earlier * earlier + self.before * before + self.now * now


def adams(step_h: Array, slope: Array, slope_before: Array) -> Array:
    """Increase over one step from the slopes at its beginning and one step earlier."""
    return step_h * (1.5 * slope - 0.5 * slope_before)
