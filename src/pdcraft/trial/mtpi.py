"""The modified toxicity probability interval designs, mTPI and mTPI-2."""

from __future__ import annotations

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
class MTPI(AbstractModelAssisted):
    r"""Towards the target from the interval of largest unit probability mass, of three intervals.

    Rates too low, near the target and too high are :math:`(0, \phi-\epsilon_1)`,
    :math:`(\phi-\epsilon_1, \phi+\epsilon_2)` and :math:`(\phi+\epsilon_2, 1)`; with a uniform
    prior the decision is that of the interval of largest

    .. math:: \mathrm{UPM}(a, b) = \frac{\Pr(a < p < b \mid y, n)}{b - a}.

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

    target: float
    low_margin: float = 0.05
    high_margin: float = 0.05
    eliminate_above: float = 0.95
    least_n: int = 1

    def __post_init__(self) -> None:
        check_elimination(self.target, self.eliminate_above, self.least_n)
        _check_margins(self.target, self.low_margin, self.high_margin)

    def verdict(self, n: int, dlt: int) -> Verdict:
        """Decision by the largest unit probability mass."""
        low, high = self.target - self.low_margin, self.target + self.high_margin
        return _judge((0.0, low, high, 1.0), 1, n, dlt)


@dataclass(frozen=True)
class MTPI2(AbstractModelAssisted):
    r"""As `MTPI`, with all intervals of the length :math:`\epsilon_1 + \epsilon_2`.

    What is left at 0 and at 1 is shorter. The intervals are the keys of `Keyboard`, which leaves
    the rests at both ends out.

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

    References
    ----------
    guo2017, intervals of equal length; docs/theory/trial.md, Eq. 8

    Examples
    --------
    >>> MTPI2(0.30).verdict(6, 3)
    Verdict(decision='de-escalate', why='0.45 to 0.55 has the largest unit probability mass')
    """

    target: float
    low_margin: float = 0.05
    high_margin: float = 0.05
    eliminate_above: float = 0.95
    least_n: int = 1

    def __post_init__(self) -> None:
        check_elimination(self.target, self.eliminate_above, self.least_n)
        _check_margins(self.target, self.low_margin, self.high_margin)

    def verdict(self, n: int, dlt: int) -> Verdict:
        """Decision by the largest unit probability mass."""
        edges, middle = _equal_intervals(self.target, self.low_margin, self.high_margin)
        return _judge(edges, middle, n, dlt)


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


def _check_margins(target: float, below: float, above: float) -> None:
    if not (0 < below < target and 0 < above < 1 - target):
        raise InputError(
            f"low_margin = {below:g} and high_margin = {above:g} must be above 0 and leave "
            f"{target - below:g} to {target + above:g} within 0 to 1. Give smaller ones, as 0.05."
        )
