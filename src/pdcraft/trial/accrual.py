"""When patients come: sites that open one after another, and how long a trial lasts."""

from __future__ import annotations

import abc
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float
from scipy.special import gammainc, gammaincinv

from pdcraft.domain import InputError

DAYS_PER_MONTH = 365.25 / 12
"""A mean month."""
_STREAM = zlib.crc32(b"accrual")
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(200)


@dataclass(frozen=True)
class Site:
    """A centre that recruits: from its opening at a rate that rises to its full value.

    Attributes
    ----------
    per_month
        Patients for each month of 30.44 days when fully active.
    opens_d
        Days after the start of the trial.
    ramp_up_d
        Days over which the rate rises in a straight line from 0; 0 for the full rate at once.

    Raises
    ------
    InputError
        If the rate is not positive or a time is negative.
    """

    per_month: float
    opens_d: float = 0.0
    ramp_up_d: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.per_month < np.inf:
            raise InputError(
                f"per_month = {self.per_month:g} must be greater than 0: with no accrual the trial "
                "never ends. Give the patients that a site enrols in a month, or leave it out."
            )
        for name in ("opens_d", "ramp_up_d"):
            if not 0 <= getattr(self, name) < np.inf:
                raise InputError(f"{name} = {getattr(self, name):g} d must be at least 0 d.")

    @property
    def per_day(self) -> float:
        """Full rate."""
        return self.per_month / DAYS_PER_MONTH


class AbstractAccrual(abc.ABC):
    """Arrivals of patients, and the distribution of the time until the n-th has come."""

    @abc.abstractmethod
    def arrivals_d(
        self, n: int, *, seed: int, trial: int | Sequence[int] = 0
    ) -> Float[np.ndarray, "*trial n"]:
        """Days from the start of the trial at which patients 1 to ``n`` come, rising.

        Parameters
        ----------
        n
            Patients.
        seed, trial
            Trial 7 of a seed is the same whatever else is drawn; of several trials each is a row.
        """

    @abc.abstractmethod
    def probability_by(
        self, t_d: float | Float[np.ndarray, "*t"], n: int
    ) -> Float[np.ndarray, "*t"]:
        """Probability that ``n`` patients have come by day ``t_d``."""

    @abc.abstractmethod
    def quantile_d(self, q: float | Float[np.ndarray, "*q"], n: int) -> Float[np.ndarray, "*q"]:
        """Day by which ``n`` patients have come with probability ``q``."""

    def mean_d(self, n: int) -> float:
        r"""Expected day on which the ``n``-th patient comes, :math:`\int_0^1 t(q)\,dq`."""
        s = (_NODES + 1) / 2  # q = s^2 (3 - 2 s) softens the ends, where t(q) is steep
        return float(_WEIGHTS * 3 * s * (1 - s) @ self.quantile_d(s**2 * (3 - 2 * s), n))


@dataclass(frozen=True)
class Poisson(AbstractAccrual):
    r"""Patients come at random, each site at its rate.

    With :math:`\Lambda(t) = \int_0^t \sum_s \lambda_s(u)\,du` expected patients by day t, the
    n-th comes at :math:`T_n = \Lambda^{-1}(G_n)` with
    :math:`G_n \sim \mathrm{Gamma}(n, 1)`, so that

    .. math:: \Pr(T_n \le t) = \frac{1}{\Gamma(n)}\int_0^{\Lambda(t)} x^{n-1} e^{-x}\,dx.

    Attributes
    ----------
    sites
        As ``(Site(1.0), Site(0.5, opens_d=90, ramp_up_d=60))``.

    Raises
    ------
    InputError
        If there is no site.

    References
    ----------
    anisimov2007, sect. 2; docs/theory/trial.md, Eq. 31-32

    Examples
    --------
    >>> accrual = Poisson.at(2.0)
    >>> accrual.quantile_d([0.05, 0.5, 0.95], 24).round().tolist()
    [252.0, 360.0, 496.0]
    >>> accrual.arrivals_d(3, seed=1).shape, accrual.arrivals_d(3, seed=1, trial=range(5)).shape
    ((3,), (5, 3))
    """

    sites: tuple[Site, ...]

    def __post_init__(self) -> None:
        if not self.sites or not all(isinstance(site, Site) for site in self.sites):
            raise InputError("sites must be one or more, as (Site(1.0), Site(0.5, opens_d=90)).")

    @classmethod
    def at(cls, per_month: float, *, sites: int = 1, ramp_up_d: float = 0.0) -> Poisson:
        """Sites of one rate each, all open from the start."""
        if sites < 1:
            raise InputError(f"sites = {sites} must be at least 1: without a site nobody comes.")
        return cls((Site(per_month, ramp_up_d=ramp_up_d),) * sites)

    def thinned(self, share: float) -> Poisson:
        """Those of the patients who come that are enrolled, as by screening; again Poisson."""
        if not 0 < share <= 1:
            raise InputError(
                f"share = {share:g} must lie above 0 and be at most 1: who is enrolled of those "
                "who come. With 0 the trial never ends; widen the criteria or add sites."
            )
        return Poisson(tuple(replace(s, per_month=share * s.per_month) for s in self.sites))

    def expected(self, t_d: float | Float[np.ndarray, "*t"]) -> Float[np.ndarray, "*t"]:
        r"""Expected patients :math:`\Lambda` by day ``t_d``."""
        t = np.asarray(t_d, float)
        start, total, rate, slope = self._pieces
        k = np.clip(np.searchsorted(start, t, side="right") - 1, 0, None)
        dt = np.maximum(t - start[k], 0)
        return total[k] + rate[k] * dt + slope[k] / 2 * dt**2

    def arrivals_d(
        self, n: int, *, seed: int, trial: int | Sequence[int] = 0
    ) -> Float[np.ndarray, "*trial n"]:
        """Days at which patients come; the first patients do not depend on ``n``."""
        gaps = -np.log1p(-_uniforms(n, seed, trial))
        return self._when(np.cumsum(gaps, axis=-1))

    def probability_by(
        self, t_d: float | Float[np.ndarray, "*t"], n: int
    ) -> Float[np.ndarray, "*t"]:
        """Probability that ``n`` patients have come by day ``t_d``."""
        return gammainc(_patients(n), self.expected(t_d))

    def quantile_d(self, q: float | Float[np.ndarray, "*q"], n: int) -> Float[np.ndarray, "*q"]:
        """Day by which ``n`` patients have come with probability ``q``."""
        return self._when(gammaincinv(_patients(n), _probability(q)))

    @cached_property
    def _pieces(self) -> tuple[np.ndarray, ...]:
        """Where the rate bends, expected patients there, the rate, its slope up to the next."""
        ends = {x for site in self.sites for x in (site.opens_d, site.opens_d + site.ramp_up_d)}
        start = np.array(sorted(ends | {0.0}))
        rate, slope = np.zeros(len(start)), np.zeros(len(start))
        for site in self.sites:
            since = start - site.opens_d
            if site.ramp_up_d == 0:
                rate += site.per_day * (since >= 0)
                continue
            full = start >= site.opens_d + site.ramp_up_d
            rising = (since >= 0) & ~full
            rate += site.per_day * (full + rising * since / site.ramp_up_d)
            slope += site.per_day / site.ramp_up_d * rising
        step = np.diff(start)
        added = rate[:-1] * step + slope[:-1] / 2 * step**2
        return start, np.concatenate([[0.0], np.cumsum(added)]), rate, slope

    def _when(self, expected: np.ndarray) -> np.ndarray:
        r""":math:`\Lambda^{-1}`: the root of a quadratic on each piece."""
        start, total, rate, slope = self._pieces
        k = np.clip(np.searchsorted(total, expected, side="right") - 1, 0, None)
        left = expected - total[k]
        root = np.sqrt(rate[k] ** 2 + 2 * slope[k] * left)
        with np.errstate(invalid="ignore"):  # 0/0 where nobody is expected yet
            dt = np.where(left > 0, 2 * left / (rate[k] + root), 0.0)
        return start[k] + dt


@dataclass(frozen=True)
class Uniform(AbstractAccrual):
    """A number of patients that is known beforehand, each at random within the period.

    Attributes
    ----------
    period_d
        Days of recruitment, > 0.

    References
    ----------
    docs/theory/trial.md, Eq. 33

    Examples
    --------
    >>> float(Uniform(300.0).quantile_d(0.5, 24).round(1)), round(Uniform(300.0).mean_d(24), 3)
    (291.5, 288.0)
    """

    period_d: float

    def __post_init__(self) -> None:
        if not 0 < self.period_d < np.inf:
            raise InputError(
                f"period_d = {self.period_d:g} d must be greater than 0 d: the days in which all "
                "patients come."
            )

    def arrivals_d(
        self, n: int, *, seed: int, trial: int | Sequence[int] = 0
    ) -> Float[np.ndarray, "*trial n"]:
        """Days at which patients come; all depend on ``n``."""
        return self.period_d * np.sort(_uniforms(n, seed, trial), axis=-1)

    def probability_by(
        self, t_d: float | Float[np.ndarray, "*t"], n: int
    ) -> Float[np.ndarray, "*t"]:
        """Probability that all ``n`` patients have come by day ``t_d``."""
        return np.clip(np.asarray(t_d, float) / self.period_d, 0, 1) ** _patients(n)

    def quantile_d(self, q: float | Float[np.ndarray, "*q"], n: int) -> Float[np.ndarray, "*q"]:
        """Day by which all ``n`` patients have come with probability ``q``."""
        return self.period_d * _probability(q) ** (1 / _patients(n))


@dataclass(frozen=True)
class Regular(AbstractAccrual):
    """Patients at equal distances, the first one distance after the start; nothing is random.

    Attributes
    ----------
    per_month
        Patients for each month of 30.44 days.

    Examples
    --------
    >>> Regular(2.0).arrivals_d(3, seed=0).round(2).tolist()
    [15.22, 30.44, 45.66]
    """

    per_month: float

    def __post_init__(self) -> None:
        Site(self.per_month)

    def arrivals_d(
        self, n: int, *, seed: int, trial: int | Sequence[int] = 0
    ) -> Float[np.ndarray, "*trial n"]:
        """Days at which patients come, the same in every trial."""
        days = np.arange(1, _patients(n) + 1) * DAYS_PER_MONTH / self.per_month
        return np.broadcast_to(days, (*np.shape(trial), n)).copy()

    def probability_by(
        self, t_d: float | Float[np.ndarray, "*t"], n: int
    ) -> Float[np.ndarray, "*t"]:
        """1 from the day of patient ``n`` on, 0 before."""
        return (np.asarray(t_d, float) >= self.quantile_d(0.5, n)).astype(float)

    def quantile_d(self, q: float | Float[np.ndarray, "*q"], n: int) -> Float[np.ndarray, "*q"]:
        """Day of patient ``n``, whatever the probability."""
        return np.full(np.shape(_probability(q)), n * DAYS_PER_MONTH / self.per_month)


@dataclass(frozen=True)
class TrialDuration:
    """From the start of a trial to the last observation: accrual, then follow-up of the last.

    Attributes
    ----------
    accrual
        How patients come.
    patients
        How many are treated.
    followup_d
        Days for which the last patient is observed.

    Raises
    ------
    InputError
        If there is no patient or follow-up is negative.

    Examples
    --------
    >>> trial = TrialDuration(Poisson.at(0.5, sites=4), patients=24, followup_d=84)
    >>> trial.quantile_d([0.05, 0.5, 0.95]).round().tolist(), round(trial.mean_d)
    ([336.0, 444.0, 580.0], 449)
    """

    accrual: AbstractAccrual
    patients: int
    followup_d: float = 0.0

    def __post_init__(self) -> None:
        _patients(self.patients)
        if not 0 <= self.followup_d < np.inf:
            raise InputError(f"followup_d = {self.followup_d:g} d must be at least 0 d.")

    @property
    def mean_d(self) -> float:
        """Expected duration."""
        return self.accrual.mean_d(self.patients) + self.followup_d

    def quantile_d(self, q: float | Float[np.ndarray, "*q"]) -> Float[np.ndarray, "*q"]:
        """Duration that is not exceeded with probability ``q``."""
        return self.accrual.quantile_d(q, self.patients) + self.followup_d

    def probability_by(self, t_d: float | Float[np.ndarray, "*t"]) -> Float[np.ndarray, "*t"]:
        """Probability that the trial has ended by day ``t_d``."""
        return self.accrual.probability_by(np.asarray(t_d) - self.followup_d, self.patients)


def _patients(n: int) -> int:
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise InputError(f"n = {n} patients must be a whole number of at least 1.")
    return int(n)


def _probability(q: float | np.ndarray) -> np.ndarray:
    q = np.asarray(q, float)
    if not np.all((q >= 0) & (q <= 1)):
        raise InputError(f"q = {q.tolist()} must lie between 0 and 1.")
    return q


def _uniforms(n: int, seed: int, trial: int | Sequence[int]) -> Float[np.ndarray, "*trial n"]:
    """Numbers from 0 to 1 of a trial; the first do not depend on ``n`` or on other trials."""
    n = _patients(n)
    if not 0 <= seed < 2**63:
        raise InputError(f"seed = {seed} must be a whole number from 0 to 2^63 - 1.")

    def draw(number: int) -> np.ndarray:
        bits = np.random.Philox(key=[seed, number], counter=[0, 0, 0, _STREAM])
        return np.random.Generator(bits).random(n)

    if np.ndim(trial) == 0:
        return draw(int(trial))  # type: ignore[arg-type]
    return np.stack([draw(int(t)) for t in trial])  # type: ignore[union-attr]
