r"""Linear models of many patients at once: one elimination plan per graph, numbers per patient.

All patients of a study share the graph and differ in the rates. Which compartment is eliminated
when, and which products that takes, is found once (`Elimination`); the numbers are then vectors
over patients, the last axis of every array. Only positive numbers are added, multiplied and
divided, so every result is good to a few units in the last place (theory page *kinetics*,
equations 9-13).
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pdcraft.domain import InputError, unknown

_BLOCK = 256  # patients whose intermediate vectors fit into the second-level cache together


class Step(NamedTuple):
    """One compartment leaves the equations: what it gave to and took from others is joined."""

    place: int
    gives_to: tuple[int, ...]
    takes_from: tuple[int, ...]


class Factors(NamedTuple):
    """What elimination leaves: inflow by pair, share passed on by pair, 1/loss by place."""

    inflow: Mapping[tuple[int, int], Array]
    share: Mapping[tuple[int, int], Array]
    stay: Mapping[int, Array]


class Elimination(eqx.Module):
    r"""How to solve :math:`(sI-K)x = x_0` on a graph, in an order that keeps it sparse.

    Parameters
    ----------
    places, transfers
        Compartments and pairs (from, to), as in `rate_matrix`.
    entry
        Compartments where molecules may be at the start; all if not given. Fewer is faster.
    sinks
        Compartments whose content is not wanted, as excreta: transfers to them are losses.

    Attributes
    ----------
    places
        Compartments of the solution, in the order given, without the sinks.
    steps
        The plan; compartments that cannot be reached from ``entry`` are not in it and stay empty.

    Raises
    ------
    MissingError
        If a transfer, entry or sink names an unknown compartment.
    InputError
        If a transfer joins a compartment with itself or leaves a sink, or a compartment is named
        twice.

    References
    ----------
    markowitz1957, order of elimination; grassmann1985, elimination without subtractions

    Examples
    --------
    >>> plan = Elimination(("blood", "organ", "urine"),
    ...     [("blood", "organ"), ("organ", "blood"), ("blood", "urine")],
    ...     entry=["blood"], sinks=["urine"])
    >>> plan.places
    ('blood', 'organ')
    >>> [plan.places[step.place] for step in plan.steps]
    ['organ', 'blood']
    """

    places: tuple[str, ...] = eqx.field(static=True)
    transfers: tuple[tuple[str, str], ...] = eqx.field(static=True)
    entry: tuple[int, ...] = eqx.field(static=True)
    pairs: tuple[tuple[int, int], ...] = eqx.field(static=True)
    steps: tuple[Step, ...] = eqx.field(static=True)

    def __init__(
        self,
        places: Sequence[str],
        transfers: Sequence[tuple[str, str]],
        *,
        entry: Sequence[str] | None = None,
        sinks: Sequence[str] = (),
    ) -> None:
        for name in [*(p for pair in transfers for p in pair), *(entry or ()), *sinks]:
            if name not in places:
                raise unknown("Compartment", name, places)
        for what, names in (("places", places), ("entry", entry or ())):
            if twice := sorted({name for name in names if list(names).count(name) > 1}):
                raise InputError(f"{twice[0]} stands twice in {what}. Name each compartment once.")
        for source, target in transfers:
            if source == target:
                raise InputError(f"Transfer {source} -> {target} must join two compartments.")
            if source in sinks:
                raise InputError(
                    f"{source} is a sink, so no transfer may leave it, but {source} -> {target} "
                    "does. Take it out of `sinks`."
                )
        self.places = tuple(p for p in places if p not in sinks)
        self.transfers = tuple((a, b) for a, b in transfers)
        inside = {name: i for i, name in enumerate(self.places)}
        begin = self.places if entry is None else tuple(entry)
        if not begin or any(name not in inside for name in begin):
            raise InputError(
                f"entry = {list(begin)} must name at least one compartment and no sink."
            )
        self.entry = tuple(inside[name] for name in begin)
        # -1 stands for outside: where sinks are
        self.pairs = tuple((inside[a], inside.get(b, -1)) for a, b in self.transfers)
        self.steps = _plan(self.pairs, self.entry)

    @property
    def multiply_adds(self) -> int:
        """Multiplications with addition for one patient and one :math:`s`: the floor of work."""
        plan = sum(
            len(step.takes_from) * (2 + len(step.gives_to))  # inflow redistributed, solution
            + 2 * len(step.gives_to) + 1  # shares, start passed on
            - len(set(step.takes_from) & set(step.gives_to))
            for step in self.steps
        )  # fmt: skip
        return plan + len(self.pairs)

    def trapped(self, flows: Sequence[bool] | None = None) -> tuple[str, ...]:
        """Compartments that molecules reach and then move among for ever.

        ``flows`` says which transfers are not zero; all if not given.
        """
        open_ = [p for p, f in zip(self.pairs, flows or [True] * len(self.pairs), strict=True) if f]
        reached = _closure(open_, set(self.entry)) - {-1}
        onward = {i: _closure(open_, {i}) for i in reached}
        closed = [i for i in reached if all(j != -1 and i in onward[j] for j in onward[i])]
        return tuple(self.places[i] for i in sorted(closed))


def _closure(pairs: Sequence[tuple[int, int]], known: set[int]) -> set[int]:
    """Compartments reached from the known ones."""
    found = set(known)
    while more := {b for a, b in pairs if a in found} - found:
        found |= more
    return found


def _plan(pairs: Sequence[tuple[int, int]], entry: Sequence[int]) -> tuple[Step, ...]:
    """Steps of least fill-in first (Markowitz), entries last so that the start stays sparse."""
    left = _closure(pairs, set(entry)) - {-1}
    joined = {(a, b) for a, b in pairs if a in left and b != -1}
    steps = []
    while left:
        gives = {p: {b for a, b in joined if a == p and b in left} for p in left}
        takes = {p: {a for a, b in joined if b == p and a in left} for p in left}
        inner = left - set(entry) or left
        p = min(inner, key=lambda q: (len(gives[q]) * len(takes[q]), q))
        left.remove(p)
        joined |= {(a, b) for a in takes[p] for b in gives[p] if a != b}
        steps.append(Step(p, tuple(sorted(gives[p])), tuple(sorted(takes[p]))))
    return tuple(steps)


def factorise(plan: Elimination, rate: Sequence[Array], s: Array) -> Factors:
    r"""Numbers of the elimination at one :math:`s`, all of them sums and products of positives.

    What :math:`p` takes from :math:`j` and would give back to :math:`j` is left out: it changes
    neither what :math:`j` gives to others nor what it loses, and the diagonal is the sum of both.
    """
    inflow: dict[tuple[int, int], Array] = {}
    loss: dict[int, Array] = {}
    for (a, b), k in zip(plan.pairs, rate, strict=True):
        if b == -1:
            loss[a] = loss[a] + k if a in loss else s + k
        else:
            inflow[b, a] = inflow[b, a] + k if (b, a) in inflow else k
    share, stay = {}, {}
    for p, gives_to, takes_from in plan.steps:
        lost = loss.get(p, s)
        stay[p] = 1.0 / functools.reduce(operator.add, [inflow[i, p] for i in gives_to], lost)
        for i in gives_to:
            share[i, p] = inflow[i, p] * stay[p]
        away = lost * stay[p]
        for j in takes_from:
            loss[j] = loss.get(j, s) + inflow[p, j] * away
            for i in gives_to:
                if i != j:
                    passed = inflow[p, j] * share[i, p]
                    inflow[i, j] = inflow[i, j] + passed if (i, j) in inflow else passed
    return Factors(inflow, share, stay)


def substitute(
    plan: Elimination, factors: Factors, start: Mapping[int, Array]
) -> list[Array | None]:
    """Solution for every place from the start of some; None where nothing can come."""
    given = dict(start)
    for p, gives_to, _ in plan.steps:
        if p in given:
            for i in gives_to:
                passed = given[p] * factors.share[i, p]
                given[i] = given[i] + passed if i in given else passed
    x: dict[int, Array] = {}
    for p, _, takes_from in reversed(plan.steps):
        terms = [x[j] * factors.inflow[p, j] for j in takes_from if j in x]
        terms += [given[p]] if p in given else []
        if terms:
            x[p] = functools.reduce(operator.add, terms) * factors.stay[p]
    return [x.get(i) for i in range(len(plan.places))]


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def solve(
    plan: Elimination, rate: Sequence[Array], s: Array, start: Sequence[Array]
) -> list[Array | None]:
    r""":math:`(sI-K)^{-1}x_0` by place, the start given by entry; None where nothing can come.

    Its derivative is one more substitution with the same factors, and backwards its transpose.
    """
    return substitute(plan, factorise(plan, rate, s), dict(zip(plan.entry, start, strict=True)))


@solve.defjvp
def _solve_jvp(plan: Elimination, primals: tuple, tangents: tuple) -> tuple:
    rate, s, start = primals
    d_rate, d_s, d_start = tangents
    factors = factorise(plan, rate, s)
    x = substitute(plan, factors, dict(zip(plan.entry, start, strict=True)))
    change: dict[int, Array] = dict(zip(plan.entry, d_start, strict=True))

    def add(place: int, amount: Array) -> None:
        change[place] = change[place] + amount if place in change else amount

    for i, content in enumerate(x):
        if content is not None:
            add(i, -(content * d_s))
    for (a, b), dk in zip(plan.pairs, d_rate, strict=True):
        if x[a] is not None:
            moved = x[a] * dk
            add(a, -moved)
            if b != -1:
                add(b, moved)
    return x, substitute(plan, factors, change)


def columns(array: Array) -> list[Array]:
    """Rows of an array, split so that the derivative is one concatenation and no scatter."""
    return [part[0] for part in jax.lax.split(array, [1] * array.shape[0])]


def in_blocks(
    function: Callable[[Array, Array], Array], rates: Array, start: Array, size: int
) -> Array:
    """A function of patients (last axis) on so many of them at a time, kept in cache."""
    n = rates.shape[-1]
    if n <= size:
        return function(rates, start)
    pad = -n % size
    filled = [
        jnp.moveaxis(
            jnp.pad(a, ((0, 0), (0, pad)), mode="edge").reshape(a.shape[0], -1, size), 1, 0
        )
        for a in (rates, start)
    ]
    # For derivatives a block is solved again: cheaper than to fetch its factors from memory.
    again = jax.checkpoint(lambda pair: function(*pair))
    out = jnp.moveaxis(jax.lax.map(again, tuple(filled)), 0, -2)
    return out.reshape(*out.shape[:-2], -1)[..., :n]


def checked(
    plan: Elimination, rates: Array, start: Array, loss_per_h: float | Array
) -> tuple[Array, Array, Array]:
    """Arrays of the shapes that solving needs, refused if they cannot be right."""
    rates, start, loss = jnp.asarray(rates), jnp.asarray(start), jnp.asarray(loss_per_h)
    if rates.ndim != 2 or rates.shape[0] != len(plan.transfers):
        raise InputError(
            f"rates_per_h has the shape {rates.shape}, but must be [transfer, patient] with "
            f"{len(plan.transfers)} transfers. For one patient, give one column."
        )
    entries = len(plan.entry)
    if start.ndim not in (1, 2) or start.shape[0] != entries:
        raise InputError(
            f"start has the shape {start.shape}, but must be [entry] or [entry, patient] with "
            f"{entries} entries: {', '.join(plan.places[i] for i in plan.entry)}."
        )
    start = start.reshape(entries, -1)
    if not isinstance(start, jax.core.Tracer) and not np.isfinite(np.asarray(start)).all():
        raise InputError("start holds a number that is not finite.")
    if start.shape[1] not in (1, rates.shape[1]):
        raise InputError(f"start is for {start.shape[1]}, rates_per_h for {rates.shape[1]} people.")
    if not isinstance(rates, jax.core.Tracer):
        _refuse_rates(plan, np.asarray(rates))
    if not isinstance(loss, jax.core.Tracer) and not (loss.ndim == 0 and 0 <= loss < jnp.inf):
        raise InputError(f"loss_per_h = {loss} must be one finite number, 0 or more (1/h).")
    return rates, jnp.broadcast_to(start, (entries, rates.shape[1])), loss


def _refuse_rates(plan: Elimination, rates: np.ndarray) -> None:
    if rates.size and not (rates.min() >= 0.0 and rates.max() < np.inf):
        e, i = np.argwhere(~((rates >= 0.0) & (rates < np.inf)))[0]
        source, target = plan.transfers[e]
        raise InputError(
            f"The rate {source} -> {target} of patient {i} is {rates[e, i]:g} per h. Rates must be "
            "finite and not negative; for a flow the other way, add that transfer."
        )


def _refuse_traps(plan: Elimination, rates: Array, loss: Array) -> None:
    """With no loss at all, the integral of what cannot leave is infinite."""
    if isinstance(loss, jax.core.Tracer) or loss > 0:
        return
    patterns = np.ones((1, len(plan.transfers)), bool)
    if not isinstance(rates, jax.core.Tracer) and np.asarray(rates).min(initial=1.0) == 0.0:
        patterns = np.unique(np.asarray(rates > 0).T, axis=0)
    for flows in patterns:
        if trapped := plan.trapped(flows.tolist()):
            raise InputError(
                f"Molecules cannot leave {', '.join(trapped)}, so with loss_per_h = 0 their time "
                "integral is infinite. Give the decay constant, or name as `sinks` where "
                "molecules end."
            )


def time_integrated_many(
    plan: Elimination,
    rates_per_h: Float[Array, "transfer patient"],
    start: Float[Array, "entry"] | Float[Array, "entry patient"],
    loss_per_h: float,
) -> Float[Array, "place patient"]:
    r"""Time integral of every compartment from now to infinity, for many patients.

    .. math:: \int_0^\infty x(t)\,e^{-\lambda t}\,dt = (\lambda I - K)^{-1} x_0

    Parameters
    ----------
    plan
        Order of elimination of the graph.
    rates_per_h
        Transfer coefficients in the order of ``plan.transfers``. 1/h, >= 0.
    start
        Amounts at the entries of the plan, any unit; one for all, or one by patient.
    loss_per_h
        :math:`\lambda`, as the decay constant. 1/h, >= 0.

    Returns
    -------
    Array
        Unit of ``start`` times h, ``[place, patient]``. May be differentiated in every array.

    Raises
    ------
    InputError
        If a shape or rate cannot be right, or molecules are trapped and ``loss_per_h`` is 0.
        Inside `jax.jit` numbers are not known, so there only shapes and the graph are checked.

    References
    ----------
    bolch2009, time-integrated activity; grassmann1985, elimination without subtractions

    Examples
    --------
    >>> plan = Elimination(("blood", "urine"), [("blood", "urine")], entry=["blood"])
    >>> rates = jnp.array([[0.5, 1.5]])  # one transfer, two patients
    >>> time_integrated_many(plan, rates, jnp.array([1.0]), 0.5).round(6).tolist()
    [[1.0, 0.5], [1.0, 1.5]]
    """
    rates, start, loss = checked(plan, rates_per_h, start, loss_per_h)
    _refuse_traps(plan, rates, loss)
    return _integrated(plan, rates, start, loss)


@functools.partial(jax.jit, static_argnums=0)
def _integrated(plan: Elimination, rates: Array, start: Array, loss: Array) -> Array:
    def block(rates: Array, start: Array) -> Array:
        empty = jnp.zeros(rates.shape[-1])
        x = solve(plan, columns(rates), loss, columns(start))
        return jnp.stack([empty if content is None else content for content in x])

    return in_blocks(block, rates, start, _BLOCK)
