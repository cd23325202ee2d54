r"""Growth and radiosensitivity of a xenograft from measured volumes, and what they say of patients.

Every animal *i* of arm *a* follows the model of ``xenograft.py`` from its own first volume; the
logarithms of the volumes scatter with one standard deviation,

.. math:: \ln V_{ij} = \ln V(t_{ij}; \theta, V_{0i}, D_a) + \sigma\varepsilon_{ij}

with :math:`\theta = (\lambda_0, \lambda_1, \alpha)` common to all. Least squares on the logarithms
is then maximum likelihood; the covariance is the inverse of its information.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, least_squares
from scipy.stats import t as student

from pdcraft.biology.stepping import Grid
from pdcraft.biology.survival import TissueDose
from pdcraft.biology.xenograft import xenograft_mass_g
from pdcraft.domain import InputError, NumericalError, Samples, Values, unknown
from pdcraft.domain.units import HOURS_PER_DAY, MM3_PER_CM3

ALPHA = "xenograft.alpha"
UNITS = {"xenograft.growth_rate": "1/d", "xenograft.linear_growth": "g/d", ALPHA: "1/Gy"}
"""What a fit can find, with units; first the parameters that every experiment informs."""


@dataclass(frozen=True)
class TumourVolumes:
    """Caliper volumes of one experiment, a row each.

    Attributes
    ----------
    animal, arm
        Who, and in which arm.
    time_d, volume_mm3
        Days after the first measurement of the experiment, and volumes. d, mm3.
    """

    animal: tuple[str, ...]
    arm: tuple[str, ...]
    time_d: NDArray
    volume_mm3: NDArray


@dataclass(frozen=True)
class XenograftFit:
    """Estimates with their covariance, on the logarithmic scale.

    Attributes
    ----------
    names, units
        Of the parameters.
    estimate
        ``[parameter]``, in ``units``.
    log_covariance
        Of the logarithms. ``[parameter, parameter]``.
    residual_sd
        Standard deviation of the logarithm of a volume.
    animals, measurements
        How many there were.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    estimate: NDArray
    log_covariance: NDArray
    residual_sd: float
    animals: int
    measurements: int

    def interval(self, name: str, share: float = 0.95) -> tuple[float, float]:
        """Confidence interval of one parameter, from its logarithm and a t distribution."""
        i = self.names.index(name)
        freedom = max(self.measurements - self.animals - len(self.names), 1)
        wide = student.ppf(0.5 + share / 2, freedom) * sqrt(self.log_covariance[i, i])
        return self.estimate[i] * exp(-wide), self.estimate[i] * exp(wide)


class _Experiment(eqx.Module):
    """The data as arrays, one row per animal; absent measurements have weight 0."""

    clock: Samples
    grid: Grid
    bed_by: Float[Array, "animal step"]
    when: Float[Array, "animal visit"]
    log_mass: Float[Array, "animal visit"]
    weight: Float[Array, "animal visit"]
    fixed: Values

    def residuals(
        self, log_theta: Float[Array, "parameter"], log_first: Float[Array, "animal"]
    ) -> Float[Array, "animal visit"]:
        """Weighted differences of the logarithms of the mass."""
        return jax.vmap(self._one, (None, 0, 0, 0, 0, 0))(
            log_theta, log_first, self.bed_by, self.when, self.log_mass, self.weight
        )

    def jacobian(
        self, log_theta: Float[Array, "parameter"], log_first: Float[Array, "animal"]
    ) -> tuple[Float[Array, "animal visit parameter"], Float[Array, "animal visit"]]:
        """Derivatives to the common parameters and to the animal's own first mass."""
        both = jax.jacfwd(self._one, (0, 1))
        return jax.vmap(both, (None, 0, 0, 0, 0, 0))(
            log_theta, log_first, self.bed_by, self.when, self.log_mass, self.weight
        )

    def _one(
        self, log_theta: Array, log_first: Array, bed: Array, when: Array, log_mass: Array,
        weight: Array,
    ) -> Float[Array, "visit"]:  # fmt: skip
        theta = jnp.exp(log_theta)
        names = (*list(UNITS)[:2], "xenograft.mass", "xenograft.switch", "xenograft.damage_rate")
        fixed = [self.fixed[n] for n in names[3:]]
        values = Values(names, jnp.stack([theta[0], theta[1], jnp.exp(log_first), *fixed]))
        mass = xenograft_mass_g(values, -theta[2] * bed, self.grid, self.clock, forward=True)
        return weight * (log_mass - jnp.interp(when, self.clock.time_h, jnp.log(mass)))


def fit_growth(
    volumes: TumourVolumes,
    arms: Mapping[str, TissueDose | None],
    fixed: Values,
    *,
    held: Sequence[str] = (),
    steps_per_day: int = 2,
) -> XenograftFit:
    r"""Growth rates and alpha of a xenograft from the volumes of all arms together.

    Parameters
    ----------
    volumes
        What was measured.
    arms
        Dose rate in the tumour for every arm; None for an untreated one.
    fixed
        Parameters of the model. Those that are fitted begin there.
    held
        Names among `UNITS` that are not fitted, as ``"xenograft.linear_growth"`` where all tumours
        were still growing exponentially.
    steps_per_day
        Of the solver.

    Returns
    -------
    XenograftFit
        Without an irradiated arm, alpha is left out.

    Raises
    ------
    InputError
        If an arm has no dose given, or there are too few measurements.
    NumericalError
        If the least squares do not converge, or the data do not inform a parameter.

    References
    ----------
    simeoni2004 for the growth
    """
    odd = [n for n in held if n not in UNITS]
    if odd:
        raise unknown("Parameter to hold,", odd[0], UNITS)
    data, animals = _experiment(volumes, arms, fixed, steps_per_day)
    if all(dose is None for dose in arms.values()):
        held = (*held, ALPHA)
    names = tuple(n for n in UNITS if n not in held)
    count = int(np.asarray(data.weight).sum())
    least = animals + len(names) + 1
    if count < least:
        raise InputError(
            f"{count} measurements of {animals} animals are too few for {len(names)} common "
            f"parameters and a first volume of each animal; at least {least} are needed."
        )
    found = _least_squares(data, names)
    covariance, residual_sd = _log_covariance(found, count)
    k = len(names)
    return XenograftFit(
        names, tuple(UNITS[n] for n in names), np.exp(found.x[:k]), covariance[:k, :k],
        residual_sd, animals, count,
    )  # fmt: skip


def _least_squares(data: _Experiment, names: tuple[str, ...]) -> OptimizeResult:
    """Logarithms of these parameters, then of the animals' first masses, that fit best."""
    known = np.log([float(data.fixed[n]) for n in UNITS])
    free = np.array([n in names for n in UNITS])
    residuals, jacobian = eqx.filter_jit(data.residuals), eqx.filter_jit(data.jacobian)

    def split(x: NDArray) -> tuple[Array, Array]:
        theta = known.copy()
        theta[free] = x[: len(names)]
        return jnp.asarray(theta), jnp.asarray(x[len(names) :])

    def slopes(x: NDArray) -> NDArray:
        common, own = (np.asarray(d) for d in jacobian(*split(x)))
        blocks = np.einsum("av,ab->avb", own, np.eye(len(own)))
        return np.concatenate([common[..., free], blocks], axis=-1).reshape(-1, x.size)

    found = least_squares(
        lambda x: np.asarray(residuals(*split(x))).ravel(),
        np.concatenate([known[free], np.asarray(data.log_mass)[:, 0]]),
        slopes,  # type: ignore[arg-type]
        method="lm",
    )
    if not found.success:
        raise NumericalError(
            f"The fit of the volumes did not converge ({found.message}). Begin nearer: "
            "choose the model whose growth is most like what you see."
        )
    return found


def _log_covariance(found: OptimizeResult, count: int) -> tuple[NDArray, float]:
    """Inverse of the information of so many measurements, and their residual scatter."""
    variance = float((found.fun**2).sum()) / max(count - len(found.x), 1)
    information = found.jac.T @ found.jac
    if not np.isfinite(information).all() or np.linalg.cond(information) > 1e12:
        raise NumericalError(
            "The volumes do not inform every parameter: growth in all arms is exponential (no "
            "xenograft.linear_growth) or no arm shows a delay (no xenograft.alpha). Follow the "
            "animals longer, or hold the parameter at the model's value."
        )
    return variance * np.linalg.inv(information), sqrt(variance)


def _experiment(
    volumes: TumourVolumes, arms: Mapping[str, TissueDose | None], fixed: Values, per_day: int
) -> tuple[_Experiment, int]:
    lost = sorted(set(volumes.arm) - set(arms))
    if lost:
        raise InputError(
            f"Arm '{lost[0]}' has volumes and no treatment. Say its dose (or that it has none); "
            f"given are {', '.join(arms) or 'none'}."
        )
    names = list(dict.fromkeys(volumes.animal))
    rows = [[i for i, a in enumerate(volumes.animal) if a == name] for name in names]
    rows = [sorted(r, key=lambda i: volumes.time_d[i]) for r in rows]
    most = max(len(r) for r in rows)
    when = np.zeros((len(rows), most))
    log_mass = np.zeros((len(rows), most))
    weight = np.zeros((len(rows), most))
    density = float(fixed["xenograft.density"])
    for k, r in enumerate(rows):
        when[k, : len(r)] = np.asarray(volumes.time_d)[r] * HOURS_PER_DAY
        log_mass[k, : len(r)] = np.log(np.asarray(volumes.volume_mm3)[r] / MM3_PER_CM3 * density)
        weight[k, : len(r)] = 1.0
    days = max(float(np.max(volumes.time_d)), 1.0)
    steps = int(np.ceil(days * per_day))
    clock = Samples(jnp.linspace(0.0, days * HOURS_PER_DAY, steps + 1))
    grid = Grid.over(clock, steps)
    bed = {name: _bed_by(dose, grid, fixed) for name, dose in arms.items()}
    by_animal = jnp.stack([bed[volumes.arm[r[0]]] for r in rows])
    return _Experiment(
        clock, grid, by_animal, jnp.asarray(when), jnp.asarray(log_mass), jnp.asarray(weight),
        fixed,
    ), len(rows)  # fmt: skip


def _bed_by(dose: TissueDose | None, grid: Grid, fixed: Values) -> Float[Array, "step"]:
    if dose is None:
        return jnp.zeros(grid.time_h.shape[0])
    linear, quadratic = dose.by(grid.time_h, fixed["xenograft.repair_half_time"])
    return linear + quadratic / fixed["xenograft.alpha_beta"]


@dataclass(frozen=True)
class Translated:
    """A sensitivity for patients: log-normal with this median (1/Gy) and coefficient of variation.

    ``from_fit`` and ``between_species`` are the variances of the logarithm that make it up.
    """

    median_per_Gy: float
    cv: float
    from_fit: float
    between_species: float


def translate_alpha(fit: XenograftFit, *, between_species_cv: float = 0.5) -> Translated:
    r"""The alpha of patients' tumours from that of a xenograft, with its uncertainty.

    The cell is taken to be as sensitive in man as in the mouse, on the median; growth, dose rate
    and its heterogeneity are the patient's own and come from the rest of the river:

    .. math:: \ln\alpha_{man} \sim N(\ln\hat\alpha,\ s_{fit}^2 + \ln(1 + CV^2))

    Parameters
    ----------
    fit
        With an irradiated arm.
    between_species_cv
        Coefficient of variation from one tumour in the mouse to tumours in patients. An assumption:
        no data on phospholipid conjugates were found.

    Raises
    ------
    InputError
        If the fit has no alpha.

    Examples
    --------
    >>> import numpy as np
    >>> fit = XenograftFit(("xenograft.alpha",), ("1/Gy",), np.array([0.2]),
    ...                    np.array([[0.04]]), 0.2, 10, 80)
    >>> round(translate_alpha(fit).cv, 3)
    0.549
    """
    if ALPHA not in fit.names:
        raise InputError(
            "No alpha can be translated: the fit has no irradiated arm. Add one to the experiment."
        )
    i = fit.names.index(ALPHA)
    of_fit, between = float(fit.log_covariance[i, i]), log(1.0 + between_species_cv**2)
    cv = sqrt(exp(of_fit + between) - 1.0)
    return Translated(float(fit.estimate[i]), cv, of_fit, between)
