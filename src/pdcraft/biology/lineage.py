r"""One line of blood cells: a self-renewing pool, maturation, circulation.

In parts of the baseline (theory page *biology*, section 4):

.. math::
   S' &= k_s S\,[\min((C/\tau)^{-\gamma}, F) - 1] - h(t) S \\
   T_1' &= k_1 (S - T_1), \quad T_i' = k_i (T_{i-1} - T_i)

The count *C* is the mean of the last stages, those in the blood; where renewal answers to the pool
(red cells), *S* takes its place in the feedback. :math:`\tau = e^{-\rho\,BED}` is
the set point, lowered for good by irradiation. The pool is followed as :math:`\ln S + \int h`,
which stays smooth however fast the dose comes; :math:`\int h` is known in closed form.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.biology.stepping import Grid, Parabola, adams
from pdcraft.domain import Values

STAGES = 3
"""Maturation stages per transit time, as in the models of Friberg and successors."""
RED_CELL_STAGES = 8
"""Stages of circulating red cells: their lifespan has a CV of 35 %."""
LINEAGES = ("platelets", "neutrophils", "haemoglobin", "lymphocytes")
UNITS = ("1e9/L", "1e9/L", "g/dL", "1e9/L")


class Lineage(eqx.Module):
    r"""Rates of one line of blood cells.

    Attributes
    ----------
    alpha_per_Gy
        Radiosensitivity of the pool. 1/Gy.
    renewal_per_h, feedback, most_feedback
        :math:`k_s` (1/h), :math:`\gamma` and :math:`F`.
    stage_per_h
        Rates of the stages after the pool, from marrow to blood. 1/h, one for each stage.
    in_blood
        How many of the last stages circulate; 0 if the pool itself is what is counted.
    by_pool
        Whether renewal answers to the pool itself and not to the count. Red cells live so long
        that a pool driven by their number would overshoot.
    """

    alpha_per_Gy: Float[Array, ""]
    renewal_per_h: Float[Array, ""]
    feedback: Float[Array, ""]
    most_feedback: Float[Array, ""]
    stage_per_h: tuple[Float[Array, ""], ...]
    in_blood: int = eqx.field(static=True)
    by_pool: bool = eqx.field(static=True, default=False)

    def weights(self, grid: Grid) -> tuple[Parabola, ...]:
        """Weights of all stages for the steps of a grid; stages of one rate share theirs."""
        made: dict[int, Parabola] = {}
        for rate in self.stage_per_h:
            made.setdefault(id(rate), grid.parabola(rate))
        return tuple(made[id(rate)] for rate in self.stage_per_h)

    def start(self) -> Line:
        """Steady state: ln S = 0, pool and all stages at 1, nothing that drives."""
        one, zero = jnp.ones(()), jnp.zeros(())
        stages = (one,) * len(self.stage_per_h)
        return Line(zero, one, one, stages, stages, zero)

    def count(self, line: Line) -> Array:
        """What circulates, in parts of the baseline."""
        if not self.in_blood:
            return line.pool
        return sum(line.stages[-self.in_blood :], jnp.zeros(())) / self.in_blood

    def drive(self, count: Array, log_target: Array) -> Array:
        """Excess of renewal over loss, in parts of the rate of renewal."""
        log_gap = jnp.log(jnp.maximum(count, 1e-12)) - log_target
        return jnp.minimum(jnp.exp(-self.feedback * log_gap), self.most_feedback) - 1.0

    def advance(
        self,
        line: Line,
        weights: tuple[Parabola, ...],
        step_h: Array,
        lesions: Array,
        target: Array,
    ) -> Line:
        """The line one step later.

        Parameters
        ----------
        line, weights, step_h
            State, `weights` and length of the step.
        lesions
            Mean number of lethal lesions per cell of the pool so far, at the end of the step.
        target
            Logarithm of the set point at the beginning of the step.
        """
        felt = line.pool if self.by_pool else self.count(line)
        slope = self.renewal_per_h * self.drive(felt, target)
        log_pool = line.log_pool + adams(step_h, slope, line.slope)
        pool = jnp.exp(log_pool - lesions)
        earlier, before, now, stages = line.pool_before, line.pool, pool, []
        for stage, older, old in zip(weights, line.stages_before, line.stages, strict=True):
            new = stage(old, earlier, before, now)
            stages.append(new)
            earlier, before, now = older, old, new
        return Line(log_pool, pool, line.pool, tuple(stages), line.stages, slope)


class Line(NamedTuple):
    """State of one lineage: logarithm of the pool without kill, pool, stages, and one step ago."""

    log_pool: Array
    pool: Array
    pool_before: Array
    stages: tuple[Array, ...]
    stages_before: tuple[Array, ...]
    slope: Array


def lineages(values: Values, sensitivity: Array) -> tuple[Lineage, ...]:
    """The four lineages of `LINEAGES` of one patient, from ``tissues/marrow.toml``.

    Platelets: megakaryocytes mature in three stages, platelets are lost at a constant rate.
    Neutrophils: an upstream delay in three stages, then maturation and loss as Friberg's. Red
    cells: three stages in the marrow, eight in the blood, so that they age. Lymphocytes are killed
    where they are; the pool is the count.
    """
    most = values["red marrow.most_feedback"]

    def made(
        name: str, stages: tuple[Array, ...], in_blood: int, *, by_pool: bool = False
    ) -> Lineage:
        return Lineage(
            values[f"{name}.alpha"] * sensitivity, values[f"{name}.renewal_rate"],
            values[f"{name}.feedback"], most, stages, in_blood, by_pool,
        )  # fmt: skip

    mega = STAGES / values["platelets.mtt"]
    delay, mature = STAGES / values["neutrophils.delay"], (STAGES + 1) / values["neutrophils.mtt"]
    young = STAGES / values["haemoglobin.mtt"]
    red = RED_CELL_STAGES / values["haemoglobin.lifespan"]
    return (
        made("platelets", (mega,) * STAGES + (1.0 / values["platelets.lifespan"],), 1),
        made("neutrophils", (delay,) * STAGES + (mature,) * (STAGES + 1), 1),
        made(
            "haemoglobin",
            (young,) * STAGES + (red,) * RED_CELL_STAGES,
            RED_CELL_STAGES,
            by_pool=True,
        ),
        made("lymphocytes", (), 0),
    )
