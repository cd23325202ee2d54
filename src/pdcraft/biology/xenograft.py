r"""Growth of a xenograft under radiation and drug: Simeoni growth with a kill hazard.

Dividing cells :math:`Z_0` lose the kill to three compartments in which cells die slowly while they
still count for the caliper (docs/theory/xenograft.md):

.. math::
   Z_0' &= g(W)\,Z_0 - h(t)\,Z_0, \qquad
   g(W) = \lambda_0\left[1 + \left(\tfrac{\lambda_0}{\lambda_1}W\right)^{\psi}\right]^{-1/\psi} \\
   Z_1' &= h(t)\,Z_0 - k_1 Z_1, \quad Z_2' = k_1(Z_1 - Z_2), \quad Z_3' = k_1(Z_2 - Z_3)

with :math:`W = \sum_i Z_i`. The hazard is the linear-quadratic one of ``survival.py`` plus, for a
cytotoxic, that of an `AbstractKill`: the published `LinearKill`, or `CytotoxicKill`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.biology.base import AbstractEffect
from pdcraft.biology.cytotoxic import AbstractKill
from pdcraft.biology.stepping import Grid
from pdcraft.biology.survival import lq_doses, lq_needs, surviving_fraction, tissue_dose
from pdcraft.domain import Amount, DoseRate, Effect, InputError, Patient, Samples, Values
from pdcraft.domain.units import HOURS_PER_DAY, MM3_PER_CM3

XENOGRAFT = "xenograft"


def growth_rate_per_h(values: Values, mass_g: Array) -> Array:
    r"""Growth rate of the dividing cells of an untreated tumour. 1/h.

    Exponential while small, then linear:
    :math:`g(W) = \lambda_0 [1 + (\lambda_0 W/\lambda_1)^\psi]^{-1/\psi}`.

    Parameters
    ----------
    values
        ``xenograft.growth_rate`` (:math:`\lambda_0`, 1/d), ``xenograft.linear_growth``
        (:math:`\lambda_1`, g/d), ``xenograft.switch`` (:math:`\psi`).
    mass_g
        Mass of the whole tumour, dying cells included. g.

    References
    ----------
    simeoni2004, Eq. 1-3
    """
    rate = values["xenograft.growth_rate"]
    psi = values["xenograft.switch"]
    crowding = rate * mass_g / values["xenograft.linear_growth"]
    # log1p(x^psi)/psi without overflow for large x.
    return rate * jnp.exp(-jnp.logaddexp(0.0, psi * jnp.log(crowding)) / psi) / HOURS_PER_DAY


def xenograft_mass_g(
    values: Values,
    log_survival: Float[Array, "step"],
    grid: Grid,
    clock: Samples,
    *,
    forward: bool = False,
) -> Float[Array, "time"]:
    r"""Mass of a xenograft at given instants, for a kill known in advance. g, ``[time]``.

    Parameters
    ----------
    values
        Parameters named ``xenograft.*``.
    log_survival
        Logarithm of the share of cells not yet hit, :math:`-\int_0^t h`, on the grid. ``[step]``.
    grid
        Equal steps of the solver.
    clock
        Instants asked for. h.
    forward
        Whether derivatives are wanted forwards, as `Grid.solve` has it.
    """
    start, die = values["xenograft.mass"], values["xenograft.damage_rate"] / HOURS_PER_DAY

    def dividing_g(grown: Array, t_h: Array) -> Array:
        return start * jnp.exp(grown + grid.read(log_survival, t_h))

    def slope(t: Array, state: Float[Array, "state"]) -> Float[Array, "state"]:
        # With the first dying stage counted among the dividing cells no hazard is needed:
        # (Z0 + Z1)' = g Z0 - k1 Z1, and Z0 is known from its growth and survival.
        grown, first_two, second, third = state
        cells = dividing_g(grown, t)
        grow = growth_rate_per_h(values, first_two + second + third)
        out = die * (first_two - cells)
        return jnp.stack([grow, grow * cells - out, out - die * second, die * (second - third)])

    zero = jnp.zeros_like(start)
    state = grid.solve(slope, jnp.stack([zero, start, zero, zero]), clock, forward=forward)
    return state[:, 1:].sum(axis=-1)


class Xenograft(AbstractEffect):
    r"""A tumour under the skin of a mouse: its volume over time, BED, EQD2 and survival.

    Attributes
    ----------
    place
        The region of the dose rate (and of the amount of drug) that the tumour is.
    drug
        Kill by a cytotoxic payload; None where the payload only radiates.
    steps
        Steps of the solver over the follow-up.

    Notes
    -----
    The dose rate is that of the tumour's mass at injection: a tumour that grows dilutes its
    activity and one that shrinks concentrates it, which this model does not follow back.

    References
    ----------
    simeoni2004, Eq. 1-5; cardilin2018 for radiation in such a model
    """

    place: str = eqx.field(static=True, default="tumour")
    drug: AbstractKill | None = None
    steps: int = eqx.field(static=True, default=480)

    def __check_init__(self) -> None:
        """Refuse a model without steps."""
        if self.steps < 1:
            raise InputError(f"steps = {self.steps} must be at least 1; 480 suit 120 days.")

    tissues: ClassVar[tuple[str, ...]] = (XENOGRAFT,)
    markers: ClassVar[tuple[str, ...]] = ("tumour volume",)
    marker_units: ClassVar[tuple[str, ...]] = ("mm3",)

    @property
    def needs(self) -> Mapping[str, str]:
        """Parameters of one model of the shelf ``xenografts``."""
        return {
            "xenograft.mass": "g",
            "xenograft.density": "g/cm3",
            "xenograft.growth_rate": "1/d",
            "xenograft.linear_growth": "g/d",
            "xenograft.switch": "1",
            "xenograft.damage_rate": "1/d",
            "xenograft.alpha": "1/Gy",
            **lq_needs(XENOGRAFT),
            **(self.drug.needs if self.drug else {}),
        }

    def effect(
        self, dose_rate: DoseRate, amount: Amount, patient: Patient, clock: Samples
    ) -> Effect:
        """BED, EQD2 and survival to infinity; tumour volume at the instants of ``clock``."""
        values, grid = patient.parameters, Grid.over(clock, self.steps)
        alpha = values["xenograft.alpha"]
        dose = tissue_dose(dose_rate, self.place, rbe_alpha=values[f"{XENOGRAFT}.rbe_alpha"])
        linear, quadratic = dose.by(grid.time_h, values[f"{XENOGRAFT}.repair_half_time"])
        log_survival = -alpha * (linear + quadratic / values[f"{XENOGRAFT}.alpha_beta"])
        bed, eqd2 = lq_doses(dose, XENOGRAFT, values)
        survival = surviving_fraction(alpha, bed)
        if self.drug:
            by_drug = -self.drug.lethal_by(amount, self.place, values, grid)
            log_survival, survival = log_survival + by_drug, survival * jnp.exp(by_drug[-1])
        volume = xenograft_mass_g(values, log_survival, grid, clock) / values["xenograft.density"]
        return Effect(
            self.tissues, bed[None], eqd2[None], survival[None], self.markers, self.marker_units,
            clock, MM3_PER_CM3 * volume[None],
        )  # fmt: skip
