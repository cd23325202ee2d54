r"""Objective functions of a population model: FO, FOCE, FOCEI, Laplace, with exact gradients.

All are :math:`-2\ln L` without :math:`n\ln2\pi`, as NONMEM prints it. The random effects are
optimised inside; the gradient of the outer objective goes through that optimum by the implicit
function theorem (theory page *estimation*, equations 12 and 13).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm
from jaxtyping import Array, ArrayLike, Float

from pdcraft.domain import InputError, unknown
from pdcraft.kinetics.estimation.expansion import Point, Prediction, point, point_and_moves
from pdcraft.kinetics.estimation.model import PopulationModel
from pdcraft.kinetics.estimation.schedule import Schedule

METHODS = ("fo", "foce", "focei", "laplace")


@dataclass(frozen=True)
class Objective:
    """One method on one model; the same pair compiles once.

    Attributes
    ----------
    model
        The population model.
    method
        ``"fo"``, ``"foce"`` (variance of the error at the typical prediction), ``"focei"`` (at
        the individual one) or ``"laplace"`` (exact Hessian, censored values).
    """

    model: PopulationModel
    method: str

    def __post_init__(self) -> None:
        """Refuse an unknown method."""
        if self.method not in METHODS:
            raise unknown("Method", self.method, METHODS)

    def __hash__(self) -> int:
        """By identity of the model: models hold arrays."""
        return hash((id(self.model), self.method))

    def __eq__(self, other: object) -> bool:
        """Whether it is the same method on the same model."""
        return (
            isinstance(other, Objective)
            and other.model is self.model
            and other.method == self.method
        )

    def check(self, steps: Schedule) -> None:
        """Refuse data that the method cannot take."""
        if self.method != "laplace" and bool(np.any(np.asarray(steps.censoring) != 0)):
            raise InputError(
                f"Method '{self.method}' linearises the prediction; values below the limit of "
                "quantification have no density to linearise. Use 'laplace', or leave them out."
            )

    def modes(
        self,
        free: Float[ArrayLike, "p"],
        eta: Float[ArrayLike, "patient effect"],
        steps: Schedule,
    ) -> Float[Array, "patient effect"]:
        """Most probable random effects of every patient, searched from ``eta``."""
        eta = jnp.asarray(eta)
        if self.method == "fo" or eta.shape[1] == 0:
            return eta
        return _modes(self, jnp.asarray(free), eta, steps)

    def values(
        self,
        free: Float[ArrayLike, "p"],
        eta: Float[ArrayLike, "patient effect"],
        steps: Schedule,
    ) -> Float[Array, "patient"]:
        """Parts of the objective at the optima ``eta``."""
        return _values(self, jnp.asarray(free), jnp.asarray(eta), steps)

    def value_and_slopes(
        self,
        free: Float[ArrayLike, "p"],
        eta: Float[ArrayLike, "patient effect"],
        steps: Schedule,
    ) -> tuple[Float[Array, "patient"], Float[Array, "patient p"]]:
        """Parts of the objective at the optima ``eta`` and their exact gradients."""
        return _value_and_slopes(self, jnp.asarray(free), jnp.asarray(eta), steps)

    # -- one patient ----------------------------------------------------------------------------

    def predictor(self, free: Array, steps: Schedule) -> Prediction:
        """Prediction as a function of random effects and the free typical values."""
        count = self.model.free_thetas

        def predict(eta: Array, head: Array) -> Array:
            theta, _, _ = self.model.unpack(jnp.concatenate([head, free[count:]]))
            return self.model.predict(theta, eta, steps)

        return predict

    def joint(
        self, eta: Array, free: Array, steps: Schedule, f: Array, rest: Array | None = None
    ) -> Array:
        r"""Twice the negative logarithm of data and random effects together.

        .. math:: \sum_j\Big[\ln r_j+\frac{(y_j-f_j)^2}{r_j}\Big]+\ln|\Omega|
                  +\eta^T\Omega^{-1}\eta

        with the variance :math:`r` of the prediction without effects, ``rest``, if it is given.
        """
        _, root, sigma = self.model.unpack(free)
        z = _inverse(root) @ eta
        prior = 2.0 * jnp.log(jnp.diagonal(root)).sum() + z @ z
        return self.misfit(sigma, steps, f, rest).sum() + prior

    def misfit(
        self, sigma: dict[str, Array], steps: Schedule, f: Array, rest: Array | None
    ) -> Array:
        """Terms of the observations in `joint`, one for each step."""
        r = self.model.variance(f if rest is None else rest, sigma, steps)
        r = jnp.where(steps.is_observed, r, 1.0)
        miss = jnp.where(steps.is_observed, steps.value - f, 0.0)
        parts = jnp.log(r) + miss**2 / r
        if self.method == "laplace":
            parts = jnp.where(steps.censoring != 0, _censored(f, jnp.sqrt(r), steps), parts)
        return jnp.where(steps.is_observed, parts, 0.0)

    def pull(
        self, sigma: dict[str, Array], steps: Schedule, f: Array, rest: Array | None
    ) -> tuple[Array, Array]:
        """First and second derivative of `misfit` by its prediction."""

        def first(x: Array) -> Array:
            terms = partial(self.misfit, sigma, steps, rest=rest)
            return jax.jvp(terms, (x,), (jnp.ones_like(x),))[1]

        return jax.jvp(first, (f,), (jnp.ones_like(f),))

    def part(self, at: Point, free: Array, steps: Schedule) -> tuple[Array, Array]:
        """One patient's part of the objective, and the slope of `joint` in the random effects.

        The slope is 0 where ``at`` is the optimum.
        """
        _, root, sigma = self.model.unpack(free)
        slope = at.G.T @ self.pull(sigma, steps, at.f, at.rest)[0]
        slope = slope + 2.0 * _precision(root) @ at.eta
        if self.method == "fo":
            return self._first_order(at, root, sigma, steps), slope
        if self.method == "laplace":
            half = self.curvature(at, free, steps)
        else:
            weight = self.information(sigma, steps, at.f, at.rest)
            half = (at.G * weight[:, None]).T @ at.G + _precision(root)
        joint = self.joint(at.eta, free, steps, at.f, at.rest)
        return joint + jnp.linalg.slogdet(half)[1], slope

    def curvature(self, at: Point, free: Array, steps: Schedule) -> Array:
        r"""Half the second derivative of `joint` in the random effects.

        .. math:: \tfrac12\sum_j\big[m''(f_j)\,g_jg_j^T+m'(f_j)\,H_j\big]+\Omega^{-1}

        for a term :math:`m` of `misfit`; without :math:`H` where the point lacks it.
        """
        _, root, sigma = self.model.unpack(free)
        first, second = self.pull(sigma, steps, at.f, at.rest)
        half = 0.5 * (at.G * second[:, None]).T @ at.G + _precision(root)
        return half if at.H is None else half + 0.5 * jnp.tensordot(first, at.H, 1)

    def information(
        self, sigma: dict[str, Array], steps: Schedule, f: Array, rest: Array | None
    ) -> Array:
        r"""Expected half second derivative of `misfit`, :math:`1/r+r'^2/2r^2`; 0 if unseen.

        Without the second term where the variance is that of the prediction without effects.
        """
        r, change = jax.jvp(
            lambda x: self.model.variance(x, sigma, steps), (f if rest is None else rest,),
            (jnp.ones_like(f),),
        )  # fmt: skip
        r = jnp.where(steps.is_observed, r, 1.0)
        weight = 1.0 / r + (0.5 * (change / r) ** 2 if rest is None else 0.0)
        return jnp.where(steps.is_observed, weight, 0.0)

    def _first_order(
        self, at: Point, root: Array, sigma: dict[str, Array], steps: Schedule
    ) -> Array:
        r""":math:`\ln|V|+d^TV^{-1}d` with :math:`V=G\Omega G^T+R` at :math:`\eta=0`."""
        seen = steps.is_observed
        r = jnp.where(seen, self.model.variance(at.f, sigma, steps), 1.0)
        spread = jnp.where(seen[:, None], at.G, 0.0) @ root
        d = jnp.where(seen, steps.value - at.f, 0.0)
        V = spread @ spread.T + jnp.diag(r)
        return jnp.linalg.slogdet(V)[1] + d @ jnp.linalg.solve(V, d)


def _inverse(root: Array) -> Array:
    return jax.scipy.linalg.solve_triangular(root, jnp.eye(len(root)), lower=True)


def _precision(root: Array) -> Array:
    r""":math:`\Omega^{-1}`."""
    inverse = _inverse(root)
    return inverse.T @ inverse


def _censored(f: Array, sd: Array, steps: Schedule) -> Array:
    r"""Of a censored value, :math:`-2\ln P` of its side of the limit (M3), or of its interval.

    .. math:: -2\ln\big[\Phi(c\,(L-f)/s)-\Phi(c\,(B-f)/s)\big]
    """
    sign = steps.censoring
    inside = norm.logcdf(sign * jnp.where(sign != 0, steps.limit - f, 0.0) / sd)
    if steps.has_bound:
        has = (sign != 0) & jnp.isfinite(steps.bound)
        beyond = norm.logcdf(sign * jnp.where(has, steps.bound - f, 0.0) / sd)
        less = jnp.where(has, beyond - inside, -1.0)
        inside = inside + jnp.where(has, jnp.log(-jnp.expm1(less)), 0.0)
    return -2.0 * inside


@partial(jax.jit, static_argnums=0)
def _modes(objective: Objective, free: Array, eta: Array, steps: Schedule) -> Array:
    return jax.vmap(partial(_search, objective), in_axes=(None, 0, 0))(free, eta, steps)


@partial(jax.jit, static_argnums=0)
def _value_and_slopes(
    objective: Objective, free: Array, eta: Array, steps: Schedule
) -> tuple[Array, Array]:
    count, effects = objective.model.free_thetas, eta.shape[1]
    parameters = jnp.eye(len(free))

    def one(e: Array, s: Schedule) -> tuple[Array, Array]:
        at, moves = point_and_moves(
            objective.predictor(free, s), e, free[:count], bend=objective.method == "laplace",
            rest=objective.method == "foce",
        )  # fmt: skip

        def along(of_point: Point, of_free: Array) -> tuple:
            return jax.jvp(lambda x, p: objective.part(x, p, s), (at, free), (of_point, of_free))

        # directions: random effects, typical values, which both move the point, and the rest
        still = effects + len(free) - len(moves.f)
        moves = jax.tree.map(lambda x: jnp.pad(x, [(0, still)] + [(0, 0)] * (x.ndim - 1)), moves)
        of_free = jnp.concatenate([jnp.zeros((effects, len(free))), parameters])
        (value, _), (slopes, turns) = jax.vmap(along, out_axes=(None, 0))(moves, of_free)
        if objective.method == "fo" or not effects:
            return value, slopes[effects:]
        # the optimum moves with the parameters so that its own slope stays 0
        moved = jnp.linalg.solve(turns[:effects].T, turns[effects:].T)
        return value, slopes[effects:] - slopes[:effects] @ moved

    return jax.vmap(one)(_start(objective, eta), steps)


@partial(jax.jit, static_argnums=0)
def _values(objective: Objective, free: Array, eta: Array, steps: Schedule) -> Array:
    head = free[: objective.model.free_thetas]

    def one(e: Array, s: Schedule) -> Array:
        at = point(
            objective.predictor(free, s), e, head, bend=objective.method == "laplace",
            rest=objective.method == "foce",
        )  # fmt: skip
        return objective.part(at, free, s)[0]

    return jax.vmap(one)(_start(objective, eta), steps)


def _start(objective: Objective, eta: Array) -> Array:
    return jnp.zeros_like(eta) if objective.method == "fo" else eta


def _search(objective: Objective, free: Array, eta: Array, steps: Schedule) -> Array:
    """Scoring steps, damped until the joint density rises, until nothing is left to gain."""
    head = free[: objective.model.free_thetas]
    predict = objective.predictor(free, steps)
    _, root, sigma = objective.model.unpack(free)
    rest = predict(jnp.zeros_like(eta), head) if objective.method == "foce" else None

    def place(e: Array) -> Point:
        near = point(predict, e, head)
        return Point(e, near.f, near.G, None, rest)

    def joint(near: Point) -> Array:
        return objective.joint(near.eta, free, steps, near.f, rest)

    def newton(near: Point, damping: Array) -> tuple[Array, Array]:
        """A damped step downhill, and what the undamped one would gain."""
        # exact but for the bend of the prediction; where it is not positive, its absolute value
        half = objective.curvature(near, free, steps)
        slope = near.G.T @ objective.pull(sigma, steps, near.f, rest)[0]
        slope = 0.5 * slope + _precision(root) @ near.eta
        scale = 1.0 / jnp.sqrt(jnp.maximum(jnp.abs(jnp.diagonal(half)), 1e-8))
        values, vectors = jnp.linalg.eigh(half * scale[:, None] * scale)
        values = jnp.maximum(jnp.abs(values), 1e-8)
        along = vectors.T @ (scale * slope)
        return scale * (vectors @ (along / (values + damping))), along @ (along / values)

    def go(state: tuple) -> tuple:
        trial, near, value, damping, _, count = state
        new = place(trial)
        there = joint(new)
        better = there <= value + 1e-12 * jnp.abs(there)
        near = jax.tree.map(lambda a, b: jnp.where(better, a, b), new, near)
        value = jnp.where(better, there, value)
        damping = jnp.where(better, damping * 0.1, jnp.maximum(damping, 1e-3) * 10.0)
        step, gain = newton(near, damping)
        # where nothing was gained, a gain is below the noise of an ODE solver
        far = gain > jnp.where(better, 1e-18, 1e-9) * (1.0 + jnp.abs(value))
        if steps.moved is not None:
            # at a kink, where a dose begins or ends at a measurement, only steps become small
            far = far & (jnp.abs(step).max() > 1e-10)
        return near.eta - step, near, value, damping, far, count + 1

    def on(state: tuple) -> Array:
        _, _, _, damping, far, count = state
        return far & (count < 200) & (damping < 1e12)

    # the first turn accepts the start: everything is below infinity
    shapes = jax.eval_shape(place, eta)
    nowhere = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
    begin = (eta, nowhere, jnp.asarray(jnp.inf), jnp.asarray(0.0), jnp.asarray(True), 0)
    return jax.lax.while_loop(on, go, begin)[1].eta
