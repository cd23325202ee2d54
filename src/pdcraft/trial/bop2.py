"""BOP2: a Bayesian optimal phase II design for a rate of response."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy.stats import beta

from pdcraft.domain import InputError
from pdcraft.trial.single_arm import SingleArm, SingleArmCharacteristics


@dataclass(frozen=True)
class BOP2:
    r"""Stop for futility, and for efficacy if wanted, by the posterior that the rate exceeds p0.

    With :math:`p \sim \mathrm{Beta}(p_0, 1-p_0)`, :math:`n` of :math:`N` patients,

    .. math::
        \Pr(p > p_0 \mid y, n) < \lambda\,(n/N)^\gamma: \text{ futile}, \qquad
        \Pr(p > p_0 \mid y, n) \ge 1 - (1-\lambda)\,(n/N)^\eta: \text{ success}.

    Both meet at the end, where the trial succeeds if the posterior reaches :math:`\lambda`.

    Attributes
    ----------
    p0
        Rate that is not interesting; also the mean of the prior, which weighs one patient.
    looks
        Patients at each look; the last is N.
    lam, gamma
        :math:`\lambda, \gamma`.
    eta
        :math:`\eta`; None for no stop for efficacy.

    Raises
    ------
    InputError
        Unless 0 < p0 < 1, 0 < lam < 1, gamma >= 0 and eta >= 0.

    References
    ----------
    zhou2017, futility; xu2025 and bop2fe, efficacy; docs/theory/trial.md, Eq. 24

    Examples
    --------
    >>> BOP2(0.2, (10, 20, 30, 40), lam=0.86, gamma=0.95).boundaries.futile_at_most
    (1, 3, 7, 11)
    """

    p0: float
    looks: tuple[int, ...]
    lam: float
    gamma: float
    eta: float | None = None

    def __post_init__(self) -> None:
        for name in ("p0", "lam"):
            if not 0 < getattr(self, name) < 1:
                raise InputError(f"{name} = {getattr(self, name):g} must lie between 0 and 1.")
        for name in ("gamma", "eta"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise InputError(f"{name} = {value:g} must be at least 0.")
        if not self.looks or self.looks[0] < 1:
            raise InputError(f"looks = {self.looks} must rise from at least 1, as (10, 20, 40).")

    @cached_property
    def boundaries(self) -> SingleArm:
        """Responses that end the trial at each look."""
        total = self.looks[-1]
        futile, success = [], []
        for n in self.looks:
            posterior = _posterior(self.p0, n)
            low = int(np.sum(posterior < self.lam * (n / total) ** self.gamma)) - 1
            high = n + 1
            if self.eta is not None:
                needed = 1 - (1 - self.lam) * (n / total) ** self.eta
                high = int(np.sum(posterior < needed))
            futile.append(low)
            success.append(low + 1 if n == total else high)
        return SingleArm(self.looks, tuple(futile), tuple(success))

    def characteristics(self, p: float) -> SingleArmCharacteristics:
        """Probabilities and expected patients at a rate of response."""
        return self.boundaries.characteristics(p)


def calibrate_bop2(
    p0: float,
    p1: float,
    looks: tuple[int, ...],
    *,
    alpha: float,
    lams: tuple[float, ...] = tuple(float(x) for x in np.linspace(0.5, 0.995, 100)),
    gammas: tuple[float, ...] = tuple(float(x) for x in np.linspace(0.0, 1.0, 21)),
) -> BOP2:
    """The design with futility stops that succeeds most often at p1 while it keeps alpha at p0.

    Exact, on a grid of both parameters; of equals the first one, lam before gamma.

    Raises
    ------
    InputError
        Unless 0 < p0 < p1 < 1 and 0 < alpha < 1, or if no design on the grid keeps alpha.

    References
    ----------
    zhou2017, calibration

    Examples
    --------
    >>> best = calibrate_bop2(0.2, 0.4, (10, 20, 30, 40), alpha=0.10)
    >>> round(best.lam, 3), round(best.gamma, 2)
    (0.86, 0.95)
    """
    if not 0 < p0 < p1 < 1:
        raise InputError(f"p0 = {p0:g} and p1 = {p1:g} must rise within 0 to 1.")
    if not 0 < alpha < 1:
        raise InputError(f"alpha = {alpha:g} must lie between 0 and 1.")
    best, power, known = None, -1.0, {}
    for lam, gamma in itertools.product(lams, gammas):
        design = BOP2(p0, looks, lam, gamma)
        bounds = design.boundaries
        if bounds not in known:
            known[bounds] = [bounds.characteristics(p).succeeds for p in (p0, p1)]
        false, true = known[bounds]
        if false <= alpha and true > power:
            best, power = design, true
    if best is None:
        raise InputError(
            f"No design on the grid keeps alpha = {alpha:g}. Give larger values of lam, or more "
            "patients."
        )
    return best


@lru_cache(maxsize=1024)
def _posterior(p0: float, n: int) -> np.ndarray:
    """Posterior probabilities of a rate above p0 after 0 to ``n`` responses."""
    y = np.arange(n + 1)
    return beta.sf(p0, p0 + y, 1 - p0 + n - y)
