r"""Kill by a cytotoxic payload: a hazard that saturates with concentration and lasts as long as it.

.. math:: h(C) = k_{max}\,\frac{C}{C_{50} + C}

so that the surviving fraction falls exponentially with the time above :math:`C_{50}`, as
clonogenic assays of paclitaxel find, and more drug beyond saturation adds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.biology.bed import Real
from pdcraft.biology.stepping import Grid
from pdcraft.domain import Amount, InputError, Values

NM_PER_NMOL_PER_G = 1e3
"""1 nmol in 1 g of tissue (1 mL) is 1000 nmol/L."""


def kill_hazard_per_h(concentration_nM: Real, *, fastest_per_h: Real, half_nM: Real) -> Array:
    r"""Hazard of death of a cycling cell in drug. 1/h.

    .. math:: h = k_{max}\,C/(C_{50} + C) \qquad (X5)

    Parameters
    ----------
    concentration_nM
        Free drug around the cells. nmol/L, >= 0.
    fastest_per_h, half_nM
        Hazard at saturation (1/h), concentration of half of it (nmol/L).

    References
    ----------
    liebmann1993 (saturation, and growth of the kill with exposure time)

    Examples
    --------
    >>> round(float(kill_hazard_per_h(6.0, fastest_per_h=0.072, half_nM=6.0)), 3)
    0.036
    """
    c = jnp.asarray(concentration_nM)
    return fastest_per_h * c / (half_nM + c)


def saturating_kill(
    *, half_survival_nM: float, exposure_h: float, later_h: float, further_kill: float
) -> tuple[float, float]:
    r"""The two parameters of the hazard from what a clonogenic assay reports.

    Saturated, survival falls by the factor ``further_kill`` between ``exposure_h`` and ``later_h``;
    half of the cells survive ``exposure_h`` in ``half_survival_nM``:

    .. math::
       k_{max} = \frac{\ln f}{t_2 - t_1}, \qquad
       C_{50} = IC_{50}\left(\frac{k_{max}\,t_1}{\ln 2} - 1\right)

    Returns
    -------
    tuple[float, float]
        :math:`k_{max}` (1/h) and :math:`C_{50}` (nmol/L).

    Raises
    ------
    InputError
        If even a saturated hazard could not halve the cells in ``exposure_h``.

    Examples
    --------
    >>> k, half = saturating_kill(
    ...     half_survival_nM=4.33, exposure_h=24.0, later_h=72.0, further_kill=31.6
    ... )
    >>> round(k, 4), round(half, 2)
    (0.0719, 6.46)
    """
    fastest = log(further_kill) / (later_h - exposure_h)
    if fastest * exposure_h <= log(2.0):
        raise InputError(
            f"A {further_kill:g}-fold kill in {later_h - exposure_h:g} h is too slow to halve the "
            f"cells in {exposure_h:g} h at any concentration. Check that the two numbers are of "
            "the same cells."
        )
    return fastest, half_survival_nM * (fastest * exposure_h / log(2.0) - 1.0)


class CytotoxicKill(eqx.Module):
    """Kill of the cells of one region by a drug that lies free in it.

    Attributes
    ----------
    species
        The free drug among the amount's species, as ``"paclitaxel"``.
    """

    species: str = eqx.field(static=True, default="paclitaxel")

    @property
    def needs(self) -> Mapping[str, str]:
        """Parameters of the file ``tissues/cytotoxic.toml``."""
        return {
            f"{self.species}.kill_rate": "1/h",
            f"{self.species}.half_kill": "nM",
            f"{self.species}.free_fraction": "1",
        }

    def lethal_by(
        self, amount: Amount, place: str, values: Values, grid: Grid
    ) -> Float[Array, "step"]:
        """Lethal events per cell by each instant of the grid; survival is its exponential.

        Raises
        ------
        MissingError
            If the amount holds no such region or species.
        """
        i, s = amount.space.index(place), amount.species_index(self.species)
        nmol = jnp.einsum("m,tm->t", amount.nmol[i, s], amount.clock.at(grid.time_h))
        free = values[f"{self.species}.free_fraction"]
        concentration = NM_PER_NMOL_PER_G * free * nmol / amount.space.mass_g[i]
        hazard = kill_hazard_per_h(
            concentration,
            fastest_per_h=values[f"{self.species}.kill_rate"],
            half_nM=values[f"{self.species}.half_kill"],
        )
        steps = 0.5 * (hazard[1:] + hazard[:-1]) * grid.step_h
        return jnp.concatenate([jnp.zeros(1), jnp.cumsum(steps)])
