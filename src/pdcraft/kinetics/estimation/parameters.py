"""What a parameter of one patient is made of: typical value, covariates, deviation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from pdcraft.domain import InputError

SHAPES = ("lognormal", "normal", "logitnormal")
FORMS = ("power", "linear", "exponential", "category")


@dataclass(frozen=True)
class Theta:
    """One typical value: where the search begins, its unit, whether it is fixed or above 0."""

    value: float
    unit: str = "1"
    fixed: bool = False
    positive: bool = True

    def __post_init__(self) -> None:
        """Refuse a value that its own bound excludes."""
        if not np.isfinite(self.value) or (self.positive and not self.value > 0):
            raise InputError(
                f"theta = {self.value:g} {self.unit} must be finite, and above 0 where "
                "positive. Say positive = false for a value that may be 0 or less."
            )


@dataclass(frozen=True)
class Covariate:
    r"""Effect of a column on a typical value.

    ``power``: :math:`(x/x_0)^\beta`; ``exponential``: :math:`e^{\beta(x-x_0)}`; ``linear``:
    :math:`1+\beta(x-x_0)`; ``category``: :math:`1+\beta` where :math:`x=x_0`. ``coefficient`` is a
    number (as 0.75) or the name of a theta.
    """

    parameter: str
    column: str
    form: str
    reference: float
    coefficient: float | str


def factor(c: Covariate, x: Array, theta: Mapping[str, Array]) -> Array:
    """What the value of a column multiplies the typical value by."""
    beta = theta[c.coefficient] if isinstance(c.coefficient, str) else c.coefficient
    if c.form == "power":
        return (x / c.reference) ** beta
    if c.form == "exponential":
        return jnp.exp(beta * (x - c.reference))
    if c.form == "linear":
        return 1.0 + beta * (x - c.reference)
    return 1.0 + beta * (x == c.reference)


def spread(shape: str, typical: Array, eta: Array | float) -> Array:
    """A typical value with a deviation of one of `SHAPES`."""
    if shape == "lognormal":
        return typical * jnp.exp(eta)
    if shape == "normal":
        return typical + eta
    return 1.0 / (1.0 + (1.0 / typical - 1.0) * jnp.exp(-eta))
