r"""Rates that change from time to time, steady states, and doses that come again and again.

Within an interval the model is linear and its rates are constant, so courses are chained and time
integrals stay exact: over an interval from :math:`t_0` to :math:`t_1`,

.. math:: \int_{t_0}^{t_1} x\,dt = (\lambda I-K)^{-1}\,\big(x(t_0)-x(t_1)\big)
"""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pdcraft.domain import InputError
from pdcraft.kinetics.elimination import Elimination, time_integrated_many
from pdcraft.kinetics.ladder import trajectory_ladder


def trajectory_intervals(
    matrices_per_h: Sequence[Float[Array, "to from"]],
    begins_h: Sequence[float],
    start: Float[Array, "place"],
    time_h: Float[Array, "time"],
    *,
    keeps: Sequence[Float[Array, "place"]] | None = None,
) -> Float[Array, "time place"]:
    """Amounts at given instants while the rates change, as with a thyroid blocked for some weeks.

    Parameters
    ----------
    matrices_per_h, begins_h
        Rate matrix of every interval, and when it begins; the first at 0 h.
    start
        Amounts at 0 h.
    time_h
        Instants, 0 or later. h.
    keeps
        Share of every compartment that is kept when an interval begins, as 0 for a bladder that
        is voided; all if not given.

    Returns
    -------
    Array
        Unit of ``start``, ``[time, place]``. At the begin of an interval, after what it removes.

    Raises
    ------
    InputError
        If the intervals are not in order from 0 h, or do not match the matrices.

    References
    ----------
    jacquez1985, compartmental analysis

    Examples
    --------
    >>> from pdcraft.kinetics import rate_matrix
    >>> K = rate_matrix(("blood", "urine"), [("blood", "urine")], jnp.array([0.5]))
    >>> x = trajectory_intervals([K, 0.0 * K], [0.0, 2.0], jnp.array([1.0, 0.0]),
    ...     jnp.array([2.0, 50.0]))
    >>> [round(float(v), 6) for v in x[:, 0]]  # nothing leaves after 2 h
    [0.367879, 0.367879]
    """
    begins, time = np.asarray(begins_h, float), np.asarray(time_h, float)
    if len(begins) != len(matrices_per_h) or not len(begins) or begins[0] != 0.0:
        raise InputError(
            f"{len(matrices_per_h)} matrices need as many begins, the first at 0 h; got {begins}."
        )
    if (np.diff(begins) <= 0).any() or time.min(initial=0.0) < 0:
        raise InputError(
            f"Intervals must begin one after the other, times at 0 h or later: {begins}."
        )
    x, out = jnp.asarray(start, float), jnp.zeros((time.size, len(start)))
    for i, K in enumerate(matrices_per_h):
        if keeps is not None:
            x = x * jnp.asarray(keeps[i])
        end = begins[i + 1] if i + 1 < len(begins) else np.inf
        inside = (time >= begins[i]) & (time < end)
        wanted = time[inside] - begins[i]
        last = [] if np.isinf(end) else [end - begins[i]]
        if wanted.size or last:
            course = trajectory_ladder(K, x, jnp.asarray([*wanted, *last]))
            out = out.at[np.flatnonzero(inside)].set(course[: wanted.size])
            x = course[-1]
    return out


def time_integrated_intervals(
    matrices_per_h: Sequence[Float[Array, "to from"]],
    begins_h: Sequence[float],
    start: Float[Array, "place"],
    loss_per_h: float,
) -> Float[Array, "place"]:
    """Time integrals from 0 h to infinity while the rates change, with a loss from all alike.

    Parameters
    ----------
    matrices_per_h, begins_h, start
        As in `trajectory_intervals`.
    loss_per_h
        As the decay constant. 1/h, > 0.

    Returns
    -------
    Array
        Unit of ``start`` times h, ``[place]``.

    Raises
    ------
    InputError
        If the loss is not positive, and as in `trajectory_intervals`.

    Examples
    --------
    >>> from pdcraft.kinetics import rate_matrix
    >>> K = rate_matrix(("blood", "urine"), [("blood", "urine")], jnp.array([0.5]))
    >>> whole = time_integrated_intervals([K], [0.0], jnp.array([1.0, 0.0]), 0.5)
    >>> halves = time_integrated_intervals([K, K], [0.0, 3.0], jnp.array([1.0, 0.0]), 0.5)
    >>> bool(jnp.allclose(whole, halves, rtol=1e-12))
    True
    """
    if not loss_per_h > 0:
        raise InputError(f"loss_per_h = {loss_per_h:g} must be greater than 0 per h.")
    begins = np.asarray(begins_h, float)
    at = trajectory_intervals(matrices_per_h, begins_h, start, jnp.asarray(begins))
    at = at * jnp.exp(-loss_per_h * jnp.asarray(begins))[:, None]
    left = jnp.concatenate([at[1:], jnp.zeros_like(at[:1])])
    eye = jnp.eye(at.shape[1])
    parts = [
        jnp.linalg.solve(loss_per_h * eye - K, a - b)
        for K, a, b in zip(matrices_per_h, at, left, strict=True)
    ]
    return sum(parts, jnp.zeros(at.shape[1]))


def steady_state(
    plan: Elimination,
    rates_per_h: Float[Array, "transfer"],
    input_per_h: Float[Array, "entry"],
    loss_per_h: float = 0.0,
) -> Float[Array, "place"]:
    r"""Amounts under a constant input, after all has settled.

    .. math:: x_\infty = (\lambda I-K)^{-1}u

    Parameters
    ----------
    plan, rates_per_h
        Graph with its sinks, and its rates. 1/h.
    input_per_h
        What enters at the plan's entries. Unit per h.
    loss_per_h
        As the decay constant. 1/h.

    Raises
    ------
    InputError
        If there is a trap: molecules that enter it pile up for ever.

    Examples
    --------
    >>> plan = Elimination(("blood", "urine"), [("blood", "urine")], entry=["blood"],
    ...     sinks=["urine"])
    >>> steady_state(plan, jnp.array([0.5]), jnp.array([3.0])).tolist()
    [6.0]
    """
    rates = jnp.asarray(rates_per_h)[:, None]
    return time_integrated_many(plan, rates, jnp.asarray(input_per_h), loss_per_h)[:, 0]


def before_next_dose(
    matrix_per_h: Float[Array, "to from"], dose: Float[Array, "place"], every_h: float
) -> Float[Array, "place"]:
    r"""Amounts just before the next of infinitely many equal doses.

    .. math:: x = (I-e^{K\tau})^{-1}e^{K\tau}d

    Parameters
    ----------
    matrix_per_h
        Rates without sinks, so that everything leaves. 1/h.
    dose
        What every dose adds, by compartment.
    every_h
        :math:`\tau`. h, > 0.

    Raises
    ------
    InputError
        If something never leaves, so that there is no steady state.

    Examples
    --------
    >>> x = before_next_dose(jnp.array([[-0.1]]), jnp.array([1.0]), 24.0)
    >>> round(float(x[0]), 6)  # 1/(exp(2.4) - 1)
    0.099769
    """
    if not every_h > 0:
        raise InputError(f"every_h = {every_h:g} must be greater than 0 h.")
    n = matrix_per_h.shape[0]
    columns = [trajectory_ladder(matrix_per_h, e, jnp.asarray([every_h]))[0] for e in jnp.eye(n)]
    step = jnp.stack(columns, axis=1)
    if float(jnp.abs(jnp.linalg.eigvals(step)).max()) > 1.0 - 1e-12:
        raise InputError("Some molecules never leave: give the rates without their sinks.")
    return jnp.linalg.solve(jnp.eye(n) - step, step @ dose)


def refuse_unreached(plan: Elimination) -> None:
    """Refuse a graph with compartments that nothing given can reach.

    Raises
    ------
    InputError
        With their names.

    Examples
    --------
    >>> refuse_unreached(Elimination("ab", [("a", "b")], entry=["a"]))
    """
    reached = {step.place for step in plan.steps}
    lost = [n for i, n in enumerate(plan.places) if i not in reached]
    if lost:
        entries = ", ".join(plan.places[i] for i in plan.entry)
        raise InputError(
            f"Nothing that enters at {entries} can reach {', '.join(lost)}. Add a transfer, or "
            "leave them out."
        )
