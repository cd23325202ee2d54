r"""Paclitaxel set free from a conjugate in a mouse: two compartments, linear, by body mass.

.. math::
   A_1' = r(t) - (k_{10} + k_{12}) A_1 + k_{21} A_2, \qquad A_2' = k_{12} A_1 - k_{21} A_2,
   \qquad C_1 = \frac{A_1}{V_1 M}

with the body mass *M*. The area under the plasma curve is what was released over
:math:`V_1 M k_{10}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.kinetics.disposition import AbstractDisposition


class PaclitaxelInMouse(AbstractDisposition):
    """Free paclitaxel in a mouse, by the library file ``kinetics/paclitaxel_mouse``.

    Notes
    -----
    Of paclitaxel given free, in a vehicle; that the same drug moves so when a conjugate sets it
    free is an assumption. Another source (eiseman1994) has a third of the clearance.

    References
    ----------
    simeoni2004, pharmacokinetics of paclitaxel, as in DDMODEL00000006

    Examples
    --------
    Volumes of plasma and tissue of a mouse of 25 g, in L:

    >>> from pdcraft.domain import Values
    >>> given = {"paclitaxel.V1": 0.81, "paclitaxel.k10": 0.868, "paclitaxel.k12": 0.006,
    ...          "paclitaxel.k21": 0.0838, "mouse.body_mass": 0.025}
    >>> mouse = PaclitaxelInMouse(Values(tuple(given), jnp.asarray(list(given.values()))))
    >>> [round(float(v), 5) for v in mouse.volumes_L()]
    [0.02025, 0.00145]
    """

    compartments: ClassVar[tuple[str, ...]] = ("plasma", "tissue")
    needs: ClassVar[Mapping[str, str]] = {
        "paclitaxel.V1": "L/kg", "paclitaxel.k10": "1/h", "paclitaxel.k12": "1/h",
        "paclitaxel.k21": "1/h", "mouse.body_mass": "kg",
    }  # fmt: skip

    def volumes_L(self) -> Float[Array, "2"]:
        r"""Volumes of plasma, and of tissue in equilibrium, :math:`V_1 k_{12}/k_{21}`. L."""
        p = self.values
        plasma = p["paclitaxel.V1"] * p["mouse.body_mass"]
        return jnp.stack([plasma, plasma * p["paclitaxel.k12"] / p["paclitaxel.k21"]])

    def slope(self, amount_ug: Float[Array, "2"], entry_ug_per_h: Array) -> Float[Array, "3"]:
        """Rates of change of the two amounts, and what is lost. ug/h."""
        p, (plasma, tissue) = self.values, amount_ug
        lost = p["paclitaxel.k10"] * plasma
        taken = p["paclitaxel.k12"] * plasma - p["paclitaxel.k21"] * tissue
        return jnp.stack([entry_ug_per_h - lost - taken, taken, lost])
