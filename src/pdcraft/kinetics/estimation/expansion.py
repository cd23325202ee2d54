r"""A prediction and its derivatives at one point.

All that an objective needs of the structural model is its value and its derivatives by the random
effects, and how these move with random effects and typical values. They are computed once here;
the rest of an objective is algebra on them.
"""

from __future__ import annotations

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Prediction = Callable[[Array, Array], Array]
"""(random effects, typical values) -> values at every step."""


class Point(eqx.Module):
    r"""Prediction at ``eta``: value, slope :math:`\partial f/\partial\eta`, second derivative.

    ``rest`` is the value without random effects. What was not asked for is None.
    """

    eta: Float[Array, "e"]
    f: Float[Array, "step"]
    G: Float[Array, "step e"]
    H: Float[Array, "step e e"] | None = None
    rest: Float[Array, "step"] | None = None


def point(
    predict: Prediction,
    eta: Float[Array, "e"],
    theta: Float[Array, "p"],
    *,
    bend: bool = False,
    rest: bool = False,
) -> Point:
    """A prediction at one point; ``bend`` adds second derivatives, ``rest`` the typical value."""

    def value(e: Array) -> tuple[Array, Array]:
        f = predict(e, theta)
        return f, f

    def slope(e: Array) -> tuple[Array, tuple[Array, Array]]:
        G, f = jax.jacfwd(value, has_aux=True)(e)
        return G, (f, G)

    at_rest = predict(jnp.zeros_like(eta), theta) if rest else None
    if not bend:
        G, (f, _) = slope(eta)
        return Point(eta, f, G, None, at_rest)
    H, (f, G) = jax.jacfwd(slope, has_aux=True)(eta)
    return Point(eta, f, G, H, at_rest)


def point_and_moves(
    predict: Prediction,
    eta: Float[Array, "e"],
    theta: Float[Array, "p"],
    *,
    bend: bool = False,
    rest: bool = False,
) -> tuple[Point, Point]:
    """A point, and its derivatives by every random effect, then every typical value.

    Each array of the second has one more axis, in front.
    """

    def along(of_eta: Array, of_theta: Array) -> tuple[Point, Point]:
        return jax.jvp(
            lambda e, p: point(predict, e, p, bend=bend, rest=rest),
            (eta, theta), (of_eta, of_theta),
        )  # fmt: skip

    every = jnp.eye(len(eta) + len(theta))
    return jax.vmap(along, out_axes=(None, 0))(every[:, : len(eta)], every[:, len(eta) :])
