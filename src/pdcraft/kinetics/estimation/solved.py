"""Nonlinear structures, solved by diffrax from event to event: saturable loss, blood cells."""

from __future__ import annotations

import abc
from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.domain import InputError
from pdcraft.kinetics.estimation.schedule import Schedule
from pdcraft.kinetics.estimation.structures import AbstractStructure, Individual, of_kind


class Solved(AbstractStructure):
    """What the nonlinear structures share: one initial-value problem between two steps."""

    @abc.abstractmethod
    def start(self, p: Individual) -> Float[Array, "state"]:
        """State before the first dose, and after a reset."""

    @abc.abstractmethod
    def slope(self, state: Array, p: Individual, rate: Array) -> Float[Array, "state"]:
        """Rate of change of the state, with infusion rates. 1/h."""

    @abc.abstractmethod
    def measure(self, state: Array, p: Individual) -> Float[Array, ""]:
        """What would be measured."""

    def measures(self, state: Array, p: Individual) -> tuple[Float[Array, ""], ...]:
        """The same for every kind of observation."""
        return (self.measure(state, p),)

    def check(self, steps: Schedule) -> None:
        """Refuse steady states."""
        if steps.has_steady_state:
            raise InputError(
                f"{type(self).__name__} is not linear: steady state (SS) is not available. Write "
                "the doses before it out with ADDL and II."
            )

    def course(self, during: Individual, now: Individual, steps: Schedule) -> Float[Array, "step"]:
        """What would be measured at every step."""
        begin = self.start({k: v[0] for k, v in now.items()})
        places = len(self.places)

        def advance(carry: tuple[Array, Array], at: tuple) -> tuple[tuple[Array, Array], tuple]:
            state, rate = carry
            p, q, wait, reset, bolus, change = at
            state = _solve(self, state, p, rate, wait)
            state = jnp.where(reset > 0, self.start(q), state)
            rate = jnp.where(reset > 0, 0.0, rate) + change
            state = state.at[:places].add(bolus)
            return (state, rate), self.measures(state, q)

        every = (during, now, steps.wait_h, steps.reset, steps.bolus, steps.rate_change)
        zero = jnp.zeros(places) + 0.0 * begin[0]
        return of_kind(jax.lax.scan(advance, (begin, zero), every)[1], steps)


def _solve(model: Solved, state: Array, p: Individual, rate: Array, wait_h: Array) -> Array:
    import diffrax

    # time runs from 0 to 1, so that a wait of 0 h is an ordinary problem with nothing to do
    term = diffrax.ODETerm(lambda t, y, args: wait_h * model.slope(y, p, rate))
    found = diffrax.diffeqsolve(
        term, diffrax.Tsit5(), 0.0, 1.0, None, state,
        saveat=diffrax.SaveAt(t1=True),
        stepsize_controller=diffrax.PIDController(rtol=1e-8, atol=1e-10),
        adjoint=diffrax.ForwardMode(), max_steps=16384,
    )  # fmt: skip
    return jnp.asarray(found.ys)[0]


class MichaelisMenten(Solved):
    r"""One compartment with saturable loss, :math:`\dot A=-V_\max C/(K_m+C)`, :math:`C=A/V`.

    References
    ----------
    gibaldi1982, Michaelis-Menten elimination
    """

    oral: bool = eqx.field(static=True, default=False)

    @property
    def places(self) -> tuple[str, ...]:
        """Compartments."""
        return ("depot", "central") if self.oral else ("central",)

    @property
    def needs(self) -> Mapping[str, str]:
        """Parameters and their dimension."""
        oral = {"KA": "1/time"} if self.oral else {}
        return {"VM": "amount/time", "KM": "amount/volume", "V": "volume", **oral}

    @property
    def measured_place(self) -> int:
        """Index of the central compartment."""
        return int(self.oral)

    def start(self, p: Individual) -> Float[Array, "state"]:
        """Nothing."""
        return jnp.zeros(len(self.places)) + 0.0 * p["V"]

    def slope(self, state: Array, p: Individual, rate: Array) -> Float[Array, "state"]:
        """Rate of change of the amounts."""
        c = state[-1] / p["V"]
        loss = p["VM"] * c / (p["KM"] + c)
        if not self.oral:
            return rate - loss[None]
        absorbed = p["KA"] * state[0]
        return rate + jnp.stack([-absorbed, absorbed - loss])

    def measure(self, state: Array, p: Individual) -> Float[Array, ""]:
        """Concentration."""
        return state[-1] / p["V"]


class Friberg(Solved):
    r"""Blood cells under a drug: proliferating pool, three transits, feedback of the circulating.

    .. math:: \dot P=k\,P\,(1-E)(C_0/C)^\gamma-kP,\quad \dot T_i=k(T_{i-1}-T_i),\quad
              \dot C=k(T_3-C),\qquad k=4/\mathrm{MTT},\ E=\mathrm{SLOPE}\cdot c

    The drug's concentration :math:`c` comes from two compartments with CL, V1, Q, V2, or, where
    ``driven``, from a parameter CP (a column of the data). ``with_drug``: concentrations are a
    second kind of observation.

    References
    ----------
    friberg2002, Figure 1 and Eqs. 1-6
    """

    driven: bool = eqx.field(static=True, default=False)
    with_drug: bool = eqx.field(static=True, default=False)

    @property
    def places(self) -> tuple[str, ...]:
        """Compartments: the drug's, then circulating cells as the last that data may name."""
        return ("proliferating",) if self.driven else ("central", "peripheral 2")

    @property
    def needs(self) -> Mapping[str, str]:
        """Parameters and their dimension."""
        cells = {"CIRC0": "value", "MTT": "time", "GAMMA": "1", "SLOPE": "1/concentration"}
        drug = {"CL": "volume/time", "V1": "volume", "Q": "volume/time", "V2": "volume"}
        return cells | ({"CP": "concentration"} if self.driven else drug)

    @property
    def measured_place(self) -> None:
        """The circulating cells, a response."""
        return None

    def start(self, p: Individual) -> Float[Array, "state"]:
        """Cells at their baseline, no drug; cells as logarithms, so that none is negative."""
        drug = jnp.zeros(1 if self.driven else 2)
        return jnp.concatenate([drug, jnp.full(5, 1.0) * jnp.log(p["CIRC0"])])

    def slope(self, state: Array, p: Individual, rate: Array) -> Float[Array, "state"]:
        """Rate of change of amounts and of the logarithms of cells."""
        n = 1 if self.driven else 2
        x, cells = state[:n], state[n:]
        if self.driven:
            c, flow = p["CP"], jnp.zeros(1)
        else:
            c = x[0] / p["V1"]
            across = p["Q"] * (c - x[1] / p["V2"])
            flow = rate + jnp.stack([-p["CL"] * c - across, across])
        k = 4.0 / p["MTT"]
        feedback = jnp.exp(p["GAMMA"] * (jnp.log(p["CIRC0"]) - cells[4]))
        grow = k * ((1.0 - p["SLOPE"] * c) * feedback - 1.0)
        pass_on = k * (jnp.exp(cells[:-1] - cells[1:]) - 1.0)
        return jnp.concatenate([flow, grow[None], pass_on])

    def measure(self, state: Array, p: Individual) -> Float[Array, ""]:
        """Circulating cells."""
        return jnp.exp(state[-1])

    @property
    def measured_places(self) -> tuple[int | None, ...]:
        """The cells, and the drug where it is observed."""
        return (None, 0) if self.with_drug else (None,)

    def measures(self, state: Array, p: Individual) -> tuple[Float[Array, ""], ...]:
        """Circulating cells, and the drug's concentration where it is observed."""
        cells = self.measure(state, p)
        return (cells, state[0] / p["V1"]) if self.with_drug else (cells,)
