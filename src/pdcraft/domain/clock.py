r"""When things happen: sampled instants, or a few exponential modes.

A linear course is :math:`x(t) = \sum_m c_m\,\varphi_m(t)`, where each mode :math:`\varphi_m` is the
answer of one first-order loss to one administration of unit size, given at a constant pace from
``start_h`` for ``duration_h`` (0 for a bolus).
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class Exponentials(eqx.Module):
    r"""Exponential modes, each begun by one administration.

    For a bolus :math:`\varphi(t) = e^{-\lambda (t-s)}` from :math:`s` on. For an infusion of length
    :math:`T` it is that exponential averaged over the moments of entry,

    .. math:: \varphi(t) = \frac1T\int_s^{\min(t,s+T)} e^{-\lambda(t-u)}\,du .

    Attributes
    ----------
    rate_per_h
        Loss rate of each mode. 1/h, ``[mode]``.
    start_h, duration_h
        Begin and length of the administration. h, ``[mode]``.
    """

    rate_per_h: Float[Array, "mode"]
    start_h: Float[Array, "mode"]
    duration_h: Float[Array, "mode"]

    def at(self, t_h: Float[Array, "*time"]) -> Float[Array, "*time mode"]:
        r"""Value of every mode at given instants. ``[*time, mode]``; 0 before the start."""
        t = jnp.asarray(t_h)[..., None] - self.start_h
        lam, T = self.rate_per_h, self.duration_h
        entered = jnp.clip(t, 0.0, T)
        age = jnp.maximum(t - entered, 0.0)  # of the molecule that entered last
        safe_T = jnp.where(T > 0, T, 1.0)
        x = lam * entered
        small = jnp.abs(x) < 1e-6
        safe_x = jnp.where(small, 1.0, x)
        mean = jnp.where(small, 1.0 - 0.5 * x, -jnp.expm1(-safe_x) / safe_x)
        share = jnp.where(T > 0, mean * entered / safe_T, 1.0)
        return jnp.where(t >= 0, share * jnp.exp(-lam * age), 0.0)

    @property
    def integral_h(self) -> Float[Array, "mode"]:
        r"""Integral of every mode from its start to infinity, :math:`1/\lambda`. h, ``[mode]``."""
        return 1.0 / self.rate_per_h

    def faster_by(self, rate_per_h: Float[Array, "..."]) -> Exponentials:
        """The same modes with a further first-order loss, as physical decay. 1/h."""
        return Exponentials(self.rate_per_h + rate_per_h, self.start_h, self.duration_h)


class Samples(eqx.Module):
    """Values known at given instants, straight lines between them.

    Attributes
    ----------
    time_h
        Rising instants. h, ``[mode]``.
    """

    time_h: Float[Array, "mode"]

    def at(self, t_h: Float[Array, "*time"]) -> Float[Array, "*time mode"]:
        """Weight of every sample at given instants (linear interpolation, 0 outside)."""
        t, knots = jnp.asarray(t_h), self.time_h
        if knots.shape[0] == 1:
            return (t[..., None] == knots).astype(float)
        i = jnp.clip(jnp.searchsorted(knots, t, side="right") - 1, 0, knots.shape[0] - 2)
        share = (t - knots[i]) / (knots[i + 1] - knots[i])
        inside = (t >= knots[0]) & (t <= knots[-1])
        n = knots.shape[0]
        low, high = (jax.nn.one_hot(k, n, dtype=share.dtype) for k in (i, i + 1))
        weight = (1.0 - share)[..., None] * low + share[..., None] * high
        return jnp.where(inside[..., None], weight, 0.0)

    @property
    def integral_h(self) -> Float[Array, "mode"]:
        """Weight of every sample in the integral over the sampled time (trapezoids). h."""
        gap = jnp.diff(self.time_h)
        zero = jnp.zeros(1)
        return 0.5 * (jnp.concatenate([gap, zero]) + jnp.concatenate([zero, gap]))
