r"""How full the rafts of tumour are for what enters them: the one thing a solver is asked for.

With :math:`M` in the membranes of a site, :math:`R` in its rafts and their capacity :math:`c`, the
entry :math:`kM(1-R/c)` has the Laplace transform

.. math:: k\,(1-\theta(s))\,M(s),\qquad \theta(s)=\frac{\int MR\,e^{-st}dt}{c\int M e^{-st}dt},

that of a slower raft. All else is linear: with :math:`\theta` at the nodes of the common modes the
whole body is solved as before, and time integrals are exact (theory page *kinetics*, section 9).
"""

from __future__ import annotations

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pdcraft.kinetics.circulation import Circulation
from pdcraft.kinetics.linear import rate_matrix

SHORTEST_h = 1.0 / 60.0
"""A bolus is given within a minute."""

_POINTS = 5  # of Gauss and Legendre in each panel of time
_DURING = np.concatenate([[0.0], 0.5 ** np.arange(6, -1, -1.0)])  # of the infusion
_AFTER_h = np.concatenate([[0.0], 2.0 ** np.arange(-3, 17)])  # after its end, to 7 years


def fill_seen(
    c: Circulation,
    capacity_nmol: Float[Array, "site"],
    given_nmol: Float[Array, "dose"],
    time_h: Float[Array, "dose"],
    duration_h: Float[Array, "dose"],
    s_per_h: Float[np.ndarray, "node"],
    *,
    tolerance: float = 1e-5,
) -> Float[Array, "dose node site"]:
    r"""Mean fill :math:`\theta(s)` that the carrier of each dose meets at the rafts.

    A later dose is what it adds to those before it, in :math:`M` and in :math:`MR`.

    Parameters
    ----------
    c
        Rates of one patient.
    capacity_nmol
        What the rafts of every site hold at most.
    given_nmol, time_h, duration_h
        Carrier of every dose, labelled and not, with begin and length; a bolus takes a minute.
    s_per_h
        Nodes. 1/h.
    tolerance
        Of the solver, relative and as a share of what is given.

    Returns
    -------
    Array
        0 for empty rafts to 1 for full ones. A dose of nothing meets 0.
    """
    length = jnp.maximum(duration_h, SHORTEST_h)
    wait, weight = _panels(length)
    at = time_h[:, None] + wait
    upto = jnp.tril(jnp.ones((len(given_nmol), len(given_nmol))))  # doses so far
    pace = upto * given_nmol / length
    order = jnp.argsort(at.ravel())

    def follow(entry: Array) -> Array:
        held = _course(c, capacity_nmol, entry, (time_h, length), at.ravel()[order], tolerance)
        return jnp.zeros_like(held).at[order].set(held).reshape(*at.shape, *held.shape[1:])

    held = jax.vmap(follow)(pace)  # [doses so far, dose, instant, M and MR, site]
    before = jnp.concatenate([jnp.zeros_like(held[:1]), held[:-1]])
    n = jnp.arange(len(given_nmol))
    added = held[n, n] - before[n, n]
    kernel = weight[:, None] * jnp.exp(-jnp.asarray(s_per_h)[:, None] * wait[:, None])
    membrane, product = jnp.moveaxis(jnp.einsum("dnt,dtqs->dnqs", kernel, added), 2, 0)
    some = membrane > 0
    share = product / jnp.where(some, membrane, 1.0) / capacity_nmol
    return jnp.clip(jnp.where(some, share, 0.0), 0.0, 1.0)


def _panels(length: Float[Array, "dose"]) -> tuple[Array, Array]:
    """Instants after the begin of each dose, and their weights in an integral. h."""
    x, w = np.polynomial.legendre.leggauss(_POINTS)

    def composite(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        half = 0.5 * np.diff(edges)[:, None]
        return (edges[:-1, None] + half * (1.0 + x)).ravel(), (half * w).ravel()

    (early, w_early), (late, w_late) = composite(_DURING), composite(_AFTER_h)
    scaled = length[:, None] * early
    return (
        jnp.concatenate([scaled, length[:, None] + late], axis=1),
        jnp.concatenate(
            [length[:, None] * w_early, jnp.broadcast_to(w_late, (len(length), late.size))], axis=1
        ),
    )


def _course(
    c: Circulation, capacity: Array, pace: Array, span: tuple[Array, Array], at: Array,
    tolerance: float,
) -> Float[Array, "time 2 site"]:  # fmt: skip
    """Membrane, and membrane times raft, of every site at rising instants."""
    graph, names = c.carrier_graph(), c.compartments
    inside = jnp.asarray([graph.places.index(n) for n in names])
    K = rate_matrix(graph.places, graph.transfers, graph.rate_per_h)[inside][:, inside]
    M, R = (jnp.asarray([names.index(f"{s} {part}") for s in c.sites])
            for part in ("membrane", "raft"))  # fmt: skip
    begin, end = span[0], span[0] + span[1]
    give = jnp.zeros(len(names)).at[names.index("veins")].set(1.0)

    def slope(t: Array, x: Array) -> Array:
        entry = (pace * ((t >= begin) & (t < end))).sum()
        kept_out = c.raft_per_h[0] * x[M] * x[R] / capacity
        return (K @ x + entry * give).at[M].add(kept_out).at[R].add(-kept_out)

    given = (pace * span[1]).sum()
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(lambda t, x, _: slope(jnp.asarray(t), x)), diffrax.Kvaerno5(),
        0.0, at[-1] + 1e-9, None, jnp.zeros(len(names)),
        saveat=diffrax.SaveAt(ts=at, fn=lambda t, x, _: jnp.stack([x[M], x[M] * x[R]])),
        stepsize_controller=diffrax.ClipStepSizeController(
            diffrax.PIDController(rtol=tolerance, atol=1e-2 * tolerance * (given + 1e-12)),
            jump_ts=jnp.sort(jnp.concatenate([begin, end])),
        ),
        max_steps=20_000,
    )  # fmt: skip
    return solution.ys  # type: ignore[return-value]
