"""Where the emitted energy went: what every voxel engine reports beside its dose."""

from __future__ import annotations

import equinox as eqx
import numpy as np
from numpy.typing import NDArray

from pdcraft.dosimetry.base import RADIATIONS


class EnergyBalance(eqx.Module):
    """Energy per time by radiation, summed over nuclides and places.

    Attributes
    ----------
    emitted, absorbed, escaped
        MeV per microsecond (energy per decay in MeV times activity in MBq), ``[radiation, mode]``,
        in the order of `RADIATIONS`. Escaped is what left the grid or lies beyond the kernel.
    """

    emitted: NDArray
    absorbed: NDArray
    escaped: NDArray

    @property
    def closure(self) -> NDArray:
        """Accounted over emitted energy, ``[mode]``; 1 where nothing is lost or made."""
        return (self.absorbed + self.escaped).sum(0) / self.emitted.sum(0)

    def __str__(self) -> str:
        """One line for each radiation."""
        rows = [
            f"{name:9s} emitted {e:12.6g}  absorbed {a:12.6g}  escaped {o:12.6g} MeV/us"
            for name, e, a, o in zip(
                RADIATIONS, self.emitted.sum(1), self.absorbed.sum(1), self.escaped.sum(1),
                strict=True,
            )
        ]  # fmt: skip
        closure = ", ".join(f"{c:.5f}" for c in np.atleast_1d(self.closure))
        return "\n".join([*rows, f"closure   {closure}"])
