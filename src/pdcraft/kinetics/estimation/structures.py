"""Structural models: which compartments there are, how they move, what is measured.

`Linear` holds any graph of first-order transfers (`one_compartment`, `two_compartment`,
`three_compartment` make the usual ones); nonlinear ones are in `solved.py`.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.kinetics.estimation.propagate import propagator, steady_state
from pdcraft.kinetics.estimation.schedule import Schedule

Individual = Mapping[str, Array]
"""Parameters of one patient by name, one value for each step."""


class AbstractStructure(eqx.Module):
    """Moves amounts from event to event and says what is measured."""

    @property
    @abc.abstractmethod
    def places(self) -> tuple[str, ...]:
        """Compartments; the number in the data counts from 1."""

    @property
    @abc.abstractmethod
    def needs(self) -> Mapping[str, str]:
        """Parameters and their dimension, as ``{"CL": "volume/time"}``."""

    @property
    def dose_place(self) -> int:
        """Index of the compartment of doses that name none."""
        return 0

    @property
    @abc.abstractmethod
    def measured_place(self) -> int | None:
        """Index of the compartment that is measured; None where it is a response to them."""

    @property
    def measured_places(self) -> tuple[int | None, ...]:
        """The same for every kind of observation; one, unless the structure has more."""
        return (self.measured_place,)

    @property
    def absorbs(self) -> frozenset[str]:
        """Parameters of doses that the structure has, among ALAG, F, D, R."""
        return frozenset()

    def check(self, steps: Schedule) -> None:
        """Refuse data that the structure cannot take."""

    def check_start(self, now: Individual, steps: Schedule) -> None:
        """Refuse typical parameters, ``[patient, step]``, that the structure cannot take."""

    @abc.abstractmethod
    def course(self, during: Individual, now: Individual, steps: Schedule) -> Float[Array, "step"]:
        """What would be measured at every step of one patient, without error.

        ``during`` holds the parameters over the wait before a step, ``now`` those at its instant
        (they differ where a covariate changes).
        """


class Linear(AbstractStructure):
    r"""Any graph of first-order transfers, measured in one compartment as a concentration.

    A rate is named by a parameter, or is a quotient of two (clearance over volume).

    Attributes
    ----------
    compartments
        Their names.
    transfers
        ``(from, to, numerator, denominator)``; ``to`` None leaves the body, ``denominator`` None
        means that the numerator is a rate.
    measured, volume
        Compartment that is measured, and what its amount is divided by: a parameter or a
        quotient of two ``(numerator, denominator)``; None measures the amount.
    units
        Parameters and their dimension.
    enters
        Compartment of doses that name none.
    others
        Further kinds of observation: ``(measured, volume)`` of each.
    """

    compartments: tuple[str, ...] = eqx.field(static=True)
    transfers: tuple[tuple[int, int | None, str, str | None], ...] = eqx.field(static=True)
    measured: int = eqx.field(static=True)
    volume: tuple[str, str | None] | None = eqx.field(static=True)
    units: tuple[tuple[str, str], ...] = eqx.field(static=True)
    enters: int = eqx.field(static=True, default=0)
    others: tuple[tuple[int, tuple[str, str | None] | None], ...] = eqx.field(
        static=True, default=()
    )

    @property
    def places(self) -> tuple[str, ...]:
        """Compartments."""
        return self.compartments

    @property
    def needs(self) -> Mapping[str, str]:
        """Parameters and their dimension."""
        return dict(self.units)

    @property
    def dose_place(self) -> int:
        """Index of the compartment of doses that name none."""
        return self.enters

    @property
    def measured_place(self) -> int:
        """Index of the compartment that is measured."""
        return self.measured

    @property
    def measured_places(self) -> tuple[int, ...]:
        """Indices of the compartments that are measured, by kind of observation."""
        return (self.measured, *(place for place, _ in self.others))

    def matrix_per_h(self, individual: Individual) -> Float[Array, "step to from"]:
        """Rate matrix at every step. 1/h."""
        any_one = next(iter(individual.values()))
        n = len(self.places)
        rows = [[jnp.zeros_like(any_one) for _ in range(n)] for _ in range(n)]
        for source, target, above, below in self.transfers:
            rate = individual[above] / (1.0 if below is None else individual[below])
            rows[source][source] = rows[source][source] - rate
            if target is not None:
                rows[target][source] = rows[target][source] + rate
        return jnp.stack([jnp.stack(row, -1) for row in rows], -2)

    def course(self, during: Individual, now: Individual, steps: Schedule) -> Float[Array, "step"]:
        """Concentration (or amount) at every step."""
        K = self.matrix_per_h(during)
        left, gathered = jax.vmap(propagator)(K, steps.wait_h)
        settled = steps.bolus
        if steps.has_steady_state:
            settled = settled + jax.vmap(steady_state)(
                self.matrix_per_h(now), steps.steady_interval_h, steps.steady_amount,
                steps.steady_rate, steps.steady_lag_h,
            )  # fmt: skip

        def advance(amount: Array, at: tuple) -> tuple[Array, Array]:
            phi, reset, added, infused = at
            amount = phi @ amount + (0.0 if infused is None else infused)
            amount = jnp.where(reset > 0, 0.0, amount) + added
            return amount, amount

        infused = None
        if steps.has_infusion:
            infused = (gathered @ _rates_before(steps)[:, :, None])[:, :, 0]
        every = (left, steps.reset, settled, infused)
        amounts = jax.lax.scan(advance, jnp.zeros(len(self.places)), every)[1]
        seen = []
        for place, volume in ((self.measured, self.volume), *self.others):
            size = 1.0
            if volume is not None:
                above, below = volume
                size = now[above] / (1.0 if below is None else now[below])
            seen.append(amounts[:, place] / size)
        return of_kind(seen, steps)


def of_kind(seen: Sequence[Array], steps: Schedule) -> Float[Array, "step"]:
    """At every step, that of several observations which was made there."""
    if len(seen) == 1:
        return seen[0]
    return jnp.stack(seen, 1)[jnp.arange(len(steps.kind)), steps.kind]


def _rates_before(steps: Schedule) -> Float[Array, "step place"]:
    """Infusion rates over the wait before every step: what was changed since the last reset."""

    def advance(rate: Array, at: tuple[Array, Array]) -> tuple[Array, Array]:
        reset, change = at
        return jnp.where(reset > 0, 0.0, rate) + change, rate

    start = jnp.zeros(steps.rate_change.shape[1])
    return jax.lax.scan(advance, start, (steps.reset, steps.rate_change))[1]


Volume = tuple[str, str | None] | None
"""What an amount is divided by: a parameter, a quotient of two, or nothing."""


def one_compartment(*, oral: bool = False, others: tuple[tuple[int, Volume], ...] = ()) -> Linear:
    """One compartment with clearance CL and volume V; ``oral`` adds absorption at rate KA.

    ``others`` are further kinds of observation, see `Linear`.
    """
    return _mammillary((), oral, others)


def two_compartment(*, oral: bool = False, others: tuple[tuple[int, Volume], ...] = ()) -> Linear:
    """Central volume V1, peripheral V2, flow Q between them, clearance CL; KA if ``oral``."""
    return _mammillary(("2",), oral, others)


def three_compartment(*, oral: bool = False, others: tuple[tuple[int, Volume], ...] = ()) -> Linear:
    """Central volume V1, peripheral V2 and V3, flows Q2 and Q3, clearance CL; KA if ``oral``."""
    return _mammillary(("2", "3"), oral, others)


def _mammillary(
    further: tuple[str, ...], oral: bool, others: tuple[tuple[int, Volume], ...]
) -> Linear:
    central = int(oral)
    volume = "V1" if further else "V"
    places = (*(("depot",) if oral else ()), "central", *(f"peripheral {k}" for k in further))
    transfers: list[tuple[int, int | None, str, str | None]] = [(central, None, "CL", volume)]
    units = [("CL", "volume/time"), (volume, "volume")]
    for i, k in enumerate(further):
        flow = "Q" if len(further) == 1 else f"Q{k}"
        transfers += [
            (central, central + 1 + i, flow, volume),
            (central + 1 + i, central, flow, f"V{k}"),
        ]
        units += [(flow, "volume/time"), (f"V{k}", "volume")]
    if oral:
        transfers.append((0, 1, "KA", None))
        units.append(("KA", "1/time"))
    return Linear(
        places, tuple(transfers), central, (volume, None), tuple(units), others=others
    )  # fmt: skip


class ExponentialSum(AbstractStructure):
    r"""A sum of exponentials after every dose, :math:`\sum_k A_k e^{-K_k t}` per unit dose.

    Parameters A1, K1, A2, K2, …: activity of a region after an injection, for a whole population.
    """

    terms: int = eqx.field(static=True, default=1)

    @property
    def places(self) -> tuple[str, ...]:
        """One: the body."""
        return ("body",)

    @property
    def needs(self) -> Mapping[str, str]:
        """Parameters and their dimension."""
        names = [(f"A{k + 1}", "value/amount") for k in range(self.terms)]
        return dict([*names, *((f"K{k + 1}", "1/time") for k in range(self.terms))])

    @property
    def measured_place(self) -> int:
        """The body."""
        return 0

    def course(self, during: Individual, now: Individual, steps: Schedule) -> Float[Array, "step"]:
        """The sum at every step: that of one compartment for each term."""
        terms = [str(k + 1) for k in range(self.terms)]
        one = [Linear(("body",), ((0, None, f"K{k}", None),), 0, None, ((f"K{k}", "1/time"),))
               for k in terms]  # fmt: skip
        each = [part.course(during, now, steps) for part in one]
        return sum((now[f"A{k}"] * x for k, x in zip(terms, each, strict=True)), jnp.zeros(()))
