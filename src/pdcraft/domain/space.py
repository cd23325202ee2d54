"""Where things are: named regions (a voxel grid joins them with the voxel engines)."""

from __future__ import annotations

import equinox as eqx
from jaxtyping import Array, Float

from pdcraft.domain.errors import unknown


class Regions(eqx.Module):
    """Named regions of a body and their masses.

    Attributes
    ----------
    names
        Region names, plural lower-case ICRP words (``"kidneys"``, ``"red marrow"``).
    mass_g
        Mass of each region. g, ``[place]``; 0 for a region that has no mass of its own.
    """

    names: tuple[str, ...] = eqx.field(static=True)
    mass_g: Float[Array, "place"]

    def index(self, name: str) -> int:
        """Position of a region; a MissingError suggests the nearest name."""
        if name not in self.names:
            raise unknown("Region", name, self.names)
        return self.names.index(name)

    def __len__(self) -> int:
        """Number of regions."""
        return len(self.names)
