r"""Thyroid blockade that begins and ends, and a bladder that is voided: exact integrals, few modes.

Modes are common to all patients and do not begin or end on a day. So both are put into the weights
of the modes, in such a way that the time integral with the parent's decay is the exact one:

* free label is a mixture of its course with and without blockade, with the share *w* that gives the
  thyroid's integral;
* each mode of the bladder is scaled to its integral under periodic voiding.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pdcraft.domain import Regimen
from pdcraft.kinetics.circulation import IodidePaths, Transfers
from pdcraft.kinetics.common_modes import CommonModes
from pdcraft.kinetics.pbpk_regions import LABEL


def voided_share(
    rate_per_h: Float[np.ndarray, "mode"], decay_per_h: Float[Array, ""] | float, every_h: float
) -> Float[Array, "mode"]:
    r"""Bladder per inflow when it fills as exp(-pt) and is emptied every :math:`\tau` hours.

    .. math:: g = \frac{p+\lambda}{p}\left[\frac{(1-e^{-\lambda\tau})/\lambda}
              {1-e^{-(p+\lambda)\tau}} - \frac1{p+\lambda}\right]

    so that :math:`g/(p+\lambda)` is the integral of the content with decay, summed over all
    voidings, the first :math:`\tau` after injection.

    Parameters
    ----------
    rate_per_h
        :math:`p` of every mode, > 0. 1/h.
    decay_per_h
        :math:`\lambda` > 0. 1/h.
    every_h
        :math:`\tau` > 0. h.

    Returns
    -------
    Array
        :math:`g`. h, ``[mode]``.

    Examples
    --------
    >>> t = np.arange(0.0, 400.0, 1e-3)  # the same by summing over 100 voidings of 4 h
    >>> content = (np.exp(-0.1 * (t // 4) * 4) - np.exp(-0.1 * t)) / 0.1
    >>> by_sum = float((content * np.exp(-0.02 * t)).sum() * 1e-3) * (0.1 + 0.02)
    >>> bool(abs(float(voided_share(np.array([0.1]), 0.02, 4.0)[0]) / by_sum - 1) < 1e-3)
    True
    """
    p, both = jnp.asarray(rate_per_h), jnp.asarray(rate_per_h) + decay_per_h
    spell = -jnp.expm1(-decay_per_h * every_h) / decay_per_h
    return both / p * (spell / -jnp.expm1(-both * every_h) - 1.0 / both)


def thyroid_integral(
    begun: Float[Array, "dose"],
    switches_h: Sequence[float],
    blocked: Sequence[Float[Array, ""] | float],
    *,
    uptake_per_h: float,
    blood: Sequence[Float[Array, "dose mode"]],
    answer: Sequence[tuple[Float[Array, "node"], Float[Array, ""]]],
    alone: Sequence[Float[Array, "dose"]],
    modes: tuple[np.ndarray, np.ndarray, np.ndarray],
    decay_per_h: Float[Array, ""] | float,
) -> Float[Array, "dose"]:
    r"""Thyroid's time integral for doses at given instants while its blockade changes.

    Within a regime nothing changes. When one ends at :math:`T`, the difference from the course had
    it lasted is driven by what is then in blood,

    .. math:: \dot y = K_{new}y + k(b_{old}-b_{new})\,I(t)\,(e_{thyroid}-e_{blood}),\quad y(T)=0.

    Parameters
    ----------
    begun
        Instants of the doses. h.
    switches_h
        Instants at which a regime ends, in order; one fewer than regimes.
    blocked
        Blocked share of uptake in every regime.
    uptake_per_h
        Unblocked uptake from blood. 1/h.
    blood
        Weights of the modes of inorganic iodide in blood after a unit of every dose, for every
        regime.
    answer
        For every regime the transform of blood at the nodes after a unit into thyroid and one out
        of blood, and that of thyroid at the decay constant. h.
    alone
        Integral of the thyroid had the regime lasted for ever. h.
    modes
        Rates of the common modes, their nodes, and the matrix from one to the other.
    decay_per_h
        Decay constant of the parent. 1/h.

    Returns
    -------
    Array
        h, ``[dose]``.
    """
    rate, node, weight = (jnp.asarray(m) for m in modes)
    phase = sum((jnp.asarray(begun >= T, int) for T in switches_h), jnp.zeros(begun.shape, int))
    each = jnp.arange(begun.shape[0])
    total = jnp.stack(list(alone))[phase, each]
    iodide, since = jnp.stack(list(blood))[phase, each], begun
    for i, T in enumerate(switches_h):
        later = T > begun  # doses that see this switch
        wait = jnp.where(later, T - since, 0.0)
        now = iodide * jnp.exp(-rate * wait[:, None])
        change = uptake_per_h * (blocked[i] - blocked[i + 1])
        in_blood, in_thyroid = answer[i + 1]
        seen = (now / (rate + decay_per_h)).sum(axis=1)
        gain = jnp.exp(-decay_per_h * jnp.where(later, T - begun, 0.0)) * change * in_thyroid * seen
        total = total + jnp.where(later, gain, 0.0)
        driven = change * in_blood * (now[:, None, :] / (node[:, None] + rate)).sum(axis=2)
        iodide = jnp.where(later[:, None], now + driven @ weight.T, iodide)
        since = jnp.where(later, T, since)
    return total


def blocked_thyroid_h(
    blocked_h: tuple[float, float],
    iodine: Transfers,
    regimen: Regimen,
    modes: CommonModes,
    decay_per_h: Float[Array, ""],
    loose: Float[Array, "dose node 3"],
    blockade: Float[Array, ""],
    ends: Sequence[Array],
) -> Float[Array, "dose"]:
    """Time integral of the thyroid after a unit of every dose of the carrier, blocked for a while.

    Parameters
    ----------
    blocked_h
        Begin and end of the blockade. h.
    iodine
        Transfers of free iodine.
    regimen
        When doses are given; an infusion counts at its middle.
    modes
        Of the course.
    decay_per_h
        Of the parent. 1/h.
    loose
        What is set free of a unit of each dose, at the nodes of the modes; one row if doses do not
        differ.
    blockade
        Part of the uptake that is blocked.
    ends
        The integral with the blockade, and without it, if neither changed. h.
    """
    begin, end = blocked_h
    regimes = [(begin, 0.0), (end, blockade), (np.inf, 0.0)][begin <= 0.0 :]
    regimes = [r for i, r in enumerate(regimes) if i == 0 or np.isfinite(regimes[i - 1][0])]
    paths = IodidePaths.of(iodine, modes.node_per_h)
    inorganic = paths.places.index("Blood1")
    parts = [paths.places.index(n) for n in paths.places if LABEL[n] == "thyroid"]
    doses = regimen.time_h.shape[0]
    blood, answer, alone = [], [], []
    for _, b in regimes:
        free = jax.vmap(lambda x, b=b: paths.transform(x, jnp.asarray(b))[:, inorganic])(loose)
        weights = free @ modes.weight.T
        blood.append(jnp.broadcast_to(weights, (doses, weights.shape[1])))
        m = paths.moved(jnp.asarray(b))
        w = modes.coefficients(m[:, jnp.asarray(parts)].sum(axis=1))
        held = (w / (modes.rate_per_h + decay_per_h)).sum()
        answer.append((m[:, inorganic], held))
        alone.append(jnp.broadcast_to(ends[1] if isinstance(b, float) else ends[0], (doses,)))
    return thyroid_integral(
        regimen.time_h + 0.5 * regimen.duration_h, [r[0] for r in regimes[:-1]],
        [b for _, b in regimes], uptake_per_h=paths.uptake_per_h, blood=blood, answer=answer,
        alone=alone, modes=(modes.rate_per_h, modes.node_per_h, modes.weight),
        decay_per_h=decay_per_h,
    )  # fmt: skip
