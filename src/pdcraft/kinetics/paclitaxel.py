r"""Paclitaxel set free from a conjugate in a patient: saturable exchange and loss.

The carrier stays linear; only the free drug needs a solver:

.. math::
   A_1' &= r(t) - \frac{V_{el} C_1}{K_{el}+C_1} - \frac{V_{tr} C_1}{K_{tr}+C_1}
           + \frac{V_{tr} C_2}{K_{tr}+C_2} - Q (C_1 - C_3) \\
   A_2' &= \frac{V_{tr} C_1}{K_{tr}+C_1} - \frac{V_{tr} C_2}{K_{tr}+C_2},\qquad
   A_3' = Q (C_1 - C_3)

The structure and numbers are those of nab-paclitaxel; that free drug from another conjugate moves
like it is an assumption.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.kinetics.disposition import AbstractDisposition


class Paclitaxel(AbstractDisposition):
    """Free paclitaxel in a patient, by the library file ``kinetics/paclitaxel``.

    References
    ----------
    chen2014, Table 2
    """

    compartments: ClassVar[tuple[str, ...]] = ("plasma", "deep tissue", "shallow tissue")
    needs: ClassVar[Mapping[str, str]] = {
        "paclitaxel.V1": "L", "paclitaxel.V2": "L", "paclitaxel.V3": "L", "paclitaxel.Q": "L/h",
        "paclitaxel.vmax_exchange": "ug/h", "paclitaxel.km_exchange": "ug/L",
        "paclitaxel.vmax_loss": "ug/h", "paclitaxel.km_loss": "ug/L",
    }  # fmt: skip

    def volumes_L(self) -> Float[Array, "3"]:
        """Volumes of plasma, deep and shallow tissue. L."""
        return jnp.stack([self.values[f"paclitaxel.V{i}"] for i in (1, 2, 3)])

    def slope(self, amount_ug: Float[Array, "3"], entry_ug_per_h: Array) -> Float[Array, "4"]:
        """Rates of change of the three amounts, and what is lost. ug/h."""
        p = self.values
        c1, c2, c3 = amount_ug / self.volumes_L()

        def saturable(c: Array, what: str) -> Array:
            return p[f"paclitaxel.vmax_{what}"] * c / (p[f"paclitaxel.km_{what}"] + c)

        lost = saturable(c1, "loss")
        deep = saturable(c1, "exchange") - saturable(c2, "exchange")
        shallow = p["paclitaxel.Q"] * (c1 - c3)
        return jnp.stack([entry_ug_per_h - lost - deep - shallow, deep, shallow, lost])
