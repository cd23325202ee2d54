"""Transfusions and growth factor by rule, as a ward gives them, from day to day.

Every rule is an assumption of the study (``tissues/support.toml``); a limit of 0 switches it off.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.biology.stepping import Grid, Stage
from pdcraft.domain import Values

NEEDS = {
    "support.platelets_below": "1e9/L",
    "support.platelets_rise": "1e9/L",
    "support.platelets_survival": "h",
    "support.red_cells_below": "g/dL",
    "support.red_cells_rise": "g/dL",
    "support.red_cells_survival": "h",
    "support.gcsf_below": "1e9/L",
    "support.gcsf_gain": "1",
}
GCSF_ONSET_H = 24.0
"""Time constant with which the effect of G-CSF comes and goes (assumption). h."""
DAY_H = 24.0


class Given(NamedTuple):
    """What circulates that was given, and how much was given so far."""

    platelets: Array
    red_cells: Array
    gcsf: Array
    since_h: Array
    platelet_transfusions: Array
    red_cell_transfusions: Array
    gcsf_days: Array


class Support(eqx.Module):
    """The ward's rules for one patient.

    Attributes
    ----------
    values
        Parameters by the names in `NEEDS`.
    step_h
        Length of a step. Counts are looked at once a day, or at every step if that is longer.
    """

    values: Values
    step_h: Float[Array, ""]
    lost_platelets: Stage
    lost_red_cells: Stage
    onset: Stage

    @classmethod
    def by(cls, values: Values, grid: Grid) -> Support:
        """Rules with the steps of a grid."""
        return cls(
            values, grid.step_h, grid.stage(1.0 / values["support.platelets_survival"]),
            grid.stage(1.0 / values["support.red_cells_survival"]),
            grid.stage(jnp.asarray(1.0 / GCSF_ONSET_H)),
        )  # fmt: skip

    def start(self) -> Given:
        """Nothing given yet."""
        zero = jnp.zeros(())
        return Given(zero, zero, zero, jnp.asarray(DAY_H), zero, zero, zero)

    def measured(self, own: tuple[Array, Array, Array], given: Given) -> tuple[Array, ...]:
        """Platelets, neutrophils and haemoglobin as a laboratory finds them."""
        platelets, neutrophils, haemoglobin = own
        gain = 1.0 + self.values["support.gcsf_gain"] * given.gcsf
        return platelets + given.platelets, neutrophils * gain, haemoglobin + given.red_cells

    def advance(self, own: tuple[Array, Array, Array], given: Given) -> Given:
        """What is given and left after a step that ends with these own counts."""
        values, zero = self.values, jnp.zeros(())
        left = given._replace(
            platelets=given.platelets * self.lost_platelets.keep,
            red_cells=given.red_cells * self.lost_red_cells.keep,
        )
        platelets, _, haemoglobin = self.measured(own, left)
        since = given.since_h + self.step_h
        looks = since >= DAY_H * (1 - 1e-9)
        low = looks & (platelets < values["support.platelets_below"])
        pale = looks & (haemoglobin < values["support.red_cells_below"])
        bare = own[1] < values["support.gcsf_below"]
        on = jnp.where(bare, 1.0, zero)
        return Given(
            left.platelets + jnp.where(low, values["support.platelets_rise"], zero),
            left.red_cells + jnp.where(pale, values["support.red_cells_rise"], zero),
            self.onset(given.gcsf, on, on),
            jnp.where(looks, zero, since),
            given.platelet_transfusions + low,
            given.red_cell_transfusions + pale,
            given.gcsf_days + on * self.step_h / DAY_H,
        )
