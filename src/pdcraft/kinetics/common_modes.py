r"""A few exponentials that serve every patient: rational interpolation of the Laplace transform.

A model of eighty compartments has eighty modes, some of them complex, and each patient has other
ones. What follows needs few, real, and the same for all. With poles :math:`-p_j` and nodes
:math:`s_i` fixed once,

.. math:: X(s) = (sI-K)^{-1}x_0 \approx \sum_j \frac{c_j}{s+p_j},\qquad
          \text{equal at every } s_i,

so that time integrals with a decay constant among the nodes are exact, and the course is good to
the error of the interpolation (theory page *kinetics*, section 5).
"""

from __future__ import annotations

import functools

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import ellipj, ellipkm1

from pdcraft.domain import InputError


class CommonModes(eqx.Module):
    r"""Poles, nodes and the matrix from one to the other.

    Attributes
    ----------
    rate_per_h
        :math:`p_j`. 1/h, ``[mode]``.
    node_per_h
        :math:`s_i`, as many. 1/h, ``[node]``.
    weight
        Coefficients of the modes from the transform at the nodes. 1/h, ``[mode, node]``.
    """

    rate_per_h: np.ndarray
    node_per_h: np.ndarray
    weight: np.ndarray

    def coefficients(self, transform: Float[Array, "node *any"]) -> Float[Array, "mode *any"]:
        """Coefficient of every mode from the transform at the nodes."""
        return jnp.tensordot(self.weight, transform, 1)

    def error(self, rate_per_h: float, time_h: np.ndarray) -> np.ndarray:
        """What the modes make of exp(-rate t), less that. ``[time]``."""
        transform = 1.0 / (self.node_per_h + rate_per_h)
        course = np.exp(-np.multiply.outer(time_h, self.rate_per_h)) @ (self.weight @ transform)
        return course - np.exp(-rate_per_h * time_h)


def zolotarev_per_h(slowest_per_h: float, fastest_per_h: float, n: int) -> np.ndarray:
    r"""Poles that approximate every decay between two rates equally well.

    .. math:: p_j = b\,\mathrm{dn}\!\left(\frac{(2j-1)K(k)}{2n}, k\right),\quad
              k^2 = 1-(a/b)^2

    References
    ----------
    wachspress2013, optimal parameters by elliptic functions

    Examples
    --------
    >>> zolotarev_per_h(1.0, 100.0, 3).round(3).tolist()
    [1.541, 10.0, 64.878]
    """
    square = (slowest_per_h / fastest_per_h) ** 2
    u = (2 * np.arange(1, n + 1) - 1) * ellipkm1(square) / (2 * n)
    return np.sort(fastest_per_h * ellipj(u, 1.0 - square)[2])


@functools.lru_cache(maxsize=64)
def common_modes(
    slowest_per_h: float, fastest_per_h: float, n: int, exact_per_h: tuple[float, ...] = ()
) -> CommonModes:
    r"""Modes for every course whose rates lie in a range.

    Parameters
    ----------
    slowest_per_h, fastest_per_h
        Range of the rates. 1/h. Faster ones are seen as a jump, slower ones as the slowest.
    n
        Number of modes, 4 to 24.
    exact_per_h
        Decay constants for which time integrals are to be exact; each replaces the nearest node.

    Raises
    ------
    InputError
        If the range or the number is not possible.

    Examples
    --------
    >>> modes = common_modes(1e-3, 5.0, 16, (0.0036,))
    >>> bool(abs(modes.error(0.02, np.geomspace(0.1, 1000, 200))).max() < 3e-4)
    True
    """
    if not 0 < slowest_per_h < fastest_per_h or not 4 <= n <= 24:
        raise InputError(
            f"{n} modes between {slowest_per_h:g} and {fastest_per_h:g} per h: choose 4 to 24 "
            "modes and a range of positive rates."
        )
    p = zolotarev_per_h(slowest_per_h, fastest_per_h, n)
    s = zolotarev_per_h(slowest_per_h, fastest_per_h, n)
    for value in exact_per_h:
        s[np.abs(np.log(s / value)).argmin() if value > 0 else 0] = value
    if len(set(s)) < len(s):
        raise InputError(f"Two of the rates {exact_per_h} are the same; name each once.")
    # Inverse of the Cauchy matrix 1/(s_i + p_j), by products: no digit is lost.
    weight = np.empty((n, n))
    for j in range(n):
        for i in range(n):
            rest, others = np.delete(s, i), np.delete(p, j)
            weight[j, i] = np.prod(s[i] + p) / (np.prod(p[j] - others) * np.prod(s[i] - rest))
            weight[j, i] *= np.prod(p[j] + rest)
    return CommonModes(p, s, weight)
