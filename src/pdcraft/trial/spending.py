"""Error spending functions of Lan and DeMets."""

from __future__ import annotations

import abc
import math
from dataclasses import dataclass

from scipy.special import ndtr, ndtri


class AbstractSpending(abc.ABC):
    """How much of the error may be spent by a share of the information."""

    @abc.abstractmethod
    def spent(self, share: float, alpha: float) -> float:
        """Error spent up to this share; ``alpha`` at 1."""


@dataclass(frozen=True)
class OBrienFlemingLike(AbstractSpending):
    r"""Little at first: :math:`2 - 2\,\Phi(\Phi^{-1}(1-\alpha/2)/\sqrt t)`.

    References
    ----------
    lan1983; docs/theory/trial.md, Eq. 26
    """

    def spent(self, share: float, alpha: float) -> float:
        """Error spent up to this share."""
        return 2 * float(ndtr(ndtri(alpha / 2) / math.sqrt(share)))


@dataclass(frozen=True)
class PocockLike(AbstractSpending):
    r"""Evenly: :math:`\alpha \ln(1 + (e-1)\,t)`.

    References
    ----------
    lan1983
    """

    def spent(self, share: float, alpha: float) -> float:
        """Error spent up to this share."""
        return alpha * math.log1p((math.e - 1) * share)
