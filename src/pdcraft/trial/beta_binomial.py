"""What so many toxicities in ``n`` patients say about one level, under a uniform prior."""

from __future__ import annotations

from functools import lru_cache

from scipy.special import bdtr


def toxic_probability(target: float, n: int, dlt: int) -> float:
    r"""Posterior probability that a level's rate exceeds the target, under a uniform prior.

    .. math:: \Pr(p > \phi \mid y, n) = \sum_{k=0}^{y} \binom{n+1}{k}\phi^k(1-\phi)^{n+1-k}

    References
    ----------
    liu2015, dose elimination; docs/theory/trial.md, Eq. 4

    Examples
    --------
    >>> round(toxic_probability(0.30, 3, 2), 4)
    0.9163
    """
    return float(bdtr(dlt, n + 1, target))


@lru_cache(maxsize=1024)
def fewest_toxic(target: float, n: int, probability: float) -> int | None:
    """Fewest toxicities after which the rate exceeds the target with more than ``probability``.

    None if no number of them does.

    Examples
    --------
    >>> fewest_toxic(0.30, 3, 0.95), fewest_toxic(0.30, 1, 0.95)
    (3, None)
    """
    found = (y for y in range(n + 1) if toxic_probability(target, n, y) > probability)
    return next(found, None)
