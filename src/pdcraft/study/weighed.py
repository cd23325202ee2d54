"""Draws of a posterior about its mode, weighed: few evaluations, all at once."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from pdcraft.domain import NumericalError

Floats = NDArray[np.float64]
_TAIL = 5.0  # degrees of freedom of the proposal: heavier tails than any posterior here
_ROUNDS = 10
_MOVES = 300
_WIDER = 1.2
_FEWEST = 20


def posterior_draws(
    residuals: Callable[[Array], Array], size: int, *, draws: int, seed: int
) -> tuple[Floats, float]:
    r"""Draws of a posterior whose density is known by standardised residuals.

    .. math:: -2\ln p(z) = \sum_i r_i(z)^2 + \text{const}

    The mode is found by Gauss-Newton; four times as many draws as asked for, from a multivariate t
    about it, are weighed by :math:`p/q`. Rounds adapt centre and width until the weights are worth
    30 % of the draws, or the best of ten is taken; as long as they are worth less than 10 %,
    centre and width follow :math:`(p/q)^b` with the power that makes them worth that. Draws are
    taken in even steps through the weights, and moved by Metropolis steps, which reach tails that
    the weights miss.

    Parameters
    ----------
    residuals
        From ``[row, z]`` to ``[row, residual]``, those of a standard normal prior among them.
    size
        Number of parameters.
    draws, seed
        How many, and the seed.

    Returns
    -------
    tuple
        Draws ``[draw, z]``, and how many independent ones the weights are worth.

    Raises
    ------
    NumericalError
        If the weights are worth fewer than 20 draws.

    References
    ----------
    gelman2013, sections 10.4 and 13.3 (importance resampling about a mode); koblents2015 (powers
    of the weights while they are few)

    Examples
    --------
    One value of 1 measured with an error of 1: the posterior is N(1/2, 1/2).

    >>> z, worth = posterior_draws(
    ...     lambda z: jnp.concatenate([z, z - 1.0], axis=1), 1, draws=4000, seed=0
    ... )
    >>> bool(abs(z.mean() - 0.5) < 0.03), bool(abs(z.var() - 0.5) < 0.03), worth > 8000
    (True, True, True)
    """
    centre, root, best = _mode(residuals, size)
    random = np.random.default_rng(seed)
    many = max(4 * draws, 100 * size)
    z = weight = even = np.zeros(0)
    effective = 0.0
    for _ in range(_ROUNDS):
        # Multivariate t from its Cholesky root, which moves no more than the covariance does;
        # the eigenvectors that a library takes turn over where two widths are nearly equal.
        step = random.standard_normal((many, size))
        step *= np.sqrt(_TAIL / random.chisquare(_TAIL, many))[:, None]
        tried = centre + step @ root.T
        target = -0.5 * (np.asarray(residuals(jnp.asarray(tried))) ** 2).sum(1)
        proposed = -0.5 * (_TAIL + size) * np.log1p((step**2).sum(1) / _TAIL)
        log_weight = np.where(np.isfinite(target), target, -np.inf) - proposed
        found, level = _weights(log_weight), _levelled(log_weight, 0.1 * many)
        if (worth := _worth(found)) > effective:
            z, weight, even, effective = tried, found, level, worth
        if effective > 0.3 * many:
            break
        centre, root = _centred(tried, level, 1.1)
    if effective < _FEWEST:
        raise NumericalError(
            f"The posterior could not be sampled: {many} weighed draws are worth {effective:.0f}, "
            f"and at the best point {best.size} residuals have a sum of squares of "
            f"{best @ best:.3g} (about {best.size - size} would fit). Check that the measurements "
            "fit the model (units, regions, decay correction), or ask for more draws."
        )
    # In even steps through the weights: no draw repeats more often than its weight asks for.
    steps = (random.random() + np.arange(draws)) / draws
    kept = np.minimum(np.searchsorted(np.cumsum(weight), steps), many - 1)
    centre, root = _centred(z, even, _WIDER**2)
    return _moved(residuals, z[random.permutation(kept)], centre, root, random), effective


def _moved(
    residuals: Callable[[Array], Array], z: Floats, centre: Floats, root: Floats,
    random: np.random.Generator,
) -> Floats:  # fmt: skip
    """Draws after Metropolis steps that leave the posterior as it is: tails that weights miss.

    A step keeps the distribution :math:`q = N(c, RR^T)`; it is accepted by the ratio of p/q.
    """
    size = z.shape[1]

    def above(u: Floats) -> Floats:
        """Log of p/q where z = c + Ru."""
        r = np.asarray(residuals(jnp.asarray(centre + u @ root.T)))
        away = -0.5 * (r**2).sum(1)
        return np.where(np.isfinite(away), away, -np.inf) + 0.5 * (u**2).sum(1)

    u = np.asarray(np.linalg.solve(root, (z - centre).T).T, float)
    now, step = above(u), 0.5
    for _ in range(_MOVES):
        new = np.sqrt(1.0 - step**2) * u + step * random.standard_normal((len(u), size))
        then = above(new)
        accepted = np.log(random.random(len(u))) < then - now
        u, now = np.where(accepted[:, None], new, u), np.where(accepted, then, now)
        step = float(np.clip(step * np.exp(accepted.mean() - 0.35), 0.05, 0.95))
    return centre + u @ root.T


def _centred(z: Floats, weight: Floats, wider: float) -> tuple[Floats, Floats]:
    """Weighed mean, and the lower root of so many times the weighed covariance."""
    centre = weight @ z
    spread = (z - centre).T @ ((z - centre) * weight[:, None])
    return centre, np.asarray(np.linalg.cholesky(wider * spread + 1e-9 * np.eye(z.shape[1])), float)


def _weights(log_weight: Floats) -> Floats:
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()


def _worth(weight: Floats) -> float:
    return float(1.0 / (weight**2).sum())


def _levelled(log_weight: Floats, least: float) -> Floats:
    """Weights to the highest power, at most 1, at which they are worth so many draws."""
    low, high = 0.0, 1.0
    if _worth(_weights(log_weight)) >= least:
        return _weights(log_weight)
    log_weight = np.maximum(log_weight, log_weight.max() - 700.0)
    for _ in range(30):
        middle = 0.5 * (low + high)
        low, high = (
            (middle, high) if _worth(_weights(middle * log_weight)) >= least else (low, middle)
        )
    return _weights(low * log_weight)


def _mode(residuals: Callable[[Array], Array], size: int) -> tuple[Floats, Floats, Floats]:
    """Most probable point by damped Gauss-Newton with a Jacobian of differences, all at once."""
    z, damping, h = np.zeros(size), 1e-3, 1e-4
    J = np.eye(size)
    r = np.asarray(residuals(jnp.asarray(z[None])))[0]
    for _ in range(50):
        both = np.concatenate([z + h * np.eye(size), z - h * np.eye(size)])
        moved = np.asarray(residuals(jnp.asarray(both)))
        J = (moved[:size] - moved[size:]).T / (2 * h)
        step = np.linalg.solve(J.T @ J + damping * np.eye(size), J.T @ r)
        new = np.asarray(residuals(jnp.asarray((z - step)[None])))[0]
        if np.isfinite(new).all() and new @ new <= r @ r:
            gain = r @ r - new @ new
            z, r, damping = z - step, new, damping * 0.2
            if gain < 1e-8:
                break
        else:
            damping = max(damping, 1e-6) * 10.0
            if damping > 1e8:
                break
    return z, np.asarray(np.linalg.cholesky(np.linalg.inv(J.T @ J)), float), r
