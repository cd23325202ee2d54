r"""Linear-quadratic dose of a sampled dose rate that is straight between its samples.

Between two samples :math:`\dot D = d + m s`, and unrepaired damage solves
:math:`Q' = \dot D - \mu Q` as :math:`Q = A e^{-\mu s} + B + C s` with :math:`C = m/\mu`,
:math:`B = d/\mu - m/\mu^2`, :math:`A = Q(0) - B`. So dose, damage and
:math:`G D^2 = 2\int\dot D\,Q` are exact in every interval, however coarse it is beside repair.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class Piece(NamedTuple):
    """Rate at the beginning (Gy/h), its slope (Gy/h^2), and damage at the beginning (Gy)."""

    rate: Array
    slope: Array
    damage: Array


def _parts(piece: Piece, s_h: Array, mu: Array) -> tuple[Array, Array, Array]:
    """Dose (Gy), damage left (Gy) and quadratic dose (Gy^2) after ``s_h`` within one interval."""
    d, m, Q = piece
    C = m / mu
    B = d / mu - C / mu
    A = Q - B
    gone = -jnp.expm1(-mu * s_h)
    E0 = gone / mu
    E1 = (gone / mu - s_h * (1.0 - gone)) / mu
    dose = d * s_h + 0.5 * m * s_h**2
    damage = A * (1.0 - gone) + B + C * s_h
    product = d * A * E0 + m * A * E1 + d * B * s_h + 0.5 * (d * C + m * B) * s_h**2
    return dose, damage, 2.0 * (product + m * C * s_h**3 / 3.0)


def sampled_dose_by(
    time_h: Float[Array, "sample"],
    rate_Gy_per_h: Float[Array, "sample"],
    t_h: Float[Array, "time"],
    *,
    repair_rate_per_h: Array,
) -> tuple[Float[Array, "time"], Float[Array, "time"]]:
    r"""Dose (Gy) and protracted :math:`G D^2` (Gy^2) delivered by given instants.

    Parameters
    ----------
    time_h, rate_Gy_per_h
        Rising instants and the dose rate there; 0 outside them.
    t_h
        Instants asked for.
    repair_rate_per_h
        :math:`\mu`, 1/h.

    Examples
    --------
    >>> t = jnp.array([0.0, 80.0])
    >>> dose, squared = sampled_dose_by(
    ...     t, jnp.array([0.5, 0.5]), jnp.array([80.0]), repair_rate_per_h=jnp.log(2.0) / 1.5
    ... )
    >>> round(float(dose[0] + squared[0] / 10.0), 3)  # as `bed_constant_rate`
    48.422
    """
    h, mu = jnp.diff(time_h), jnp.asarray(repair_rate_per_h)
    slope = jnp.diff(rate_Gy_per_h) / h

    def step(damage: Array, x: tuple[Array, Array, Array]) -> tuple[Array, tuple]:
        d, m, width = x
        dose, left, squared = _parts(Piece(d, m, damage), width, mu)
        return left, (damage, dose, squared)

    zero = jnp.zeros((), rate_Gy_per_h.dtype)
    _, (damage, dose, squared) = jax.lax.scan(step, zero, (rate_Gy_per_h[:-1], slope, h))
    before = [jnp.concatenate([jnp.zeros(1), jnp.cumsum(x)]) for x in (dose, squared)]
    k = jnp.clip(jnp.searchsorted(time_h, t_h, side="right") - 1, 0, h.shape[0] - 1)
    s = jnp.clip(t_h - time_h[k], 0.0, h[k])
    some, _, more = _parts(Piece(rate_Gy_per_h[k], slope[k], damage[k]), s, mu)
    # After the last sample no dose comes, and damage that is left meets no more of it.
    return before[0][k] + some, before[1][k] + more
