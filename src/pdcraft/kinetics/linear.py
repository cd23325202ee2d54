r"""Linear first-order kinetics: :math:`\dot x = Kx`, solved without an ODE solver.

A model is a list of transfers between compartments. Time-integrated amounts are one linear solve,
trajectories are the eigenmodes of :math:`K` (theory page *kinetics*, equations 1-4).
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.domain import InputError, unknown


def rate_matrix(
    places: Sequence[str],
    transfers: Sequence[tuple[str, str]],
    rates_per_h: Float[Array, "transfer"],
) -> Float[Array, "to from"]:
    r"""Rate matrix of a graph of first-order transfers.

    .. math:: K_{ij} = k_{j\to i}\ (i\ne j),\qquad K_{jj} = -\sum_{i\ne j} k_{j\to i}

    Parameters
    ----------
    places
        Compartments; columns of the result sum to zero, so what leaves one enters another.
    transfers
        Pairs (from, to).
    rates_per_h
        Transfer coefficients. 1/h, >= 0.

    Returns
    -------
    Array
        1/h, ``[to, from]``.

    Raises
    ------
    MissingError
        If a transfer names an unknown compartment.
    InputError
        If a transfer leads from a compartment to itself.

    References
    ----------
    icrp137, transfer coefficients of the systemic models

    Examples
    --------
    >>> rate_matrix(("blood", "urine"), [("blood", "urine")], jnp.array([0.5])).tolist()
    [[-0.5, 0.0], [0.5, 0.0]]
    """
    for pair in transfers:
        for name in pair:
            if name not in places:
                raise unknown("Compartment", name, places)
        if pair[0] == pair[1]:
            raise InputError(f"Transfer {pair[0]} -> {pair[1]} must join two compartments.")
    source = jnp.array([places.index(a) for a, _ in transfers])
    target = jnp.array([places.index(b) for _, b in transfers])
    rates = jnp.asarray(rates_per_h)
    empty = jnp.zeros((len(places), len(places)))
    return empty.at[target, source].add(rates).at[source, source].add(-rates)


def time_integrated(
    matrix_per_h: Float[Array, "to from"], start: Float[Array, "place"], loss_per_h: float
) -> Float[Array, "place"]:
    r"""Time integral of every compartment from now to infinity, with a loss from all alike.

    .. math:: \int_0^\infty x(t)\,e^{-\lambda t}\,dt = (\lambda I - K)^{-1} x_0

    Parameters
    ----------
    matrix_per_h
        Rate matrix :math:`K`. 1/h.
    start
        Amounts :math:`x_0` at the start, any unit.
    loss_per_h
        :math:`\lambda`, as the decay constant. 1/h, > 0.

    Returns
    -------
    Array
        Unit of ``start`` times h, ``[place]``.

    References
    ----------
    bolch2009, time-integrated activity

    Examples
    --------
    >>> K = rate_matrix(("blood", "urine"), [("blood", "urine")], jnp.array([0.5]))
    >>> time_integrated(K, jnp.array([1.0, 0.0]), 0.5).round(6).tolist()
    [1.0, 1.0]
    """
    n = matrix_per_h.shape[0]
    return jnp.linalg.solve(loss_per_h * jnp.eye(n) - matrix_per_h, start)


def eigenmodes(
    matrix_per_h: Float[Array, "to from"], start: Float[Array, "place"]
) -> tuple[Float[Array, "mode"], Float[Array, "place mode"]]:
    r"""Modes of a linear model: loss rates, and the share of each in every compartment.

    .. math:: x(t) = \sum_m c_m\,e^{-r_m t},\qquad c_m = v_m\,(V^{-1}x_0)_m,\quad K v_m = -r_m v_m

    Parameters
    ----------
    matrix_per_h
        Rate matrix with a real spectrum: every closed loop in the graph is a there-and-back pair.
    start
        Amounts at the start.

    Returns
    -------
    rates_per_h, shares
        1/h, ``[mode]``; unit of ``start``, ``[place, mode]``. The shares do not depend on how the
        eigenvectors are scaled, hence they may be differentiated.

    Notes
    -----
    Graphs with one-way loops can have complex modes; use `trajectory` for those.

    References
    ----------
    jacquez1985, compartmental analysis, eigenvalues of compartmental matrices

    Examples
    --------
    >>> K = rate_matrix(("blood", "urine"), [("blood", "urine")], jnp.array([0.5]))
    >>> rate, share = eigenmodes(K, jnp.array([1.0, 0.0]))
    >>> blood = float((share @ jnp.exp(-rate * 2.0))[0])  # after 2 h at 0.5 per hour
    >>> round(blood, 6)
    0.367879
    """
    value, vector = jax.lax.linalg.eig(
        matrix_per_h, compute_left_eigenvectors=False, enable_eigvec_derivs=True
    )
    weight = jnp.linalg.solve(vector, start.astype(vector.dtype))
    return -value.real, (vector * weight).real


def trajectory(
    matrix_per_h: Float[Array, "to from"],
    start: Float[Array, "place"],
    time_h: Float[Array, "time"],
) -> Float[Array, "time place"]:
    r"""Amounts at given instants for any graph, complex modes included, by matrix exponentials.

    .. math:: x(t) = e^{Kt}x_0

    Parameters
    ----------
    matrix_per_h, start
        As in `eigenmodes`, without its condition.
    time_h
        Rising instants from 0 on. h.

    Returns
    -------
    Array
        Unit of ``start``, ``[time, place]``.

    References
    ----------
    moler2003, scaling and squaring
    """
    step = jnp.diff(time_h, prepend=0.0)

    def advance(x: Array, dt: Array) -> tuple[Array, Array]:
        x = jax.scipy.linalg.expm(matrix_per_h * dt, max_squarings=48) @ x
        return x, x

    return jax.lax.scan(advance, start, step)[1]
