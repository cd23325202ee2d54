"""Rates that rise with level: isotonic estimates, as most designs use them to choose the MTD."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import betainc

PSEUDO_DLT, TIE_BREAKER = 0.05, 1e-10
"""Part of the choice of the MTD: prior counts, and what orders equal estimates (boin_r)."""


def estimated_rates(n: Sequence[int], dlt: Sequence[int]) -> list[float]:
    r"""Isotonic estimates of the rates at rising levels, all with patients; ``[level]``.

    Raw estimates :math:`(y+0.05)/(n+0.1)` are pooled with weights of one over their posterior
    variance until they rise.

    References
    ----------
    boin_r, select.mtd; docs/theory/trial.md, Eq. 5

    Examples
    --------
    >>> [round(p, 2) for p in estimated_rates([3, 3, 15, 9], [0, 0, 4, 4])]
    [0.02, 0.02, 0.27, 0.45]
    """
    a = [y + PSEUDO_DLT for y in dlt]
    b = [m - y + PSEUDO_DLT for m, y in zip(n, dlt, strict=True)]
    weights = [(p + q) ** 2 * (p + q + 1) / (p * q) for p, q in zip(a, b, strict=True)]
    return isotonic([p / (p + q) for p, q in zip(a, b, strict=True)], weights)


def estimated_rates_of_many(
    n: Int[np.ndarray, "state level"],
    dlt: Int[np.ndarray, "state level"],
    treated: Bool[np.ndarray, "state level"],
) -> Float[np.ndarray, "state level"]:
    r"""`estimated_rates` of many histories, with what orders equal estimates; ``[state, level]``.

    Levels without treatment do not count; their entry means nothing. The isotonic estimate is
    :math:`\max_{i \le j} \min_{k \ge j} \bar p_{i..k}` over weighted means.
    """
    a, b = dlt + PSEUDO_DLT, n - dlt + PSEUDO_DLT
    weight = np.where(treated, (a + b) ** 2 * (a + b + 1) / (a * b), 0.0)
    levels = n.shape[1]
    mass = np.concatenate([np.zeros((len(n), 1)), np.cumsum(weight, axis=1)], axis=1)
    sums = np.cumsum(weight * a / (a + b), axis=1)
    sums = np.concatenate([np.zeros((len(n), 1)), sums], axis=1)
    best = np.full(n.shape, -np.inf)
    for i in range(levels):
        lowest = np.full(len(n), np.inf)
        for k in range(levels - 1, i - 1, -1):
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = (sums[:, k + 1] - sums[:, i]) / (mass[:, k + 1] - mass[:, i])
            ends = treated[:, i] & treated[:, k]
            lowest = np.minimum(lowest, np.where(ends, mean, np.inf))
            best[:, k] = np.where(treated[:, i], np.maximum(best[:, k], lowest), best[:, k])
    return best + TIE_BREAKER * np.cumsum(treated, axis=1)


def overdose_probabilities(target: float, n: Sequence[int], dlt: Sequence[int]) -> list[float]:
    """Posterior probabilities that rates exceed the target, made to rise with level; ``[level]``.

    Under the prior of `estimated_rates`, unlike the elimination rule, and pooled without weights.

    References
    ----------
    boin_r, select.mtd

    Examples
    --------
    >>> [round(p, 2) for p in overdose_probabilities(0.3, [3, 3, 15, 9], [0, 0, 4, 4])]
    [0.01, 0.01, 0.36, 0.81]
    """
    above = [
        1 - float(betainc(y + PSEUDO_DLT, m - y + PSEUDO_DLT, target))
        for m, y in zip(n, dlt, strict=True)
    ]
    return isotonic(above, [1.0] * len(above))


def isotonic(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Closest rising sequence in weighted least squares (pool adjacent violators).

    Examples
    --------
    >>> isotonic([0.1, 0.4, 0.2], [1.0, 1.0, 3.0])
    [0.1, 0.25, 0.25]
    """
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        block = (value, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            v, w, m = blocks.pop()
            total = w + block[1]
            block = ((v * w + block[0] * block[1]) / total, total, m + block[2])
        blocks.append(block)
    return [value for value, _, count in blocks for _ in range(count)]
