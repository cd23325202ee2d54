"""The contract of free drug in the body: compartments, plasma first, and the rates between them."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from typing import ClassVar

import diffrax
import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.domain import InputError, Values


class AbstractDisposition(eqx.Module):
    """Free drug over time in one individual, from what releases it into plasma.

    A final class declares ``compartments`` and ``needs`` and answers `volumes_L` and `slope`.

    Attributes
    ----------
    values
        The individual's parameters, with those in ``needs`` among them.
    tolerance
        Relative tolerance of the solver.
    """

    values: Values
    tolerance: float = eqx.field(static=True, default=1e-8)
    compartments: ClassVar[tuple[str, ...]]
    needs: ClassVar[Mapping[str, str]]

    @abc.abstractmethod
    def volumes_L(self) -> Float[Array, "compartment"]:
        """Volumes of distribution of the compartments. L, ``[compartment]``."""

    @abc.abstractmethod
    def slope(
        self, amount_ug: Float[Array, "compartment"], entry_ug_per_h: Array
    ) -> Float[Array, "compartment+1"]:
        """Rates of change of the amounts, and last what is lost. ug/h, ``[compartment+1]``."""

    def amounts_ug(
        self, entry_ug_per_h: Callable[[Array], Array], time_h: Float[Array, "time"]
    ) -> Float[Array, "time compartment+1"]:
        """Amounts in the compartments, and last what is lost so far. ug, ``[time, compartment+1]``.

        Parameters
        ----------
        entry_ug_per_h
            Release into plasma over time. ug/h.
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
        n = len(self.compartments)
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda t, y, _: self.slope(y[:n], entry_ug_per_h(jnp.asarray(t)))),
            diffrax.Kvaerno5(), time[0], time[-1], dt0=None, y0=jnp.zeros(n + 1),
            saveat=diffrax.SaveAt(ts=time), max_steps=100_000,
            stepsize_controller=diffrax.PIDController(rtol=self.tolerance, atol=1e-6),
        )  # fmt: skip
        if solution.ys is None:
            raise InputError("The solver gave nothing back; ask for fewer or later instants.")
        return solution.ys

    def concentration_ug_per_L(
        self, amounts_ug: Float[Array, "time compartment+1"]
    ) -> Float[Array, "time"]:
        """Total drug in plasma. ug/L (ng/mL), ``[time]``."""
        return amounts_ug[:, 0] / self.volumes_L()[0]


def infusion_ug_per_h(dose_ug: float, duration_h: float) -> Callable[[Array], Array]:
    """A constant infusion from 0 h on, as what enters over time. ug/h."""
    if not duration_h > 0:
        raise InputError(f"duration_h = {duration_h:g} must be greater than 0 h.")
    return lambda t: jnp.where(t < duration_h, dose_ug / duration_h, 0.0)
