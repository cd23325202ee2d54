r"""Paclitaxel set free from a conjugate: three compartments, saturable exchange and loss.

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

from collections.abc import Callable
from typing import ClassVar

import diffrax
import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.domain import Amount, InputError, Regions, Samples, Values

MOLAR_MASS_g_per_mol = 853.9
"""Of paclitaxel, C47H51NO14."""


class Paclitaxel(eqx.Module):
    """Free paclitaxel over time, from what releases it.

    Attributes
    ----------
    values
        Of the library file ``kinetics/paclitaxel``.
    tolerance
        Relative tolerance of the solver.

    References
    ----------
    chen2014, Table 2
    """

    values: Values
    tolerance: float = eqx.field(static=True, default=1e-8)
    needs: ClassVar[dict[str, str]] = {
        "paclitaxel.V1": "L", "paclitaxel.V2": "L", "paclitaxel.V3": "L", "paclitaxel.Q": "L/h",
        "paclitaxel.vmax_exchange": "ug/h", "paclitaxel.km_exchange": "ug/L",
        "paclitaxel.vmax_loss": "ug/h", "paclitaxel.km_loss": "ug/L",
    }  # fmt: skip

    def slope(self, amount_ug: Float[Array, "3"], entry_ug_per_h: Array) -> Float[Array, "4"]:
        """Rates of change of the three amounts, and what is lost. ug/h."""
        p = self.values
        c1, c2, c3 = amount_ug / jnp.stack([p[f"paclitaxel.V{i}"] for i in (1, 2, 3)])

        def saturable(c: Array, what: str) -> Array:
            return p[f"paclitaxel.vmax_{what}"] * c / (p[f"paclitaxel.km_{what}"] + c)

        lost = saturable(c1, "loss")
        deep = saturable(c1, "exchange") - saturable(c2, "exchange")
        shallow = p["paclitaxel.Q"] * (c1 - c3)
        return jnp.stack([entry_ug_per_h - lost - deep - shallow, deep, shallow, lost])

    def amounts_ug(
        self, entry_ug_per_h: Callable[[Array], Array], time_h: Float[Array, "time"]
    ) -> Float[Array, "time 4"]:
        """Amounts in the three compartments, and what is lost so far. ug, ``[time, 4]``.

        Parameters
        ----------
        entry_ug_per_h
            Release into the central compartment over time. ug/h.
        time_h
            Rising instants from 0 on. h.

        Raises
        ------
        InputError
            If fewer than two instants are given, or they do not rise.
        """
        time = jnp.asarray(time_h, float)
        if time.shape[0] < 2:
            raise InputError("time_h must hold at least two rising instants, the first 0 h.")
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda t, y, _: self.slope(y[:3], entry_ug_per_h(jnp.asarray(t)))),
            diffrax.Kvaerno5(), time[0], time[-1], dt0=None, y0=jnp.zeros(4),
            saveat=diffrax.SaveAt(ts=time), max_steps=100_000,
            stepsize_controller=diffrax.PIDController(rtol=self.tolerance, atol=1e-6),
        )  # fmt: skip
        if solution.ys is None:
            raise InputError("The solver gave nothing back; ask for fewer or later instants.")
        return solution.ys

    def amount(
        self, entry_ug_per_h: Callable[[Array], Array], time_h: Float[Array, "time"]
    ) -> Amount:
        """Free drug in plasma, in deep and in shallow tissue, at sampled instants. nmol.

        Parameters
        ----------
        entry_ug_per_h, time_h
            As in `amounts_ug`.
        """
        ug = self.amounts_ug(entry_ug_per_h, time_h)[:, :3]
        space = Regions(("plasma", "deep tissue", "shallow tissue"), jnp.zeros(3))
        nmol = 1e3 / MOLAR_MASS_g_per_mol * ug.T[:, None, :]
        return Amount(space, ("paclitaxel",), Samples(jnp.asarray(time_h, float)), nmol)

    def concentration_ug_per_L(self, amounts_ug: Float[Array, "time 4"]) -> Float[Array, "time"]:
        """Total paclitaxel in plasma. ug/L (ng/mL), ``[time]``."""
        return amounts_ug[:, 0] / self.values["paclitaxel.V1"]


def infusion_ug_per_h(dose_ug: float, duration_h: float) -> Callable[[Array], Array]:
    """A constant infusion from 0 h on, as what enters over time. ug/h."""
    if not duration_h > 0:
        raise InputError(f"duration_h = {duration_h:g} must be greater than 0 h.")
    return lambda t: jnp.where(t < duration_h, dose_ug / duration_h, 0.0)
