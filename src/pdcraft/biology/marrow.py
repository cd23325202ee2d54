r"""Platelets, neutrophils, haemoglobin and lymphocytes under irradiation of the red marrow.

Radiation kills the pools from which blood cells come; counts follow after the time that maturation
takes (``lineage.py``), and a ward helps out by rule (``support.py``). What is read here from one
patient: dose rate in the marrow, covariates, and what a drug adds to the kill.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.biology import support
from pdcraft.biology.base import AbstractEffect
from pdcraft.biology.lineage import LINEAGES, UNITS, Lineage, lineages
from pdcraft.biology.stepping import Grid
from pdcraft.biology.support import Support
from pdcraft.biology.survival import (
    TissueDose,
    lq_doses,
    lq_needs,
    surviving_fraction,
    tissue_dose,
)
from pdcraft.domain import Amount, DoseRate, Effect, InputError, Patient, Samples, Values

MARROW = "red marrow"
GIVEN = ("platelet transfusions", "red cell transfusions", "G-CSF days")


class AbstractCytotoxicity(eqx.Module):
    """What a drug, by its concentration, adds to the kill of the marrow's pools."""

    @property
    @abc.abstractmethod
    def needs(self) -> Mapping[str, str]:
        """Parameters read from the patient: name and unit."""

    @abc.abstractmethod
    def lesions(
        self, amount: Amount, patient: Patient, t_h: Float[Array, "time"]
    ) -> Float[Array, "lineage time"]:
        """Mean number of lethal lesions per cell so far, for every lineage of `LINEAGES`."""


def marrow_sensitivity(values: Values) -> Array:
    r"""Sensitivity of one patient's marrow, in parts of that of the calibration.

    His own draw, times what earlier therapy does, :math:`e^{c\,(n - n_{50})}` with *n* lines.
    """
    lines = values["patient.prior_lines"] - values["red marrow.prior_lines_reference"]
    return values["red marrow.sensitivity"] * jnp.exp(
        values["red marrow.prior_lines_effect"] * lines
    )


def baseline_counts(values: Values) -> Float[Array, "lineage"]:
    r"""Counts before treatment, lowered where myeloma takes the room. ``[lineage]``.

    .. math:: C_0 = C_{50}\left(\frac{1-f}{1-f_{50}}\right)^b

    with *f* the infiltration of the marrow; :math:`b` = 0 leaves counts independent of it.
    """
    room = (1.0 - values["marrow.infiltration"]) / (
        1.0 - values["red marrow.infiltration_reference"]
    )
    share = room ** values["red marrow.infiltration_on_counts"]
    return share * jnp.stack([values[f"{name}.baseline"] for name in LINEAGES])


def blood_counts(
    values: Values,
    dose: TissueDose,
    clock: Samples,
    *,
    steps: int = 360,
    lesions: Float[Array, "lineage step"] | None = None,
) -> Float[Array, "marker time"]:
    """Counts of `LINEAGES`, then transfusions and days of G-CSF so far. ``[marker, time]``.

    Parameters
    ----------
    values
        Of the files ``tissues/marrow.toml`` and ``tissues/support.toml``, and covariates.
    dose
        Dose rate in the red marrow.
    clock
        Instants asked for; the first step starts at t = 0. h.
    steps
        Equal steps up to the last instant; a day each is enough.
    lesions
        What a drug adds to the lethal lesions so far, at the beginning and after every step.
    """
    grid = Grid.over(clock, steps)
    lines = lineages(values, marrow_sensitivity(values))
    linear, quadratic = dose.along(grid.time_h, values["red marrow.repair_half_time"])
    bed = linear + quadratic / values["red marrow.alpha_beta"]
    added = jnp.zeros((len(lines), steps + 1)) if lesions is None else lesions
    course = _march(values, grid, lines, bed, added)
    return grid.read(course, clock.time_h).T


def _march(
    values: Values,
    grid: Grid,
    lines: tuple[Lineage, ...],
    bed: Float[Array, "step"],
    added: Float[Array, "lineage step"],
) -> Float[Array, "step marker"]:
    """All markers at every point of the grid."""
    baseline, ward = baseline_counts(values), Support.by(values, grid)
    weights = [line.weights(grid) for line in lines]
    lasting = values["red marrow.lasting_loss"]

    def seen(states: tuple, given: support.Given) -> Array:
        own = [b * line.count(s) for b, line, s in zip(baseline, lines, states, strict=True)]
        measured = ward.measured((own[0], own[1], own[2]), given)
        counted = given.platelet_transfusions, given.red_cell_transfusions, given.gcsf_days
        return jnp.stack([*measured, own[3], *counted])

    def step(carry: tuple, x: tuple[Array, Array, Array]) -> tuple:
        (states, given), (bed_before, bed_now, more) = carry, x
        states = tuple(
            line.advance(
                state, w, grid.step_h, line.alpha_per_Gy * bed_now + more[i], -lasting * bed_before
            )
            for i, (line, state, w) in enumerate(zip(lines, states, weights, strict=True))
        )
        own = [b * line.count(s) for b, line, s in zip(baseline, lines, states, strict=True)]
        given = ward.advance((own[0], own[1], own[2]), given)
        return (states, given), seen(states, given)

    start = (tuple(line.start() for line in lines), ward.start())
    _, course = jax.lax.scan(step, start, (bed[:-1], bed[1:], added[:, 1:].T))
    return jnp.concatenate([seen(*start)[None], course])


class Marrow(AbstractEffect):
    r"""Red marrow: BED, survival of platelet progenitors, and blood counts over time.

    Counts start at the patient's baseline at t = 0 and return to it, or to what irradiation has
    left of it (``red marrow.lasting_loss``). Markers besides the counts: platelet and red cell
    transfusions given so far, days on G-CSF so far.

    Attributes
    ----------
    steps
        Steps over the follow-up; one a day is enough.
    cytotoxic
        What a drug adds to the kill; None for a payload that acts by radiation alone.

    References
    ----------
    friberg2002 (structure of maturation and feedback); wang2010, Table I (platelets)
    """

    steps: int = eqx.field(static=True, default=360)
    cytotoxic: AbstractCytotoxicity | None = None

    def __check_init__(self) -> None:
        """Refuse a model without steps."""
        if self.steps < 1:
            raise InputError(f"steps = {self.steps} must be at least 1; 360 suit 180 d.")

    tissues: ClassVar[tuple[str, ...]] = (MARROW,)
    markers: ClassVar[tuple[str, ...]] = (*LINEAGES, *GIVEN)
    marker_units: ClassVar[tuple[str, ...]] = (*UNITS, "1", "1", "d")

    @property
    def needs(self) -> Mapping[str, str]:
        """Parameters of ``tissues/marrow.toml`` and ``tissues/support.toml``, and covariates."""
        lineages = {
            f"{line}.{what}": unit.format(count)
            for line, count in zip(LINEAGES, UNITS, strict=True)
            for what, unit in (
                ("baseline", "{}"), ("alpha", "1/Gy"), ("renewal_rate", "1/h"), ("feedback", "1"),
            )
        }  # fmt: skip
        drug = {} if self.cytotoxic is None else self.cytotoxic.needs
        return {
            **lineages,
            **dict.fromkeys(
                ("platelets.mtt", "platelets.lifespan", "neutrophils.mtt", "neutrophils.delay",
                 "haemoglobin.mtt", "haemoglobin.lifespan"), "h",
            ),
            **dict.fromkeys(
                ("red marrow.sensitivity", "red marrow.most_feedback", "marrow.infiltration",
                 "red marrow.infiltration_reference", "red marrow.infiltration_on_counts",
                 "patient.prior_lines", "red marrow.prior_lines_reference",
                 "red marrow.prior_lines_effect"), "1",
            ),
            "red marrow.lasting_loss": "1/Gy",
            **lq_needs(MARROW),
            **support.NEEDS,
            **drug,
        }  # fmt: skip

    def effect(
        self, dose_rate: DoseRate, amount: Amount, patient: Patient, clock: Samples
    ) -> Effect:
        """BED, EQD2, survival of platelet progenitors; counts and support over time."""
        values = patient.parameters
        dose = tissue_dose(dose_rate, MARROW, rbe_alpha=values["red marrow.rbe_alpha"])
        bed, eqd2 = lq_doses(dose, MARROW, values)
        survival = surviving_fraction(values["platelets.alpha"] * marrow_sensitivity(values), bed)
        lesions = None
        if self.cytotoxic is not None:
            lesions = self.cytotoxic.lesions(amount, patient, Grid.over(clock, self.steps).time_h)
        return Effect(
            self.tissues, bed[None], eqd2[None], survival[None], self.markers, self.marker_units,
            clock, blood_counts(values, dose, clock, steps=self.steps, lesions=lesions),
        )  # fmt: skip
