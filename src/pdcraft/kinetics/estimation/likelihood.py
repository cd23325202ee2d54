r"""Objective functions of a population model: FO, FOCE, FOCEI, Laplace, with exact gradients.

All are :math:`-2\ln L` without :math:`n\ln2\pi`, as NONMEM prints it. The random effects are
optimised inside; the gradient of the outer objective goes through that optimum by the implicit
function theorem: one Newton step with a frozen Hessian has the right derivative (theory page
*estimation*, equations 12 and 13).
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
from pdcraft.kinetics.estimation.expansion import Expansion, Prediction, expand
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

    def joint(self, eta: Array, free: Array, steps: Schedule, f: Array, typical: Array) -> Array:
        r"""Twice the negative logarithm of data and random effects together.

        .. math:: \sum_j\Big[\ln r_j+\frac{(y_j-f_j)^2}{r_j}\Big]+\ln|\Omega|
                  +\eta^T\Omega^{-1}\eta
        """
        _, root, sigma = self.model.unpack(free)
        z = jax.scipy.linalg.solve_triangular(root, eta, lower=True)
        prior = 2.0 * jnp.log(jnp.diagonal(root)).sum() + z @ z
        r = jnp.where(steps.is_observed, self.model.variance(typical, sigma), 1.0)
        misfit = jnp.where(steps.is_observed, steps.value - f, 0.0)
        parts = jnp.log(r) + misfit**2 / r
        if self.method == "laplace":
            parts = jnp.where(steps.censoring != 0, _censored(f, jnp.sqrt(r), steps), parts)
        return jnp.where(steps.is_observed, parts, 0.0).sum() + prior

    def curvature(self, eta: Array, free: Array, steps: Schedule, near: Expansion) -> Array:
        r"""Expected half Hessian of `joint` in the random effects.

        .. math:: \sum_j\Big[\frac{g_jg_j^T}{r_j}+\frac{r'_jr_j'^T}{2r_j^2}\Big]+\Omega^{-1}
        """
        _, root, sigma = self.model.unpack(free)
        head = free[: self.model.free_thetas]
        f, g = near(eta, head), jax.jacfwd(near)(eta, head)
        seen = steps.is_observed
        r = jnp.where(seen, self.model.variance(f, sigma), 1.0)
        g = jnp.where(seen[:, None], g, 0.0)
        half = jnp.einsum("ja,jb,j->ab", g, g, 1.0 / r)
        change = jax.jvp(lambda x: self.model.variance(x, sigma), (f,), (jnp.ones_like(f),))[1]
        half = half + 0.5 * jnp.einsum("ja,jb,j->ab", g, g, (change / r) ** 2)
        return half + jax.scipy.linalg.cho_solve((root, True), jnp.eye(len(eta)))

    def part(
        self, free: Array, near: Expansion, typical: Expansion, steps: Schedule, *, at_rest: bool
    ) -> Array:
        """One patient's part; unless ``at_rest`` the optimum moves with ``free``."""
        count = self.model.free_thetas

        def joint(eta: Array, p: Array) -> Array:
            f = near(eta, p[:count])
            return self.joint(eta, p, steps, f, self._for_variance(f, typical, p[:count]))

        still = near.eta
        if self.method == "fo":
            return self._first_order(free, near, steps)
        eta = still
        if near.F is not None and near.M is not None and not at_rest:
            fixed = jax.lax.stop_gradient(free)
            slope = jax.jacfwd(joint)
            hessian = jax.lax.stop_gradient(jax.jacfwd(slope)(still, fixed))
            moved = jnp.linalg.solve(hessian, slope(still, free))
            # the value is that at the optimum found; only the derivative of the step counts
            eta = still - (moved - jax.lax.stop_gradient(moved))
        if self.method == "laplace":
            half = 0.5 * jax.jacfwd(jax.jacfwd(joint))(eta, free)
        elif self.method == "focei":
            half = self.curvature(eta, free, steps, near)
        else:
            half = self._without_interaction(eta, free, steps, near, typical)
        return joint(eta, free) + jnp.linalg.slogdet(half)[1]

    def _for_variance(self, f: Array, typical: Expansion, head: Array) -> Array:
        return f if self.method in ("focei", "laplace") else typical(typical.eta, head)

    def _without_interaction(
        self, eta: Array, free: Array, steps: Schedule, near: Expansion, typical: Expansion
    ) -> Array:
        _, root, sigma = self.model.unpack(free)
        head = free[: self.model.free_thetas]
        g = jnp.where(steps.is_observed[:, None], jax.jacfwd(near)(eta, head), 0.0)
        r = self.model.variance(typical(typical.eta, head), sigma)
        half = jnp.einsum("ja,jb,j->ab", g, g, 1.0 / jnp.where(steps.is_observed, r, 1.0))
        return half + jax.scipy.linalg.cho_solve((root, True), jnp.eye(len(eta)))

    def _first_order(self, free: Array, near: Expansion, steps: Schedule) -> Array:
        r""":math:`\ln|V|+d^TV^{-1}d` with :math:`V=G\Omega G^T+R` at :math:`\eta=0`."""
        _, root, sigma = self.model.unpack(free)
        head = free[: self.model.free_thetas]
        f, g = near(near.eta, head), jax.jacfwd(near)(near.eta, head)
        seen = steps.is_observed
        r = jnp.where(seen, self.model.variance(f, sigma), 1.0)
        spread = jnp.where(seen[:, None], g, 0.0) @ root
        d = jnp.where(seen, steps.value - f, 0.0)
        V = spread @ spread.T + jnp.diag(r)
        return jnp.linalg.slogdet(V)[1] + d @ jnp.linalg.solve(V, d)


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
    head = free[: objective.model.free_thetas]

    def one(e: Array, s: Schedule) -> tuple[Array, Array]:
        predict = objective.predictor(free, s)
        start = jnp.zeros_like(e) if objective.method == "fo" else e
        near = expand(predict, start, head, 3 if objective.method == "laplace" else 2)
        typical = _typical(objective, predict, near)

        def part(p: Array) -> tuple[Array, Array]:
            value = objective.part(p, near, typical, s, at_rest=False)
            return value, value

        slope, value = jax.jacfwd(part, has_aux=True)(free)
        return value, slope

    return jax.vmap(one)(eta, steps)


@partial(jax.jit, static_argnums=0)
def _values(objective: Objective, free: Array, eta: Array, steps: Schedule) -> Array:
    head = free[: objective.model.free_thetas]

    def one(e: Array, s: Schedule) -> Array:
        predict = objective.predictor(free, s)
        start = jnp.zeros_like(e) if objective.method == "fo" else e
        near = expand(predict, start, head, 2 if objective.method == "laplace" else 1)
        typical = _typical(objective, predict, near)
        return objective.part(free, near, typical, s, at_rest=True)

    return jax.vmap(one)(eta, steps)


def _typical(objective: Objective, predict: Prediction, near: Expansion) -> Expansion:
    """The prediction that sets the error's variance: without random effects for FOCE."""
    if objective.method != "foce":
        return near
    zero, head = jnp.zeros_like(near.eta), near.theta
    f, F = predict(zero, head), jax.jacfwd(predict, argnums=1)(zero, head)
    return Expansion(zero, head, f, jnp.zeros((len(f), len(zero))), F)


def _search(objective: Objective, free: Array, eta: Array, steps: Schedule) -> Array:
    """Scoring steps, damped until the joint density rises, until nothing is left to gain."""
    head = free[: objective.model.free_thetas]
    predict = objective.predictor(free, steps)
    typical = expand(predict, jnp.zeros_like(eta), head, 1) if objective.method == "foce" else None

    def joint(e: Array, near: Expansion) -> Array:
        f = near(e, head)
        return objective.joint(e, free, steps, f, f if typical is None else typical.f)

    def half_of(e: Array, near: Expansion) -> Array:
        # exact but for the bend of the prediction; where it is not positive, its absolute value
        values, vectors = jnp.linalg.eigh(0.5 * jax.jacfwd(jax.jacfwd(joint))(e, near))
        return (vectors * jnp.maximum(jnp.abs(values), 1e-8)) @ vectors.T

    def go(state: tuple) -> tuple:
        trial, near, value, damping, _, count = state
        new = expand(predict, trial, head, 1)
        there = joint(new.eta, new)
        better = there <= value + 1e-12 * jnp.abs(there)
        near = jax.tree.map(lambda a, b: jnp.where(better, a, b), new, near)
        value = jnp.where(better, there, value)
        damping = jnp.where(better, damping * 0.1, jnp.maximum(damping, 1e-3) * 10.0)
        gradient = jax.jacfwd(joint)(near.eta, near)
        half = half_of(near.eta, near)
        step = jnp.linalg.solve(half + damping * jnp.diag(jnp.diagonal(half)), gradient / 2)
        # what a step would gain; where none is gained, it is below the noise of an ODE solver
        gain = gradient @ jnp.linalg.solve(half, gradient) / 4
        far = gain > jnp.where(better, 1e-18, 1e-9) * (1.0 + jnp.abs(value))
        return near.eta - step, near, value, damping, far, count + 1

    def on(state: tuple) -> Array:
        _, _, _, damping, far, count = state
        return far & (count < 200) & (damping < 1e12)

    # the first turn accepts the start: everything is below infinity
    shapes = jax.eval_shape(lambda e: expand(predict, e, head, 1), eta)
    nowhere = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
    begin = (eta, nowhere, jnp.asarray(jnp.inf), jnp.asarray(0.0), jnp.asarray(True), 0)
    return jax.lax.while_loop(on, go, begin)[1].eta
