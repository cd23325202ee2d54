r"""Transfers that saturate: rafts and receptors that fill up, uptake that others compete for.

The graph stays linear but for a few transfers. With :math:`K` the matrix of all the others,

.. math::
   \dot x = Kx + u(t) + \sum_j k_j\,x_{from}\,h_j\,(e_{to}-e_{from}),\qquad
   h_j = \begin{cases} 1 - x_f/c & \text{places that fill up (Langmuir)} \\
                       1/(1 + x_f/c) & \text{competition (Michaelis-Menten if } f = from)
         \end{cases}

Capacities of rafts were not published: nothing saturates unless a capacity is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import diffrax
import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pdcraft.domain import Agent, InputError, NumericalError, Patient, Regimen, unknown
from pdcraft.kinetics.linear import rate_matrix
from pdcraft.kinetics.pbpk import PBPK, moves_as_iodide
from pdcraft.kinetics.pbpk_rates import site_mass_g
from pdcraft.kinetics.pbpk_regions import as_matrices, regions_of_carrier, regions_of_label
from pdcraft.kinetics.raft_filling import SHORTEST_h
from pdcraft.kinetics.subject import carrier_nmol


class SaturableTransfer(eqx.Module):
    """One transfer that depends on how full a place is.

    Attributes
    ----------
    source, target, filled
        Names; ``filled`` is the place whose content matters.
    rate_per_h
        Of the empty system. 1/h.
    capacity
        In the unit of the amounts.
    kind
        ``"fills"`` for rate x (1 - filled/capacity), ``"competes"`` for rate / (1 +
        filled/capacity).
    """

    source: str = eqx.field(static=True)
    target: str = eqx.field(static=True)
    filled: str = eqx.field(static=True)
    rate_per_h: Array | float
    capacity: Array | float
    kind: Literal["fills", "competes"] = eqx.field(static=True, default="fills")

    def free_share(self, content: Array) -> Array:
        """What is left of the rate, 0 to 1."""
        full = content / self.capacity
        return jnp.maximum(1.0 - full, 0.0) if self.kind == "fills" else 1.0 / (1.0 + full)


def trajectory_saturable(
    places: tuple[str, ...],
    matrix_per_h: Float[Array, "to from"],
    saturable: Sequence[SaturableTransfer],
    start: Float[Array, "place"],
    time_h: Float[np.ndarray, "time"],
    *,
    input_per_h: Float[Array, "dose place"] | None = None,
    input_h: Float[np.ndarray, "dose 2"] | None = None,
    tolerance: float = 1e-8,
) -> Float[Array, "time place"]:
    """Amounts at given instants when some transfers saturate.

    Parameters
    ----------
    places
        Names in the order of the matrix.
    matrix_per_h
        Linear transfers; the saturable ones are not in it. 1/h.
    saturable
        The others.
    start
        Amounts at 0 h, in the unit of the capacities.
    time_h
        Instants, rising, 0 or later. h.
    input_per_h, input_h
        What enters at a constant pace, and its begin and end. Unit per h; h.
    tolerance
        Of the solver, relative and as a share of what was given.

    Returns
    -------
    Array
        ``[time, place]``.

    Raises
    ------
    InputError
        If a capacity is not positive, or the instants do not rise.
    MissingError
        If a transfer names a place that is not there.

    References
    ----------
    gibaldi1982, Michaelis-Menten kinetics; solved by diffrax (Kvaerno 5)

    Examples
    --------
    >>> loss = SaturableTransfer("blood", "urine", "blood", 0.5, 2.0, "competes")
    >>> x = trajectory_saturable(("blood", "urine"), jnp.zeros((2, 2)), [loss],
    ...     jnp.array([10.0, 0.0]), np.array([1.0, 10.0]))
    >>> x.sum(axis=1).round(6).tolist(), bool(x[0, 0] > 9.0)
    ([10.0, 10.0], True)
    """
    time, at = np.asarray(time_h, float), places.index
    if not time.size or (np.diff(time) <= 0).any() or time[0] < 0:
        raise InputError("time_h must rise from 0 h or later.")
    for one in saturable:
        for name in (one.source, one.target, one.filled):
            if name not in places:
                raise unknown("Place of a saturable transfer", name, places)
        if not float(one.capacity) > 0:
            raise InputError(f"The capacity of {one.filled} must be greater than 0.")
    spans = np.zeros((0, 2)) if input_h is None else np.asarray(input_h, float)
    pace = jnp.zeros((0, len(places))) if input_per_h is None else jnp.asarray(input_per_h)
    given = float(jnp.asarray(start).sum() + (pace.sum(axis=1) @ (spans[:, 1] - spans[:, 0])))

    def slope(t: Array, x: Array) -> Array:
        dx = matrix_per_h @ x + ((t >= spans[:, 0]) & (t < spans[:, 1])) @ pace
        for one in saturable:
            moved = one.rate_per_h * x[at(one.source)] * one.free_share(x[at(one.filled)])
            dx = dx.at[at(one.source)].add(-moved).at[at(one.target)].add(moved)
        return dx

    jumps = np.unique(spans[(spans > 0) & (spans < time[-1])])
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(lambda t, x, _: slope(jnp.asarray(t), x)), diffrax.Kvaerno5(), 0.0,
        float(time[-1]) + 1e-9, None,
        jnp.asarray(start, float), saveat=diffrax.SaveAt(ts=jnp.asarray(time)), max_steps=100_000,
        stepsize_controller=diffrax.ClipStepSizeController(
            diffrax.PIDController(rtol=tolerance, atol=tolerance * max(given, 1e-300) * 1e-2),
            jump_ts=jnp.asarray(jumps) if jumps.size else None,
        ),
    )  # fmt: skip
    if solution.ys is None:
        raise NumericalError("The solver gave nothing back; widen its tolerance.")
    return solution.ys


def saturated_course(
    model: PBPK,
    patient: Patient,
    regimen: Regimen,
    agent: Agent,
    time_h: Float[np.ndarray, "time"],
    *,
    raft_capacity_nmol_per_g: float | None = None,
    tolerance: float = 1e-8,
) -> Float[Array, "time place species"]:
    """Whole body with rafts that fill up with all of the carrier, compartment by compartment.

    For a study use ``PBPK(..., rafts_fill=True)``, of which this is the reference.
    Cold carrier comes along at ``carrier.mass_per_activity``; the labelled share of the carrier is
    the same everywhere, so the labelled amounts are a share of the solution.

    Parameters
    ----------
    model, patient, regimen, agent
        As in `PBPK.amount`; a bolus is given within a minute. One patient.
    time_h
        Instants, rising. h.
    raft_capacity_nmol_per_g
        Carrier that the rafts of a gram of tumour hold at most. No value was published; None
        leaves everything linear. nmol/g.
    tolerance
        Of the solver.

    Returns
    -------
    Array
        Labelled amounts as if nothing decayed, in the regions of the model and excreta. nmol,
        ``[time, place, species]``.

    Raises
    ------
    InputError
        If the capacity is not positive, or nothing is given.

    Notes
    -----
    The structure is an assumption (theory page *kinetics*, section 9).
    """
    c = model.circulation(patient, halogen=moves_as_iodide(agent))
    graph = c.graph(model.iodine)
    rates, saturable = graph.rate_per_h, []
    if raft_capacity_nmol_per_g is not None:
        if not raft_capacity_nmol_per_g > 0:
            raise InputError(
                f"raft_capacity_nmol_per_g = {raft_capacity_nmol_per_g:g} must be greater than 0."
            )
        masses = site_mass_g(model.bodies, model.sites, patient)
        for site, mass in zip(model.sites, masses, strict=True):
            pair = (f"{site} membrane", f"{site} raft")
            k = graph.transfers.index(pair)
            saturable.append(
                SaturableTransfer(*pair, pair[1], rates[k], raft_capacity_nmol_per_g * mass)
            )
            rates = rates.at[k].set(0.0)
    K = rate_matrix(graph.places, graph.transfers, rates)
    labelled = regimen.activity_MBq * agent.payload.chain.nmol_per_MBq
    carrier = carrier_nmol(patient, regimen, agent)
    total = float(carrier.sum())
    if not total > 0:
        raise InputError("Nothing is given: the regimen has no activity.")
    begin = np.asarray(regimen.time_h)
    length = np.maximum(np.asarray(regimen.duration_h), SHORTEST_h)
    veins = jnp.zeros(len(graph.places)).at[graph.places.index("veins")].set(1.0)
    x = trajectory_saturable(
        graph.places, K, saturable, 0.0 * veins, time_h,
        input_per_h=(carrier / length)[:, None] * veins,
        input_h=np.stack([begin, begin + length], axis=1), tolerance=tolerance,
    )  # fmt: skip
    return _in_regions(model, patient, c.compartments, graph.places, x) * labelled.sum() / total


def _in_regions(
    model: PBPK, patient: Patient, carrier: tuple[str, ...], places: tuple[str, ...], x: Array
) -> Float[Array, "time place species"]:
    sex = int(patient.anatomy.sex) if len(model.bodies) > 1 else 0
    body, out = model.bodies[sex], model.places.index("excreta")
    label = tuple(n for n in places if n not in (*carrier, "Urine", "Faeces"))
    parts = []
    for names, maps in ((carrier, regions_of_carrier(body, carrier, model.sites)),
                        (label, regions_of_label(body, label))):  # fmt: skip
        held = x[:, jnp.asarray([places.index(n) for n in names])]
        parts.append(held @ jnp.asarray(as_matrices([maps], model.places)[0]).T)
    gone = x[:, jnp.asarray([places.index(n) for n in ("Urine", "Faeces")])].sum(axis=1)
    return jnp.stack(parts, axis=-1).at[:, out, 1].add(gone)
