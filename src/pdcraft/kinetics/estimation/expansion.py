r"""A prediction and its derivatives at one point, as a polynomial.

Everything an objective needs of the structural model is its value and its derivatives by random
effects and typical values to some order. They are computed once here; objectives then work on
the polynomial, whose derivatives at the point are the exact ones.
"""

from __future__ import annotations

from collections.abc import Callable

import equinox as eqx
import jax
from jaxtyping import Array, Float

Prediction = Callable[[Array, Array], Array]
"""(random effects, typical values) -> values at every step."""


class Expansion(eqx.Module):
    r"""Taylor polynomial of a prediction about ``eta``, ``theta``.

    .. math:: f+G\,d+F\,q+\tfrac12 dHd+dMq+\tfrac16 T\,ddd+\tfrac12 N\,ddq,\qquad
              d=\eta-\eta_0,\ q=\theta-\theta_0

    Terms that an order lacks are None.
    """

    eta: Float[Array, "e"]
    theta: Float[Array, "p"]
    f: Float[Array, "step"]
    G: Float[Array, "step e"]
    F: Float[Array, "step p"] | None = None
    H: Float[Array, "step e e"] | None = None
    M: Float[Array, "step e p"] | None = None
    T: Float[Array, "step e e e"] | None = None
    N: Float[Array, "step e e p"] | None = None

    def __call__(self, eta: Float[Array, "e"], theta: Float[Array, "p"]) -> Float[Array, "step"]:
        """Value of the polynomial."""
        d, q = eta - self.eta, theta - self.theta
        out = self.f + self.G @ d
        if self.F is not None:
            out = out + self.F @ q
        if self.H is not None and self.M is not None:
            out = out + 0.5 * (self.H @ d) @ d + (self.M @ q) @ d
        if self.T is not None and self.N is not None:
            out = out + ((self.T @ d) @ d) @ d / 6.0 + 0.5 * ((self.N @ q) @ d) @ d
        return out


def expand(
    predict: Prediction, eta: Float[Array, "e"], theta: Float[Array, "p"], order: int
) -> Expansion:
    """Value and derivatives at a point.

    Order 1 has ``f, G``; 2 adds ``F, H, M``; 3 adds ``T, N``.
    """

    def slope(e: Array, p: Array) -> tuple[Array, Array]:
        f = predict(e, p)
        return f, f

    def first(e: Array, p: Array) -> tuple[Array, tuple[Array, Array]]:
        G, f = jax.jacfwd(slope, has_aux=True)(e, p)
        return G, (f, G)

    if order == 1:
        _, (f, G) = first(eta, theta)
        return Expansion(eta, theta, f, G)
    F = jax.jacfwd(predict, argnums=1)(eta, theta)
    if order == 2:
        (H, M), (f, G) = jax.jacfwd(first, argnums=(0, 1), has_aux=True)(eta, theta)
        return Expansion(eta, theta, f, G, F, H, M)

    def second(e: Array, p: Array) -> tuple[Array, tuple]:
        (H, M), low = jax.jacfwd(first, argnums=(0, 1), has_aux=True)(e, p)
        return H, (low, H, M)

    (T, N), ((f, G), H, M) = jax.jacfwd(second, argnums=(0, 1), has_aux=True)(eta, theta)
    return Expansion(eta, theta, f, G, F, H, M, T, N)
