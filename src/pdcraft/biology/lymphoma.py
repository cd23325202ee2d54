r"""Size of the lesions of a lymphoma under irradiation: living cells, and dead ones still there.

.. math::
   T' = g\,T - h(t)\,T, \qquad V' = T'_{\text{killed}} - c\,V, \qquad
   P = 100\,\% \cdot (T + V)^{2/3}

*P* is the product of perpendicular diameters of a lesion that keeps its shape, in parts of the
baseline (theory page *biology*, section 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.biology import tumour
from pdcraft.biology.base import AbstractEffect
from pdcraft.biology.cytotoxic import CytotoxicKill
from pdcraft.biology.stepping import Grid
from pdcraft.biology.survival import TissueDose, tissue_dose
from pdcraft.biology.tumour import TUMOUR, log_survival, tumour_doses
from pdcraft.domain import Amount, DoseRate, Effect, Patient, Samples, Values
from pdcraft.domain.units import HOURS_PER_DAY


def lymphoma_course(
    values: Values,
    dose: TissueDose,
    clock: Samples,
    *,
    steps: int = 360,
    parts: int = 7,
    lethal: Float[Array, "step"] | None = None,
) -> Float[Array, "marker time"]:
    """Living burden (in parts of the baseline) and size of the lesions (%). ``[marker, time]``.

    Growth is exponential: lesions that end a patient's participation are far from any capacity.
    ``lethal`` is what a drug adds to the lethal events per cell so far, on the grid of the steps.
    """
    grid = Grid.over(clock, steps)
    alive = log_survival(values, dose, grid, parts=parts)
    if lethal is not None:
        alive = alive - lethal
    grown = values["tumour.growth_rate"] / HOURS_PER_DAY * grid.time_h
    burden = jnp.exp(grown + alive)
    halfway = jnp.exp(0.5 * (grown[:-1] + grown[1:]))
    killed = halfway * (jnp.exp(alive[:-1]) - jnp.exp(alive[1:]))
    left = jnp.exp(-values["lesions.clearance"] / HOURS_PER_DAY * grid.step_h)

    def step(dead: Array, more: Array) -> tuple[Array, Array]:
        new = left * dead + jnp.sqrt(left) * more
        return new, new

    _, later = jax.lax.scan(step, jnp.zeros(()), killed)
    dead = jnp.concatenate([jnp.zeros(1), later])
    course = jnp.stack([burden, 100.0 * (burden + dead) ** (2.0 / 3.0)])
    return grid.read(course.T, clock.time_h).T


class Lymphoma(AbstractEffect):
    r"""Lymphoma with measurable lesions: BED, survival, living burden, size of the lesions.

    All lesions of a patient are followed as one, so there is no mixed response and no new lesion.

    Attributes
    ----------
    steps, parts, drug
        As of `Myeloma`.
    """

    steps: int = eqx.field(static=True, default=360)
    parts: int = eqx.field(static=True, default=7)
    drug: CytotoxicKill | None = None

    def __check_init__(self) -> None:
        """Refuse a model without steps or parts."""
        tumour.check_solver(self.steps, self.parts)

    tissues: ClassVar[tuple[str, ...]] = (TUMOUR,)
    markers: ClassVar[tuple[str, ...]] = ("tumour burden", "lesion size")
    marker_units: ClassVar[tuple[str, ...]] = ("1", "%")

    @property
    def needs(self) -> Mapping[str, str]:
        """Parameters of the library's files of lymphomas."""
        drug = self.drug.needs if self.drug else {}
        return {**tumour.NEEDS, "lesions.clearance": "1/d", **drug}

    def effect(
        self, dose_rate: DoseRate, amount: Amount, patient: Patient, clock: Samples
    ) -> Effect:
        """Equivalent uniform BED, EQD2 and survival; burden and size over time."""
        values = patient.parameters
        dose = tissue_dose(dose_rate, TUMOUR, rbe_alpha=values["tumour.rbe_alpha"])
        bed, eqd2, survival = tumour_doses(values, dose, parts=self.parts)
        lethal = None
        if self.drug:
            grid = Grid.over(clock, self.steps)
            lethal = self.drug.lethal_by(amount, TUMOUR, values, grid)
            survival = survival * jnp.exp(-lethal[-1])
        return Effect(
            self.tissues, bed, eqd2, survival, self.markers, self.marker_units, clock,
            lymphoma_course(
                values, dose, clock, steps=self.steps, parts=self.parts, lethal=lethal
            ),
        )  # fmt: skip
