"""The keyboard design: which key of the keyboard of rates is the strongest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import betainc

from pdcraft.domain import InputError
from pdcraft.trial.model_assisted import AbstractModelAssisted, check_elimination
from pdcraft.trial.tabulated import Verdict

ROUNDING = 1e-9
"""Keys that end within this of 0 or 1 count as whole: 0.25 - 0.05 - 0.1 - 0.1 is not quite 0."""


@dataclass(frozen=True)
class Keyboard(AbstractModelAssisted):
    r"""Towards the target from the strongest key: the interval of rates that is most probable.

    The target key is :math:`(\phi-\delta, \phi+\delta)`; keys of the same width continue it on
    both sides as long as they fit into 0 to 1. With a uniform prior the strongest key is

    .. math::
        k^* = \arg\max_k \; \Pr(p \in I_k \mid y, n), \qquad
        p \mid y, n \sim \mathrm{Beta}(1+y,\, 1+n-y);

    up if it lies below the target key, down if above.

    Attributes
    ----------
    target, margin
        :math:`\phi, \delta`: middle and half width of the target key.
    eliminate_above
        Probability above which a level is closed.
    least_n
        Patients without whom no level is closed.

    Raises
    ------
    InputError
        If the target key does not fit into 0 to 1.

    References
    ----------
    yan2017, keyboard design; keyboard_r, get.boundary.kb; docs/theory/trial.md, Eq. 7

    Examples
    --------
    >>> Keyboard(0.30).verdict(6, 3)
    Verdict(decision='de-escalate', why='the rate is most likely in 0.45 to 0.55')
    """

    target: float
    margin: float = 0.05
    eliminate_above: float = 0.95
    least_n: int = 1

    def __post_init__(self) -> None:
        check_elimination(self.target, self.eliminate_above, self.least_n)
        if not 0 < self.margin <= min(self.target, 1 - self.target):
            raise InputError(
                f"margin = {self.margin:g} must be above 0 and leave the target key, "
                f"{self.target:g} ± {self.margin:g}, within 0 to 1. Give a smaller one, as 0.05."
            )

    def verdict(self, n: int, dlt: int) -> Verdict:
        """Decision by the strongest key."""
        key, low, high = _strongest(self.target, self.margin, n, dlt)
        decision = "escalate" if key < 0 else "de-escalate" if key > 0 else "stay"
        return Verdict(decision, f"the rate is most likely in {low:.2f} to {high:.2f}")


@lru_cache(maxsize=4096)
def _strongest(target: float, margin: float, n: int, dlt: int) -> tuple[int, float, float]:
    """Number of the strongest key, 0 for the target key, and its edges."""
    width = 2 * margin
    below = int((target - margin) / width + ROUNDING)
    above = int((1 - target - margin) / width + ROUNDING)
    edges = target - margin + width * np.arange(-below, above + 2)
    mass = np.diff(betainc(dlt + 1, n - dlt + 1, np.clip(edges, 0, 1)))
    best = int(np.argmax(mass))
    return best - below, float(edges[best]), float(edges[best + 1])
