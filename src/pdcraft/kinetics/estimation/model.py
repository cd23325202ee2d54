r"""A population model in plain terms: typical values, variability between patients, error.

:math:`P_{ij}=g_j\big(\theta_j\prod_c h_c,\ \eta_{ij}\big)`, :math:`\eta_i\sim N(0,\Omega)`,
:math:`y=f(P)+\varepsilon`, :math:`\mathrm{Var}\,\varepsilon=a^2+(bf)^2` (theory page *estimation*).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pdcraft.domain import InputError, unknown
from pdcraft.domain.records import Records
from pdcraft.kinetics.estimation.occasions import Occasions, occasion_labels
from pdcraft.kinetics.estimation.parameters import FORMS, SHAPES, Covariate, Theta, factor, spread
from pdcraft.kinetics.estimation.schedule import Schedule
from pdcraft.kinetics.estimation.structures import AbstractStructure

ERRORS = ("additive", "proportional", "combined", "log")


@dataclass(frozen=True)
class PopulationModel:
    """Structure, typical values, variability, error.

    Attributes
    ----------
    structure
        What moves how.
    theta
        Typical values by name: those of the structure's parameters, and coefficients.
    omega
        Variances and covariances of the random effects, ``[effect, effect]``.
    effects
        Parameters that vary between patients, in the order of ``omega``.
    shapes
        How each varies: `SHAPES`.
    sigma
        Standard deviations of the error: ``additive`` (unit of the data), ``proportional``.
    columns
        Parameters that are read from a column of the data instead of a theta.
    covariates
        Effects of columns on typical values.
    error
        One of `ERRORS`; ``log``: the data are logarithms, with additive error.
    fixed
        Names among ``omega`` and ``sigma`` that are not estimated.
    blocks
        Groups of effects that covary; effects in none are independent.
    kinds
        Name and error model of every further kind of observation that the structure has, as
        ``("tumour", "proportional")``; its sigmas are named ``tumour.proportional``.
    occasions
        Parameters that vary between occasions; None: none does.
    """

    structure: AbstractStructure
    theta: Mapping[str, Theta]
    omega: np.ndarray
    effects: tuple[str, ...]
    shapes: tuple[str, ...]
    sigma: Mapping[str, float]
    error: str = "additive"
    columns: Mapping[str, str] = field(default_factory=dict)
    covariates: tuple[Covariate, ...] = ()
    fixed: frozenset[str] = frozenset()
    blocks: tuple[tuple[str, ...], ...] = ()
    kinds: tuple[tuple[str, str], ...] = ()
    occasions: Occasions | None = None

    def __post_init__(self) -> None:
        """Refuse a model that lacks a parameter, or names one that does not exist."""
        needs = self.structure.needs
        for name in needs:
            if name not in self.theta and name not in self.columns:
                raise InputError(
                    f"{type(self.structure).__name__} needs parameter {name} ({needs[name]}). Give "
                    f"[theta.{name}] or a column. Needed: {', '.join(needs)}."
                )
        used = {c.coefficient for c in self.covariates if isinstance(c.coefficient, str)}
        for name in self.theta:
            if name not in needs and name not in used:
                raise unknown("Theta", name, [*needs, *used])
        between = () if self.occasions is None else tuple(self.occasions.variances)
        for name in (*self.effects, *between, *(c.parameter for c in self.covariates)):
            if name not in self.theta or name not in needs:
                raise unknown("Parameter", name, [n for n in needs if n in self.theta])
        for c in self.covariates:
            if c.form not in FORMS:
                raise unknown("Covariate form", c.form, FORMS)
            if isinstance(c.coefficient, str) and c.coefficient not in self.theta:
                raise unknown("Coefficient", c.coefficient, self.theta)
        if any(s not in SHAPES for s in self.shapes) or len(self.shapes) != len(self.effects):
            raise InputError(f"Each random effect needs one of {', '.join(SHAPES)}.")
        if self.occasions is not None:
            self._check_occasions(self.occasions)
        self._check_spread()

    def _check_occasions(self, occasions: Occasions) -> None:
        own = dict(zip(self.effects, self.shapes, strict=True))
        for name, shape in zip(occasions.variances, occasions.shapes, strict=True):
            if shape not in SHAPES:
                raise unknown("Shape", shape, SHAPES)
            if own.get(name, shape) != shape:
                raise InputError(
                    f"{name} is {own[name]} between patients and {shape} between occasions; give "
                    "both the same shape."
                )

    def _check_spread(self) -> None:
        n = len(self.effects)
        if self.omega.shape != (n, n) or not np.allclose(self.omega, self.omega.T):
            raise InputError(f"omega must be a symmetric matrix of {n} effects.")
        if n and np.linalg.eigvalsh(self.omega).min() <= 0:
            raise InputError(
                "omega must be positive definite: variances above 0, correlations within 1. "
                "Leave out an effect whose variance is 0."
            )
        if len(self.structure.measured_places) != len(self.errors):
            raise InputError(
                f"The structure is measured in {len(self.structure.measured_places)} ways; there "
                f"are error models for {len(self.errors)}."
            )
        wanted = {"combined": ("additive", "proportional"), "log": ("additive",)}
        need = set()
        for prefix, error in self.errors:
            if error not in ERRORS:
                raise unknown("Error model", error, ERRORS)
            need |= {prefix + part for part in wanted.get(error, (error,))}
        if set(self.sigma) != need or not all(v > 0 for v in self.sigma.values()):
            told = ", ".join(f"'{error}'" for _, error in self.errors)
            raise InputError(
                f"Error {told} needs sigma {' and '.join(sorted(need))}, each above 0; "
                f"it has {dict(self.sigma)}."
            )

    @property
    def errors(self) -> tuple[tuple[str, str], ...]:
        """Prefix of its sigmas and error model of every kind of observation."""
        return (("", self.error), *((f"{name}.", error) for name, error in self.kinds))

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns of the data that the model reads."""
        columns = [*self.columns.values(), *(c.column for c in self.covariates)]
        columns += [] if self.occasions is None else [self.occasions.column]
        return tuple(dict.fromkeys(columns))

    @property
    def deviations(self) -> int:
        """Number of random effects of a patient, those of all occasions included."""
        return len(self.effects) + (0 if self.occasions is None else self.occasions.count)

    def with_occasions(self, records: Records) -> PopulationModel:
        """The same model for the occasions that data hold; itself if nothing varies between them.

        Raises
        ------
        InputError
            If no patient was observed on two occasions.
        """
        if self.occasions is None:
            return self
        labels = occasion_labels(self.occasions, records)
        return replace(self, occasions=replace(self.occasions, labels=labels))

    # -- free parameters ------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the free parameters, in the order of `start`."""
        pairs = [
            f"omega[{self.effects[i]}]" if i == j else f"chol[{self.effects[i]},{self.effects[j]}]"
            for i, j in self._free_pairs()
        ]
        sigmas = [f"sigma[{k}]" for k in self.sigma if f"sigma.{k}" not in self.fixed]
        between = [f"iov[{name}]" for name in self._free_between()]
        return (*(k for k, t in self.theta.items() if not t.fixed), *pairs, *between, *sigmas)

    @property
    def free_thetas(self) -> int:
        """Number of typical values that are estimated; they come first."""
        return sum(not t.fixed for t in self.theta.values())

    def start(self) -> np.ndarray:
        """Free parameters at the initial values: logarithms of what must be above 0."""
        free = [
            np.log(t.value) if t.positive else t.value for t in self.theta.values() if not t.fixed
        ]
        root = np.linalg.cholesky(self.omega) if self.effects else np.zeros((0, 0))
        pairs = [np.log(root[i, j]) if i == j else root[i, j] for i, j in self._free_pairs()]
        sigmas = [np.log(v) for k, v in self.sigma.items() if f"sigma.{k}" not in self.fixed]
        between = [0.5 * np.log(v) for v in self._free_between().values()]
        return np.array([*free, *pairs, *between, *sigmas], float)

    def unpack(self, free: Any, xp: Any = jnp) -> tuple[dict[str, Any], Any, dict[str, Any]]:
        """Typical values, Cholesky root of omega, and sigmas from the free parameters.

        The root goes on with the deviations of occasions, parameter by parameter. ``xp`` is
        `jax.numpy`, or `numpy` (which takes complex numbers, for derivatives).
        """
        i, theta = 0, {}
        for name, t in self.theta.items():
            if t.fixed:
                theta[name] = xp.asarray(t.value)
            else:
                theta[name] = xp.exp(free[i]) if t.positive else free[i]
                i += 1
        n, size = len(self.effects), self.deviations
        fixed = np.zeros((size, size))
        fixed[:n, :n] = np.linalg.cholesky(self.omega) if n else 0.0
        rows: list[list[Any]] = [[xp.asarray(x) for x in row] for row in fixed]
        for a, b in self._free_pairs():
            rows[a][b] = xp.exp(free[i]) if a == b else free[i]
            i += 1
        if self.occasions is not None:
            free_between, many = self._free_between(), len(self.occasions.labels)
            for k, (name, variance) in enumerate(self.occasions.variances.items()):
                sd = xp.exp(free[i]) if name in free_between else xp.asarray(np.sqrt(variance))
                i += int(name in free_between)
                for at in range(n + k * many, n + (k + 1) * many):
                    rows[at][at] = sd
        root = xp.stack([xp.stack(row) for row in rows]) if rows else xp.zeros((0, 0))
        sigma = {}
        for name, value in self.sigma.items():
            is_fixed = f"sigma.{name}" in self.fixed
            sigma[name] = xp.asarray(value) if is_fixed else xp.exp(free[i])
            i += 0 if is_fixed else 1
        return theta, root, sigma

    def _free_pairs(self) -> list[tuple[int, int]]:
        place = {name: i for i, name in enumerate(self.effects)}
        blocks = [tuple(sorted(place[n] for n in b)) for b in self.blocks]
        inside = {i for b in blocks for i in b}
        blocks += [(i,) for i in place.values() if i not in inside]
        return sorted(
            (i, j) for b in blocks for i in b for j in b
            if j <= i and f"omega.{self.effects[i]}" not in self.fixed
        )  # fmt: skip

    def _free_between(self) -> dict[str, float]:
        """Variances between occasions that are estimated."""
        between = self.occasions
        if between is None:
            return {}
        return {k: v for k, v in between.variances.items() if k not in between.fixed}

    # -- one patient ----------------------------------------------------------------------------

    def individual(
        self, theta: Mapping[str, Array], eta: Float[Array, "effect"], steps: Schedule,
        *, now: bool = True,
    ) -> dict[str, Float[Array, "step"]]:  # fmt: skip
        """Parameters of one patient at the instant of every step, or over the wait before it."""
        columns = steps.covariates_now if now else steps.covariates
        column = {name: columns[:, i] for i, name in enumerate(steps.names)}
        out = {}
        for name in self.structure.needs:
            if name in self.columns:
                out[name] = column[self.columns[name]]
                continue
            value = theta[name] * jnp.ones_like(steps.wait_h)
            for c in self.covariates:
                if c.parameter == name:
                    value = value * factor(c, column[c.column], theta)
            out[name] = self._varied(name, value, eta, column)
        return out

    def _varied(
        self, name: str, typical: Array, eta: Array, column: Mapping[str, Array]
    ) -> Float[Array, "step"]:
        """A parameter with its deviations of the patient and of the occasion."""
        shapes = dict(zip(self.effects, self.shapes, strict=True))
        deviation = eta[self.effects.index(name)] if name in shapes else 0.0
        between = self.occasions
        if between is not None and name in between.variances:
            shapes |= dict(zip(between.variances, between.shapes, strict=True))
            kappa = eta[len(self.effects) :]
            deviation = deviation + between.at(name, kappa, column[between.column])
        return spread(shapes[name], typical, deviation) if name in shapes else typical

    def typical(self, steps: Schedule) -> dict[str, Float[Array, "patient step"]]:
        """Parameters of all patients without random effects."""
        theta, root, _ = self.unpack(jnp.asarray(self.start()))
        zero = jnp.zeros(root.shape[0])
        return jax.vmap(lambda s: self.individual(theta, zero, s))(steps)

    def predict(
        self, theta: Mapping[str, Array], eta: Float[Array, "effect"], steps: Schedule
    ) -> Float[Array, "step"]:
        """What would be measured at every step of one patient; its logarithm for ``log`` error."""
        now = self.individual(theta, eta, steps)
        changes = steps.changes_at_records
        during = self.individual(theta, eta, steps, now=False) if changes else now
        f = self.structure.course(during, now, steps)
        for kind, (_, error) in enumerate(self.errors):
            if error == "log":
                is_log = steps.is_observed & self._is(kind, steps)
                logarithm = jnp.log(jnp.where(is_log, f, 1.0))
                f = jnp.where(self._is(kind, steps), logarithm, f)
        return f

    def variance(self, f: Array, sigma: Mapping[str, Array], steps: Schedule) -> Array:
        """Variance of the error where ``f`` is predicted at the steps of one patient."""
        out = jnp.zeros_like(f)
        for kind, (prefix, _) in enumerate(self.errors):
            own = jnp.zeros_like(f)
            if f"{prefix}additive" in sigma:
                own = own + sigma[f"{prefix}additive"] ** 2
            if f"{prefix}proportional" in sigma:
                own = own + (sigma[f"{prefix}proportional"] * f) ** 2
            out = jnp.where(self._is(kind, steps), own, out)
        return out

    def _is(self, kind: int, steps: Schedule) -> Any:
        """Where an observation is of a kind; everywhere if there is one."""
        return steps.kind == kind if self.kinds else True
