r"""Platelets and neutrophils under irradiation of the red marrow.

Radiation kills a slow, self-renewing pool of progenitors; the blood count follows after the time
that maturation takes. In parts of the baseline (docs/theory/biology.md, section 4):

.. math::
   S' &= k_s S\,[\min(C^{-\gamma}, F) - 1] - h(t) S \\
   T_1' &= k_1 (S - T_1), \quad T_i' = k_i (T_{i-1} - T_i), \quad C' = k_C (T_n - C)

The progenitors are followed as :math:`\ln S + \int h`, which stays smooth however fast the dose
comes; the integral is :math:`\alpha` times the BED delivered so far.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.biology.base import AbstractEffect
from pdcraft.biology.stepping import Grid
from pdcraft.biology.survival import (
    TissueDose,
    lq_doses,
    lq_needs,
    surviving_fraction,
    tissue_dose,
)
from pdcraft.domain import (
    Amount,
    DoseRate,
    Effect,
    InputError,
    Patient,
    Samples,
    Values,
)

MARROW = "red marrow"
STAGES = 3
"""Maturation stages per transit time, as in the models of Friberg and successors."""


class Lineage(eqx.Module):
    r"""One line of blood cells: pool of progenitors, maturation, circulation.

    Attributes
    ----------
    alpha_per_Gy
        Radiosensitivity of the progenitors. 1/Gy.
    renewal_per_h, feedback, most_feedback
        :math:`k_s` (1/h), :math:`\gamma` and :math:`F`.
    stage_per_h
        Rates of the stages between progenitor and blood. 1/h, ``[stage]``.
    loss_per_h
        Loss from the blood. 1/h.
    """

    alpha_per_Gy: Float[Array, ""]
    renewal_per_h: Float[Array, ""]
    feedback: Float[Array, ""]
    most_feedback: Float[Array, ""]
    stage_per_h: Float[Array, "stage"]
    loss_per_h: Float[Array, ""]

    def start(self) -> Float[Array, "state"]:
        """Steady state: ln S = 0, all stages and the count at 1."""
        return jnp.ones(self.stage_per_h.shape[0] + 2).at[0].set(0.0)

    def slope(self, state: Float[Array, "state"], lesions: Array) -> Float[Array, "state"]:
        """Rates of change, given the mean number of lethal lesions per progenitor so far."""
        pool = jnp.exp(state[0] - lesions)
        count = jnp.maximum(state[-1], 1e-12)
        drive = jnp.minimum(count**-self.feedback, self.most_feedback)
        inflow = jnp.concatenate([pool[None], state[1:-1]])
        rates = jnp.concatenate([self.stage_per_h, self.loss_per_h[None]])
        return jnp.concatenate(
            [(self.renewal_per_h * (drive - 1.0))[None], rates * (inflow - state[1:])]
        )


def platelet_lineage(values: Values) -> Lineage:
    """Platelets: megakaryocytes mature in three stages, platelets are lost at a constant rate."""
    return Lineage(
        values["platelets.alpha"] * values["red marrow.sensitivity"],
        values["platelets.renewal_rate"],
        values["platelets.feedback"],
        values["red marrow.most_feedback"],
        jnp.full(STAGES, STAGES / values["platelets.mtt"]),
        1.0 / values["platelets.lifespan"],
    )


def neutrophil_lineage(values: Values) -> Lineage:
    """Neutrophils: an upstream delay in three stages, then maturation and loss as Friberg's."""
    maturing = (STAGES + 1) / values["neutrophils.mtt"]
    return Lineage(
        values["neutrophils.alpha"] * values["red marrow.sensitivity"],
        values["neutrophils.renewal_rate"],
        values["neutrophils.feedback"],
        values["red marrow.most_feedback"],
        jnp.concatenate(
            [jnp.full(STAGES, STAGES / values["neutrophils.delay"]), jnp.full(STAGES, maturing)]
        ),
        maturing,
    )


def blood_counts(
    values: Values, dose: TissueDose, clock: Samples, *, steps: int = 360
) -> Float[Array, "lineage time"]:
    """Platelets and neutrophils after irradiation of the marrow. 1e9/L, ``[lineage, time]``.

    Parameters
    ----------
    values
        Of the file ``tissues/marrow.toml``.
    dose
        Dose rate in the red marrow.
    clock
        Instants asked for; the solver starts at t = 0. h.
    steps
        Steps of the solver.
    """
    names = ("platelets", "neutrophils")
    lines = (platelet_lineage(values), neutrophil_lineage(values))
    grid = Grid.over(clock, steps)
    linear, quadratic = dose.by(grid.time_h, values["red marrow.repair_half_time"])
    bed_by = linear + quadratic / values["red marrow.alpha_beta"]

    def slope(t: Array, states: tuple[Array, ...]) -> tuple[Array, ...]:
        so_far = grid.read(bed_by, t)
        return tuple(
            line.slope(state, line.alpha_per_Gy * so_far)
            for line, state in zip(lines, states, strict=True)
        )

    states = grid.solve(slope, tuple(line.start() for line in lines), clock)
    return jnp.stack(
        [values[f"{n}.baseline"] * y[:, -1] for n, y in zip(names, states, strict=True)]
    )


class Marrow(AbstractEffect):
    r"""Red marrow: BED, survival of platelet progenitors, and blood counts over time.

    Counts start at the patient's baseline at t = 0 and return to it. Transfusion and growth
    factors are not modelled.

    Attributes
    ----------
    steps
        Steps of the solver over the follow-up; 360 are 12 h each over 180 d.

    References
    ----------
    friberg2002 (structure of maturation and feedback); wang2010, Table I (platelets)
    """

    steps: int = eqx.field(static=True, default=360)

    def __check_init__(self) -> None:
        """Refuse a model without steps."""
        if self.steps < 1:
            raise InputError(f"steps = {self.steps} must be at least 1; 360 suit 180 d.")

    tissues: ClassVar[tuple[str, ...]] = (MARROW,)
    markers: ClassVar[tuple[str, ...]] = ("platelets", "neutrophils")
    marker_units: ClassVar[tuple[str, ...]] = ("1e9/L", "1e9/L")

    @property
    def needs(self) -> Mapping[str, str]:
        """Parameters of the library file ``tissues/marrow.toml``."""
        lineages = {
            f"{line}.{what}": unit
            for line in self.markers
            for what, unit in (
                ("baseline", "1e9/L"),
                ("alpha", "1/Gy"),
                ("renewal_rate", "1/h"),
                ("feedback", "1"),
                ("mtt", "h"),
            )
        }
        return {
            **lineages,
            "platelets.lifespan": "h",
            "neutrophils.delay": "h",
            "red marrow.sensitivity": "1",
            "red marrow.most_feedback": "1",
            **lq_needs(MARROW),
        }

    def effect(
        self, dose_rate: DoseRate, amount: Amount, patient: Patient, clock: Samples
    ) -> Effect:
        """BED, EQD2, survival of platelet progenitors; platelets and neutrophils over time."""
        values = patient.parameters
        dose = tissue_dose(dose_rate, MARROW, rbe_alpha=values["red marrow.rbe_alpha"])
        bed, eqd2 = lq_doses(dose, MARROW, values)
        survival = surviving_fraction(platelet_lineage(values).alpha_per_Gy, bed)
        return Effect(
            self.tissues, bed[None], eqd2[None], survival[None], self.markers, self.marker_units,
            clock, blood_counts(values, dose, clock, steps=self.steps),
        )  # fmt: skip
