"""How parameters differ between individuals, and what their typical values may be."""

from __future__ import annotations

from collections.abc import Sequence

import equinox as eqx
import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit, logit, ndtr

from pdcraft.domain.errors import InputError
from pdcraft.domain.parameter import Parameter


class Beliefs(eqx.Module):
    """Draws of a posterior: what the typical values may be. Patient *i* lives in draw *i* mod *n*.

    Attributes
    ----------
    names
        Parameters; ``"name cv"`` is the spread of a log-normal one.
    value
        ``[draw, name]``.
    """

    names: tuple[str, ...] = eqx.field(static=True)
    value: Float[np.ndarray, "draw name"]

    @property
    def draws(self) -> int:
        """Number of draws."""
        return self.value.shape[0]

    def of(
        self,
        names: Sequence[str],
        otherwise: Float[np.ndarray, "name"],
        numbers: Int[np.ndarray, "n"],
    ) -> Float[np.ndarray, "name n"]:
        """Values of parameters for patients of these numbers; ``otherwise`` where none is drawn."""
        values = np.repeat(otherwise[:, None], len(numbers), axis=1)
        drawn = [n for n in names if n in self.names]
        at = [self.names.index(n) for n in drawn]
        lives_in = np.asarray(self.value)[numbers % self.draws]
        values[[names.index(n) for n in drawn]] = lives_in[:, at].T
        return values


def correlation_root(
    names: Sequence[str], correlations: Sequence[tuple[str, str, float]]
) -> Float[np.ndarray, "name name"]:
    """Lower root of the correlations of these parameters' normal scores; others are left aside.

    Raises
    ------
    InputError
        If no individuals have these correlations.

    Examples
    --------
    >>> correlation_root(("a", "b"), [("b", "a", 0.6), ("a", "c", 0.9)]).tolist()
    [[1.0, 0.0], [0.6, 0.8]]
    """
    R = np.eye(len(names))
    for a, b, rho in correlations:
        if a in names and b in names:
            i, j = names.index(a), names.index(b)
            R[i, j] = R[j, i] = rho
    if len(names) and np.linalg.eigvalsh(R).min() <= 0:
        raise InputError(
            f"Nobody has the correlations {tuple(correlations)[:20]}: the matrix is not positive "
            "definite. Make them smaller, or add the missing pairs."
        )
    return np.asarray(np.linalg.cholesky(R), float)


def individual_values(
    parameters: Sequence[Parameter],
    z: Float[np.ndarray, "name n"],
    beliefs: Beliefs | None,
    numbers: Int[np.ndarray, "n"],
) -> Float[np.ndarray, "name n"]:
    """Individual values of all parameters from standard normal draws.

    In NumPy: every set of parameters would be another program to compile.
    """
    names = [p.name for p in parameters]

    def believed(
        names: Sequence[str], column: Sequence[float] | Float[np.ndarray, "name"]
    ) -> Float[np.ndarray, "name n"] | Float[np.ndarray, "name 1"]:
        given = np.asarray(column, float)
        return given[:, None] if beliefs is None else beliefs.of(names, given, numbers)

    typical = believed(names, [p.value for p in parameters])
    omega = np.sqrt(np.log1p(believed([f"{n} cv" for n in names], _all(parameters, "cv")) ** 2))
    sd, low, high = (_all(parameters, what)[:, None] for what in ("sd", "low", "high"))
    values = np.broadcast_to(typical, z.shape).copy()
    for kind, drawn in (
        ("uniform", lambda i: low[i] + (high[i] - low[i]) * ndtr(z[i])),
        ("lognormal", lambda i: values[i] * np.exp(omega[i] * z[i])),
        ("logitnormal", lambda i: expit(logit(values[i]) + sd[i] * z[i])),
        ("normal", lambda i: values[i] + sd[i] * z[i]),
    ):
        rows = [k for k, p in enumerate(parameters) if p.spread.kind == kind]
        values[rows] = drawn(rows)
    return values


def _all(parameters: Sequence[Parameter], what: str) -> Float[np.ndarray, "name"]:
    return np.asarray([getattr(p.spread, what) for p in parameters], float)
