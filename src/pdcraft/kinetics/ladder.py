r"""The slow and safe course: never negative, never loses a molecule, good to twelve digits.

A reference for the fast engines, for any graph, however stiff (theory page *kinetics*,
equations 17-18).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pdcraft.domain import InputError

_TERMS = 16  # of a Taylor series with arguments up to 1: the next is 1/17! = 3e-15


def trajectory_ladder(
    matrix_per_h: Float[Array, "to from"],
    start: Float[Array, "place"],
    time_h: Float[Array, "time"],
) -> Float[Array, "time place"]:
    r"""Amounts at given instants by repeated squaring of a matrix of probabilities.

    .. math:: E_0=e^{-qh}\sum_{m\le 16}\frac{(Ph)^m}{m!},\quad P=K+qI\ge 0,\quad
              E_{k+1}=E_k^2\ \text{with columns scaled to sum 1},\quad
              x(t)=\Big(\prod_{k:\,b_k(t)=1}E_k\Big)\,x_0

    Every number is a sum of products of non-negative ones, and the columns of each rung are the
    probabilities of where a molecule is: rounding cannot make or lose any.

    Parameters
    ----------
    matrix_per_h
        Rate matrix, as of `rate_matrix`. Columns may sum to less than zero: what is missing
        leaves into a compartment that is followed but not returned. 1/h.
    start
        Amounts at the start, any unit, >= 0.
    time_h
        Instants, 0 or later, in any order. h.

    Returns
    -------
    Array
        Unit of ``start``, ``[time, place]``. Use `jax.vmap` for many patients.

    Raises
    ------
    InputError
        If an off-diagonal rate, an amount or a time is negative, or a column has a gain.

    References
    ----------
    moler2003, scaling and squaring; jensen1953, series of non-negative terms

    Examples
    --------
    >>> from pdcraft.kinetics import rate_matrix
    >>> K = rate_matrix(("blood", "urine"), [("blood", "urine")], jnp.array([0.5]))
    >>> x = trajectory_ladder(K, jnp.array([1.0, 0.0]), jnp.array([0.0, 2.0, 2000.0]))
    >>> x.sum(axis=1).tolist(), round(float(x[1, 0]), 12)
    ([1.0, 1.0, 1.0], 0.367879441171)
    """
    matrix, start, time = (jnp.asarray(v, float) for v in (matrix_per_h, start, time_h))
    if not any(isinstance(v, jax.core.Tracer) for v in (matrix, start, time)):
        _refuse(np.asarray(matrix), np.asarray(start), np.asarray(time))
    return _climb(matrix, start, time)


def _refuse(matrix: np.ndarray, start: np.ndarray, time: np.ndarray) -> None:
    n = len(start)
    if matrix.shape != (n, n) or time.ndim != 1 or not time.size:
        raise InputError(
            f"matrix_per_h {matrix.shape}, start {start.shape} and time_h {time.shape} must be "
            "[place, place], [place] and [time]."
        )
    for name, values, unit in (
        ("matrix_per_h off its diagonal", matrix[~np.eye(n, dtype=bool)], "1/h"),
        ("start", start, ""),
        ("time_h", time, "h"),
    ):
        if values.size and not (values.min() >= 0 and values.max() < np.inf):
            raise InputError(f"{name} holds {values.min():g} {unit}; it must be finite and >= 0.")
    gain = matrix.sum(axis=0).max()
    if not gain <= 1e-9 * np.abs(matrix).max():
        raise InputError(f"A column of matrix_per_h gains {gain:g} per h; molecules only move.")


@jax.jit
def _climb(matrix: Array, start: Array, time: Array) -> Array:
    n = matrix.shape[0]
    off = matrix * (1.0 - jnp.eye(n))
    lost = jnp.maximum(-jnp.diagonal(matrix) - off.sum(axis=0), 0.0)
    # rounding of the diagonal is no loss
    lost = jnp.where(lost > 1e-14 * jnp.abs(jnp.diagonal(matrix)), lost, 0.0)
    flow = jnp.zeros((n + 1, n + 1)).at[:n, :n].set(off).at[n, :n].set(lost)
    leave = flow.sum(axis=0)
    pace = jnp.maximum(leave.max(), jnp.finfo(float).tiny)
    last = jnp.maximum(time.max(), jnp.finfo(float).tiny)
    rungs = jnp.maximum(jnp.ceil(jnp.log2(last * pace)), 0.0) + 1
    step = last * 2.0 ** (1 - rungs)
    P = (flow + jnp.diag(pace - leave)) * step
    whole = jnp.floor(time / step)
    rest = time / step - whole

    def series(first: Array, scale: Array | float) -> Array:
        def add(m: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
            term = (P @ state[0]) * (scale / m)
            return term, state[1] + term

        _, total = jax.lax.fori_loop(1, _TERMS + 1, add, (first, first))
        return total / total.sum(axis=0) * first.sum(axis=0)

    amount = jnp.append(start, 0.0)
    scale = jnp.where(amount.sum() > 0, amount.sum(), 1.0)
    x = series(jnp.tile((amount / scale)[:, None], (1, time.size)), rest)
    x = jnp.where(amount.sum() > 0, x, 0.0)

    def climb(k: Array, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        x, rung, left = state
        x = jnp.where(left % 2 == 1, rung @ x, x)
        rung = rung @ rung
        return x, rung / rung.sum(axis=0), left // 2

    begin = (x, series(jnp.eye(n + 1), 1.0), whole)
    x, _, _ = jax.lax.fori_loop(0, rungs.astype(int), climb, begin)
    return scale * x[:n].T
