r"""A linear model from one event to the next: matrix exponential, and the answer to constant input.

Forward derivatives of any order pass through; nothing else is needed here.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

_TERMS = 13  # with a norm of 1/2 the first term left out is 1e-14


def propagator(
    matrix_per_h: Float[Array, "to from"], wait_h: Float[Array, ""]
) -> tuple[Float[Array, "to from"], Float[Array, "to from"]]:
    r"""What is left of the amounts, and what a constant input of one per hour has become.

    .. math:: \Phi=e^{Kt},\qquad \Psi=\int_0^t e^{Ku}\,du,\qquad x(t)=\Phi x_0+\Psi r

    by a Taylor sum over :math:`t/2^s` and :math:`s` doublings,
    :math:`\Psi\leftarrow\Psi+\Phi\Psi,\ \Phi\leftarrow\Phi^2`.

    Parameters
    ----------
    matrix_per_h
        Rate matrix :math:`K`, columns sum to 0 or less. 1/h.
    wait_h
        h, >= 0.

    Returns
    -------
    left, gathered
        1 and h, ``[to, from]``.

    References
    ----------
    moler2003, scaling and squaring

    Examples
    --------
    >>> left, gathered = propagator(jnp.array([[-0.5]]), jnp.array(2.0))
    >>> round(float(left[0, 0]), 6), round(float(gathered[0, 0]), 6)
    (0.367879, 1.264241)
    """
    n = matrix_per_h.shape[0]
    if n == 1:
        lost = matrix_per_h * wait_h
        safe = jnp.where(jnp.abs(lost) < 1e-5, 1.0, lost)
        mean = jnp.where(jnp.abs(lost) < 1e-5, 1.0 + lost / 2, jnp.expm1(safe) / safe)
        return jnp.exp(lost), wait_h * mean
    size = jax.lax.stop_gradient(jnp.abs(matrix_per_h).sum(0).max() * wait_h)
    doublings = jnp.clip(jnp.ceil(jnp.log2(jnp.maximum(size, 1e-30)) + 1.0), 0, 60).astype(int)
    h = wait_h / 2.0**doublings
    small, eye = matrix_per_h * h, jnp.eye(n)

    def nested(k: Array, mean: Array) -> Array:
        return eye + _times(small, mean) / (_TERMS - k)

    mean = jax.lax.fori_loop(0, _TERMS - 1, nested, eye)
    left, gathered = eye + _times(small, mean), h * mean

    def double(_: Array, pair: tuple[Array, Array]) -> tuple[Array, Array]:
        phi, psi = pair
        return _times(phi, phi), psi + _times(phi, psi)

    return jax.lax.fori_loop(0, doublings, double, (left, gathered))


def steady_state(
    matrix_per_h: Float[Array, "to from"],
    interval_h: Float[Array, ""],
    amount: Float[Array, "place"],
    rate: Float[Array, "place"],
    lag_h: Float[Array, ""] | None = None,
) -> Float[Array, "place"]:
    r"""Amounts just before the next of infinitely many equal doses, or ``lag_h`` before that.

    .. math:: x=(I-\Phi_\tau)^{-1}\,\Phi_\tau a\qquad\text{or}\qquad
              x=(I-\Phi_\tau)^{-1}\big[\Phi_{\tau-T}\Psi_T\,(m+1)\,r+\Psi_{\tau-T}\,m\,r\big]

    where an infusion runs for :math:`m` whole intervals and :math:`T` more; without an interval
    :math:`x=-K^{-1}r`, an infusion that never ended. With a lag, :math:`u=\tau-\mathrm{lag}` after
    the last dose,

    .. math:: \Phi_u(x+a)\qquad\text{or}\qquad \Phi_ux
              +\Phi_{u-v}\Psi_v\,(m+1)\,r+\Psi_{u-v}\,m\,r,\qquad v=\min(u,T).

    Parameters
    ----------
    matrix_per_h
        Rate matrix :math:`K`; every compartment must lose its amount in the end. 1/h.
    interval_h
        Time between doses, :math:`\tau`; 0 for an infusion that never ended. h.
    amount, rate
        One dose by compartment, :math:`a`, and its rate :math:`r` (0 for a bolus); both 0 give 0.
    lag_h
        How much later than due the doses come, from 0 to less than the interval. h.

    Examples
    --------
    A dose of 10 every 2 h that runs for 3 h: one infusion always, two for half of the time.

    >>> K, r = jnp.array([[-0.5]]), jnp.array([10 / 3])
    >>> round(float(steady_state(K, jnp.array(2.0), jnp.array([10.0]), r)[0]), 4)
    9.1836
    """
    n = matrix_per_h.shape[0]
    repeats = interval_h > 0
    tau = jnp.where(repeats, interval_h, 1.0)
    total, pace = amount.sum(), rate.sum()
    length = jnp.where(pace > 0, total / jnp.where(pace > 0, pace, 1.0), 0.0)
    whole = jnp.floor(length / tau + 1e-9)
    rest = length - whole * tau
    rest = jnp.where(rest < 0, 0.0, rest)
    left, _ = propagator(matrix_per_h, tau)
    _, gathered = propagator(matrix_per_h, rest)
    after, later = propagator(matrix_per_h, tau - rest)
    infused = after @ (gathered @ rate) * (whole + 1.0) + later @ rate * whole
    one = jnp.where(pace > 0, infused, left @ amount)
    again = jnp.linalg.solve(jnp.eye(n) - left, one)
    if lag_h is not None:
        u = tau - lag_h
        alone = jnp.where(u > rest, u - rest, 0.0)
        phi, _ = propagator(matrix_per_h, u)
        _, gathered = propagator(matrix_per_h, u - alone)
        after, later = propagator(matrix_per_h, alone)
        infused = after @ (gathered @ rate) * (whole + 1.0) + later @ rate * whole
        again = phi @ again + jnp.where(pace > 0, infused, phi @ amount)
    never_ended = jnp.where(pace > 0, jnp.linalg.solve(-matrix_per_h, rate), 0.0)
    return jnp.where(repeats, again, never_ended)


def _times(a: Array, b: Array) -> Array:
    # sums of products instead of a call to a matrix library: these are tiny and many
    return (a[:, :, None] * b[None, :, :]).sum(1)
