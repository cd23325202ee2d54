"""Skeletons of the continual reassessment method: prior guesses of the rates at each level."""

from __future__ import annotations

import math

import numpy as np

from pdcraft.domain import InputError
from pdcraft.trial.working_model import AbstractWorkingModel, Empiric


def skeleton(
    target: float,
    halfwidth: float,
    *,
    prior_mtd: int,
    levels: int,
    model: AbstractWorkingModel | None = None,
) -> tuple[float, ...]:
    r"""Prior rates whose neighbours are told apart by an indifference interval; ``[level]``.

    The rate at ``prior_mtd`` is the target :math:`\phi`. Where the model says :math:`\phi-\delta`
    at a level it says :math:`\phi+\delta` at the next one; with the empiric model

    .. math:: \ln s_{j+1} = \frac{\ln(\phi+\delta)}{\ln(\phi-\delta)}\,\ln s_j.

    Parameters
    ----------
    target, halfwidth
        :math:`\phi, \delta`.
    prior_mtd
        Level that is the MTD by prior guess.
    levels
        Number of levels.
    model
        Working model for which the skeleton is made; None means `Empiric`.

    Raises
    ------
    InputError
        Unless 0 < target - halfwidth, target + halfwidth < 1, and the prior MTD is a level.

    References
    ----------
    lee2009, indifference interval; dfcrm, getprior; docs/theory/trial.md, Eq. 12

    Examples
    --------
    >>> [round(s, 3) for s in skeleton(0.25, 0.05, prior_mtd=3, levels=5)]
    [0.084, 0.157, 0.25, 0.355, 0.46]
    """
    if not (halfwidth > 0 and 0 < target - halfwidth and target + halfwidth < 1):
        raise InputError(
            f"halfwidth = {halfwidth:g} must be above 0 and leave target ± halfwidth "
            f"({target - halfwidth:g} to {target + halfwidth:g}) within 0 to 1, as 0.05."
        )
    if not 1 <= prior_mtd <= levels:
        raise InputError(f"prior_mtd = {prior_mtd} must be one of the levels 1 to {levels}.")
    model = Empiric() if model is None else model
    low, middle, high = (model.scaled(p) for p in (target - halfwidth, target, target + halfwidth))
    scaled = [middle * (high / low) ** (j - prior_mtd) for j in range(1, levels + 1)]
    return tuple(model.rate(x) for x in scaled)


def check_skeleton(skeleton: tuple[float, ...]) -> None:
    """Refuse a skeleton that does not rise within 0 to 1.

    Raises
    ------
    InputError
        If it is no tuple of rising rates.
    """
    if not isinstance(skeleton, tuple) or not skeleton:
        raise InputError(
            f"skeleton = {skeleton!r} must be a tuple of prior rates, one for each level, as "
            "(0.05, 0.15, 0.30). skeleton() makes one."
        )
    rises = all(a < b for a, b in zip((0.0, *skeleton), (*skeleton, 1.0), strict=True))
    if not rises or not all(math.isfinite(s) for s in skeleton):
        raise InputError(
            f"skeleton = {np.round(skeleton, 4).tolist()} must rise from level to level, strictly "
            "within 0 to 1. Order the levels by dose."
        )
