"""Free parameters of a search as numbers of a model, with standard errors and intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.stats
from numpy.typing import NDArray

from pdcraft.kinetics.estimation.model import PopulationModel

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """One number of the result, with its standard error (nan where it is fixed).

    ``low`` to ``high`` is its 90 % interval by Student's t with one degree of freedom less than
    there are patients, on the logarithm of what is above 0.
    """

    name: str
    value: float
    unit: str
    standard_error: float
    initial: float
    low: float
    high: float

    @property
    def relative_percent(self) -> float:
        """Relative standard error. %."""
        return 100.0 * self.standard_error / abs(self.value) if self.value else float("nan")


def at(model: PopulationModel, free: Floats) -> PopulationModel:
    """The same model with other values of its free parameters."""
    theta, root, sigma = model.unpack(free, np)
    n, between = len(model.effects), model.occasions
    omega = (root @ root.T)[:n, :n]
    if between is not None:
        variances = {k: float(root[i, i] ** 2) for k, i in _between(model).items()}
        between = replace(between, variances=variances)
    return replace(
        model,
        theta={k: replace(t, value=float(theta[k])) for k, t in model.theta.items()},
        omega=0.5 * (omega + omega.T), sigma={k: float(v) for k, v in sigma.items()},
        occasions=between,
    )  # fmt: skip


def _between(model: PopulationModel) -> dict[str, int]:
    """Index of the first occasion's deviation, by parameter that varies between occasions."""
    if model.occasions is None:
        return {}
    many = len(model.occasions.labels)
    return {k: len(model.effects) + j * many for j, k in enumerate(model.occasions.variances)}


def estimates(
    model: PopulationModel, free: Floats, covariance: Floats, *, patients: int
) -> tuple[Estimate, ...]:
    """Natural parameters with standard errors by first order, and 90 % intervals."""
    names = [*model.theta]
    units = [t.unit for t in model.theta.values()]
    kept = [
        (i, j) for i in range(len(model.effects)) for j in range(i + 1)
        if i == j or any({model.effects[i], model.effects[j]} <= set(b) for b in model.blocks)
    ]  # fmt: skip
    names += [f"omega[{model.effects[i]},{model.effects[j]}]" for i, j in kept]
    between = _between(model)
    names += [*(f"iov[{k}]" for k in between), *(f"sigma[{k}]" for k in model.sigma)]
    kept += [(i, i) for i in between.values()]
    units += ["1"] * (len(kept) + len(model.sigma))
    above = [*(t.positive for t in model.theta.values()), *(i == j for i, j in kept)]
    above += [True] * len(model.sigma)

    def natural(x: Any) -> Any:
        theta, root, sigma = model.unpack(x, np)
        omega = root @ root.T
        return np.array([*theta.values(), *(omega[i, j] for i, j in kept), *sigma.values()])

    value, begin = natural(free), natural(model.start())
    # complex steps: derivatives without a difference, so without its rounding
    turn = 1e-30j * np.eye(len(free))
    slope = np.array([natural(free + d).imag / 1e-30 for d in turn]).reshape(len(free), -1).T
    moves = np.abs(slope).sum(1) > 0
    variance = np.einsum("ij,jk,ik->i", slope, np.nan_to_num(covariance), slope)
    lost = not np.isfinite(covariance).all()
    error = np.where(moves & (not lost), np.sqrt(np.maximum(variance, 0.0)), np.nan)
    wide = error * float(scipy.stats.t.ppf(0.95, max(patients - 1, 1)))
    with np.errstate(over="ignore"):  # of a variance that went to 0 nothing is known
        ratio = np.exp(wide / np.where(value == 0, np.nan, np.abs(value)))
    low, high = (np.where(above, value * ratio**k, value + k * wide) for k in (-1, 1))
    return tuple(
        Estimate(n, float(v), u, *map(float, numbers))
        for n, v, u, *numbers in zip(names, value, units, error, begin, low, high, strict=True)
    )
