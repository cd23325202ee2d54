r"""Courses of many patients: the Laplace transform on a hyperbola, by the elimination of one plan.

A few dozen values of :math:`(sI-K)^{-1}x_0` at complex :math:`s` give the amounts at all instants
(theory page *kinetics*, equations 14-16).
"""

from __future__ import annotations

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pdcraft.domain import InputError, NumericalError
from pdcraft.kinetics.elimination import Elimination, checked, columns, in_blocks, solve

_BLOCK = 32  # patients x nodes x places of complex numbers stay in the cache
_SECTOR = 0.2  # rad; modes may deviate so much from pure decay at full accuracy
_LOOKED_AT = 4  # patients whose modes are computed to see whether the contour holds them


class Hyperbola(eqx.Module):
    r"""Nodes and weights that invert Laplace transforms at given instants.

    .. math:: x(t)\approx\mathrm{Re}\sum_k w_k(t)\,X(s_k),\qquad s_k=\mu(1+\sin(iu_k-\varphi)),\
              u_k=(k+\tfrac12)h

    Attributes
    ----------
    node_per_h
        :math:`s_k`, complex. 1/h, ``[node]``.
    weight_per_h
        :math:`w_k(t)`, complex. 1/h, ``[time, node]``.
    """

    node_per_h: np.ndarray
    weight_per_h: np.ndarray
    shape: tuple[float, float, float] = eqx.field(static=True)  # angle, step, scale (1/h)
    first_h: float = eqx.field(static=True)

    def missed(self, mode_per_h: np.ndarray) -> np.ndarray:
        """Relative error that a mode (eigenvalue of K, 1/h) near or outside the contour brings."""
        angle, step, scale = self.shape
        # The pole seen from the line of integration: above it by `height`.
        height = -np.arcsin(np.asarray(mode_per_h, complex) / scale - 1.0).real - angle
        left = np.exp(np.minimum(np.asarray(mode_per_h).real, 0.0) * self.first_h)
        return left * np.exp(-2 * np.pi * np.maximum(height, 0.0) / step)


@functools.lru_cache(maxsize=64)
def _angle(ratio: float, sector: float) -> tuple[float, float, float]:
    """Angle, half length and exponent per node of the best hyperbola for times of this ratio."""
    low, high = max(0.0, np.pi / 4 - sector / 2), np.pi / 2 - sector
    phi = np.linspace(low, high, 4002)[1:-1]
    wide = np.pi - 2 * phi - 2 * sector
    length = np.arccosh((1 + ratio * wide / (4 * phi - np.pi + 2 * sector)) / np.sin(phi))
    gain = np.pi * wide / length
    best = int(gain.argmax())
    return float(phi[best]), float(length[best]), float(gain[best])


def hyperbola(time_h: np.ndarray, tolerance: float) -> Hyperbola:
    r"""Contour for these instants: as many nodes as the tolerance needs.

    .. math:: N=\left\lceil\frac{\ln(1/\varepsilon)}{B}\right\rceil,\quad
              B=\frac{\pi(\pi-2\varphi-2\delta)}{A(\varphi)},\quad
              \mu=\frac{\pi(4\varphi-\pi+2\delta)}{A}\frac{N}{t_\max},\quad h=\frac AN

    References
    ----------
    weideman2007, sections 3 and 4 (hyperbola for an interval of times, spectrum in a sector)
    """
    first, last = float(time_h.min()), float(time_h.max())
    phi, length, gain = _angle(last / first, _SECTOR)
    n = int(np.ceil(-np.log(tolerance) / gain))
    step = length / n
    scale = np.pi * (4 * phi - np.pi + 2 * _SECTOR) / length * n / last
    u = 1j * (np.arange(n) + 0.5) * step - phi
    s = scale * (1 + np.sin(u))
    # the upper half stands for both, of which the real part is kept
    weight = np.exp(np.multiply.outer(time_h, s)) * scale * np.cos(u) * step / np.pi
    return Hyperbola(s, weight, (phi, step, scale), first)


def trajectory_contour(
    plan: Elimination,
    rates_per_h: Float[Array, "transfer patient"],
    start: Float[Array, "entry"] | Float[Array, "entry patient"],
    time_h: Float[np.ndarray, "time"],
    loss_per_h: float = 0.0,
    *,
    tolerance: float = 1e-8,
) -> Float[Array, "time place patient"]:
    r"""Amounts at given instants for many patients, without time steps.

    .. math:: x(t)=\frac{1}{2\pi i}\int e^{st}\,\big((s+\lambda)I-K\big)^{-1}x_0\,ds

    Parameters
    ----------
    plan, rates_per_h, start
        As in `time_integrated_many`.
    time_h
        Instants, 0 or later, in any order; they shape the contour and so cannot be traced. h.
    loss_per_h
        Loss from all compartments alike, as the decay constant. 1/h, >= 0.
    tolerance
        Error wanted, as a share of the largest amount of each compartment; 1e-10 to 1e-2.

    Returns
    -------
    Array
        Unit of ``start``, ``[time, place, patient]``. May be differentiated in every array.

    Raises
    ------
    InputError
        If a shape, rate, time or tolerance cannot be right.
    NumericalError
        If modes of four patients, evenly chosen, oscillate so much that the contour misses them.
        Not looked at inside `jax.jit`.

    References
    ----------
    weideman2007, sections 3 and 4

    Examples
    --------
    >>> plan = Elimination(("blood", "urine"), [("blood", "urine")], entry=["blood"])
    >>> rates = jnp.array([[0.5, 1.5]])
    >>> x = trajectory_contour(plan, rates, jnp.array([1.0]), np.array([0.0, 2.0]))
    >>> np.asarray(x)[:, 0].round(6).tolist()  # blood of two patients: exp(-1), exp(-3)
    [[1.0, 1.0], [0.367879, 0.049787]]
    """
    rates, start, loss = checked(plan, rates_per_h, start, loss_per_h)
    if isinstance(time_h, jax.core.Tracer):
        raise InputError("time_h must be known numbers: the contour depends on them.")
    time = np.asarray(time_h, float)
    if time.ndim != 1 or not time.size or not (time.min() >= 0 and time.max() < np.inf):
        raise InputError("time_h must be a list of instants, each finite and 0 h or later.")
    if not 1e-10 <= tolerance <= 1e-2:
        raise InputError(
            f"tolerance = {tolerance:g} must lie between 1e-10 and 1e-2. "
            "For more digits use trajectory_ladder."
        )
    late = time > 0
    out = jnp.zeros((time.size, len(plan.places), rates.shape[1]))
    out = out.at[:, list(plan.entry)].set(start) if not late.all() else out
    if not late.any():
        return out
    contour = hyperbola(time[late], tolerance)
    if not isinstance(rates, jax.core.Tracer) and rates.shape[1]:
        _refuse_missed(plan, np.asarray(rates), contour, tolerance)
    curves = _invert(plan, rates, start, loss, contour.node_per_h, contour.weight_per_h)
    return curves if late.all() else out.at[np.flatnonzero(late)].set(curves)


def _refuse_missed(
    plan: Elimination, rates: np.ndarray, contour: Hyperbola, tolerance: float
) -> None:
    """Modes of a few patients must lie within the contour."""
    n = len(plan.places)
    for i in np.unique(np.linspace(0, rates.shape[1] - 1, _LOOKED_AT).astype(int)):
        matrix = np.zeros((n + 1, n + 1))  # the last row takes what leaves
        for (a, b), k in zip(plan.pairs, rates[:, i], strict=True):
            matrix[b, a] += k
            matrix[a, a] -= k
        modes = np.linalg.eigvals(matrix[:n, :n])
        error = contour.missed(modes)
        if error.max() > 100 * tolerance:
            worst = modes[error.argmax()]
            raise NumericalError(
                f"The mode {worst:.3g} per h of patient {i} oscillates too much for the contour: "
                f"error near {error.max():.1e}, wanted {tolerance:.0e}. Use trajectory_ladder, or "
                "ask for times that lie closer together."
            )


@functools.partial(jax.jit, static_argnums=0)
def _invert(
    plan: Elimination, rates: Array, start: Array, loss: Array, node: Array, weight: Array
) -> Array:
    s = (node + loss)[:, None]

    def block(rates: Array, start: Array) -> Array:
        zero = jnp.zeros((node.shape[0], rates.shape[-1]), node.dtype)
        x = solve(plan, columns(rates), s, [zero + b for b in columns(start)])
        x = jnp.stack([zero if content is None else content for content in x], axis=1)
        return jnp.tensordot(weight.real, x.real, 1) - jnp.tensordot(weight.imag, x.imag, 1)

    return in_blocks(block, rates, start, _BLOCK)
