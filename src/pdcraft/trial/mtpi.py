"""The modified toxicity probability interval designs, mTPI and mTPI-2."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import betainc

from pdcraft.domain import InputError
from pdcraft.trial.keyboard import ROUNDING
from pdcraft.trial.model_assisted import AbstractModelAssisted, check_elimination
from pdcraft.trial.tabulated import Verdict


@dataclass(frozen=True)
class AbstractUnitMass(AbstractModelAssisted):
    r"""Towards the target from the interval of largest unit probability mass.

    With a uniform prior the decision is that of the interval of largest

    .. math:: \mathrm{UPM}(a, b) = \frac{\Pr(a < p < b \mid y, n)}{b - a};

    up if it lies below :math:`(\phi-\epsilon_1, \phi+\epsilon_2)`, down if above.

    Attributes
    ----------
    target, low_margin, high_margin
        :math:`\phi, \epsilon_1, \epsilon_2`.
    eliminate_above
        Probability above which a level is closed.
    least_n
        Patients without whom no level is closed.

    Raises
    ------
    InputError
        If a margin is not positive or leaves 0 to 1.
    """

    target: float
    low_margin: float = 0.05
    high_margin: float = 0.05
    eliminate_above: float = 0.95
    least_n: int = 1

    def __post_init__(self) -> None:
        check_elimination(self.target, self.eliminate_above, self.least_n)
        below, above = self.low_margin, self.high_margin
        if not (0 < below < self.target and 0 < above < 1 - self.target):
            raise InputError(
                f"low_margin = {below:g} and high_margin = {above:g} must be above 0 and leave "
                f"{self.target - below:g} to {self.target + above:g} within 0 to 1. Give smaller "
                "ones, as 0.05."
            )

    @property
    @abc.abstractmethod
    def intervals(self) -> tuple[tuple[float, ...], int]:
        """Edges of the intervals from 0 to 1, and the number of that which holds the target."""

    def verdict(self, n: int, dlt: int) -> Verdict:
        """Decision by the largest unit probability mass."""
        return _judge(*self.intervals, n, dlt)


@dataclass(frozen=True)
class MTPI(AbstractUnitMass):
    r"""As `AbstractUnitMass`, of three intervals: too low, near the target and too high.

    They are :math:`(0, \phi-\epsilon_1)`, :math:`(\phi-\epsilon_1, \phi+\epsilon_2)` and
    :math:`(\phi+\epsilon_2, 1)`.

    Notes
    -----
    A wide interval beats a narrow one too easily: with 3 of 6 and target 0.30 mTPI stays.
    `MTPI2` has intervals of one length for this reason.

    References
    ----------
    ji2010, unit probability mass; docs/theory/trial.md, Eq. 8

    Examples
    --------
    >>> MTPI(0.30).verdict(6, 3).decision, MTPI2(0.30).verdict(6, 3).decision
    ('stay', 'de-escalate')
    """

    @property
    def intervals(self) -> tuple[tuple[float, ...], int]:
        """Edges of the three intervals."""
        return (0.0, self.target - self.low_margin, self.target + self.high_margin, 1.0), 1


@dataclass(frozen=True)
class MTPI2(AbstractUnitMass):
    r"""As `AbstractUnitMass`, with all intervals of the length :math:`\epsilon_1 + \epsilon_2`.

    What is left at 0 and at 1 is shorter. The intervals are the keys of `Keyboard`, which leaves
    the rests at both ends out.

    References
    ----------
    guo2017, intervals of equal length; docs/theory/trial.md, Eq. 8

    Examples
    --------
    >>> MTPI2(0.30).verdict(6, 3)
    Verdict(decision='de-escalate', why='0.45 to 0.55 has the largest unit probability mass')
    """

    @property
    def intervals(self) -> tuple[tuple[float, ...], int]:
        """Edges in steps from the target's interval."""
        return _equal_intervals(self.target, self.low_margin, self.high_margin)


@lru_cache(maxsize=64)
def _equal_intervals(target: float, below: float, above: float) -> tuple[tuple[float, ...], int]:
    """Edges from 0 to 1 in steps from the target's interval, and the number of that interval."""
    length = below + above
    low, high = target - below, target + above
    down = [low - length * k for k in range(int(low / length) + 1) if low - length * k > ROUNDING]
    up = [high + length * k for k in range(int((1 - high) / length) + 1)]
    up = [edge for edge in up if edge < 1 - ROUNDING]
    return (0.0, *reversed(down), *up, 1.0), len(down)


@lru_cache(maxsize=8192)
def _judge(edges: Sequence[float], middle: int, n: int, dlt: int) -> Verdict:
    """Decision by the interval of largest unit probability mass; ``middle`` holds the target."""
    mass = np.diff(betainc(dlt + 1, n - dlt + 1, np.asarray(edges))) / np.diff(edges)
    best = int(np.argmax(mass))
    decision = "escalate" if best < middle else "de-escalate" if best > middle else "stay"
    where = f"{edges[best]:.2f} to {edges[best + 1]:.2f}"
    return Verdict(decision, f"{where} has the largest unit probability mass")
