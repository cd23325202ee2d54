"""Reference bodies and media as data: what dosimetry is computed from."""

from __future__ import annotations

import equinox as eqx
from jaxtyping import Array, Float

from pdcraft.domain.errors import unknown


class Phantom(eqx.Module):
    r"""A reference body with its photon specific absorbed fractions.

    Attributes
    ----------
    name
        As ``"adult_male"``.
    targets, sources
        Region names of the two axes of ``saf_per_kg``.
    mass_g
        Mass of every target. g, ``[target]``.
    source_mass_g
        Mass of every source; g, ``[source]``.
    energy_MeV
        Photon energies of the table. MeV, ``[energy]``.
    saf_per_kg
        Specific absorbed fraction :math:`\Phi(r_T \leftarrow r_S, E)`. 1/kg,
        ``[target, source, energy]``.
    relative_sigma
        Relative standard deviation of ``saf_per_kg`` from Monte Carlo, same shape.
    electron_MeV
        Electron energies of the next. MeV, ``[electron]``.
    electron_fraction
        Part of the energy of electrons from a source that a target absorbs, where it is known;
        without it electrons stay in their source. ``[target, source, electron]``.
    """

    name: str = eqx.field(static=True)
    targets: tuple[str, ...] = eqx.field(static=True)
    sources: tuple[str, ...] = eqx.field(static=True)
    mass_g: Float[Array, "target"]
    source_mass_g: Float[Array, "source"]
    energy_MeV: Float[Array, "energy"]
    saf_per_kg: Float[Array, "target source energy"]
    relative_sigma: Float[Array, "target source energy"]
    electron_MeV: Float[Array, "electron"] | None = None
    electron_fraction: Float[Array, "target source electron"] | None = None

    def target(self, name: str) -> int:
        """Position of a target region; a MissingError suggests the nearest name."""
        if name not in self.targets:
            raise unknown("Target region", name, self.targets)
        return self.targets.index(name)

    def source(self, name: str) -> int:
        """Position of a source region; a MissingError suggests the nearest name."""
        if name not in self.sources:
            raise unknown("Source region", name, self.sources)
        return self.sources.index(name)


class Stopping(eqx.Module):
    r"""Total mass stopping power of one medium for electrons.

    Attributes
    ----------
    medium
        As ``"water, liquid"``.
    density_g_per_cm3
        g/cm3.
    energy_MeV, MeV_cm2_per_g
        Rising energies (MeV) and :math:`S/\rho` (MeV cm2/g); ``[energy]``.
    """

    medium: str = eqx.field(static=True)
    density_g_per_cm3: float = eqx.field(static=True)
    energy_MeV: Float[Array, "energy"]
    MeV_cm2_per_g: Float[Array, "energy"]
