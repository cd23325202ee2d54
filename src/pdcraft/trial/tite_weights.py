"""What a patient counts who has been observed in part."""

from __future__ import annotations

import abc
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float


class AbstractWeights(abc.ABC):
    """How much a patient without toxicity counts who has not been observed to the end."""

    @abc.abstractmethod
    def of(
        self,
        followup_h: Float[np.ndarray, "*trial patient"],
        toxic: Bool[np.ndarray, "*trial patient"],
        window_h: float,
    ) -> Float[np.ndarray, "*trial patient"]:
        """Weights from 0 to 1."""


@dataclass(frozen=True)
class LinearWeights(AbstractWeights):
    r"""Weights that grow with time, :math:`w = u/T`.

    References
    ----------
    cheung2000; docs/theory/trial.md, Eq. 15
    """

    def of(
        self,
        followup_h: Float[np.ndarray, "*trial patient"],
        toxic: Bool[np.ndarray, "*trial patient"],
        window_h: float,
    ) -> Float[np.ndarray, "*trial patient"]:
        """Share of the window that has been observed; 1 after a toxicity."""
        return np.where(toxic, 1.0, np.minimum(np.asarray(followup_h) / window_h, 1.0))


@dataclass(frozen=True)
class AdaptiveWeights(AbstractWeights):
    r"""Weights that grow with the share of toxicities already seen by that time.

    With :math:`z` toxicities at :math:`t_1 \le \dots \le t_z`, :math:`t_0 = 0` and
    :math:`t_{z+1} = T`, for :math:`t_m \le u < t_{m+1}`,

    .. math:: w = \frac{1}{z+1}\left(m + \frac{u - t_m}{t_{m+1} - t_m}\right).

    References
    ----------
    cheung2000; dfcrm, titecrm(scheme = "adaptive"); docs/theory/trial.md, Eq. 16
    """

    def of(
        self,
        followup_h: Float[np.ndarray, "*trial patient"],
        toxic: Bool[np.ndarray, "*trial patient"],
        window_h: float,
    ) -> Float[np.ndarray, "*trial patient"]:
        """Share of toxicity times passed, linear in between; 1 after a toxicity."""
        u = np.asarray(followup_h, float)
        times = np.sort(np.where(toxic, u, np.inf), axis=-1)
        passed = (times[..., None, :] <= u[..., :, None]).sum(axis=-1)
        edges = np.concatenate(
            [np.zeros_like(u[..., :1]), np.minimum(times, window_h),
             np.full_like(u[..., :1], window_h)], axis=-1,
        )  # fmt: skip
        before = np.take_along_axis(edges, passed, axis=-1)
        after = np.take_along_axis(edges, passed + 1, axis=-1)
        width = np.where(after > before, after - before, 1.0)
        share = np.where(after > before, (u - before) / width, 1.0)
        z = np.sum(toxic, axis=-1, keepdims=True)
        return np.where(toxic, 1.0, np.minimum((passed + share) / (z + 1), 1.0))
