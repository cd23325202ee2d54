"""What flows through the river: amount, activity, dose rate, dose, effect."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.domain.clock import Exponentials, Samples
from pdcraft.domain.errors import unknown
from pdcraft.domain.space import Grid, Regions


class Amount(eqx.Module):
    """Labelled molecules in every region, as if nothing decayed. nmol.

    Attributes
    ----------
    space
        The regions.
    species
        Chemical forms, as ``("CLR1404", "iodide")``.
    clock
        The modes of the last axis.
    nmol
        nmol, ``[place, species, mode]``.
    """

    space: Regions
    species: tuple[str, ...] = eqx.field(static=True)
    clock: Exponentials | Samples
    nmol: Float[Array, "place species mode"]

    def species_index(self, name: str) -> int:
        """Position of a chemical form; a MissingError suggests the nearest name."""
        if name not in self.species:
            raise unknown("Species", name, self.species)
        return self.species.index(name)

    def at(self, t_h: Float[Array, "*time"]) -> Float[Array, "*time place species"]:
        """Amount at given instants. nmol, ``[*time, place, species]``."""
        return jnp.einsum("psm,...m->...ps", self.nmol, self.clock.at(t_h))


class Activity(eqx.Module):
    """Activity of every nuclide in every region. MBq.

    Attributes
    ----------
    space, nuclides, clock
        The axes of ``MBq``.
    MBq
        MBq, ``[place, nuclide, mode]``.
    """

    space: Regions | Grid
    nuclides: tuple[str, ...] = eqx.field(static=True)
    clock: Exponentials | Samples
    MBq: Float[Array, "place nuclide mode"]
    sigma: Float[Array, "place nuclide mode"] | None = None

    def at(self, t_h: Float[Array, "*time"]) -> Float[Array, "*time place nuclide"]:
        """Activity at given instants. MBq, ``[*time, place, nuclide]``."""
        return jnp.einsum("pnm,...m->...pn", self.MBq, self.clock.at(t_h))

    @property
    def integral_MBq_h(self) -> Float[Array, "place nuclide"]:
        """Time-integrated activity to infinity. MBq h, ``[place, nuclide]``."""
        return jnp.einsum("...pnm,...m->...pn", self.MBq, self.clock.integral_h)


class Dose(eqx.Module):
    """Absorbed dose in every region, by radiation. Gy, ``[place, radiation]``."""

    space: Regions | Grid
    radiations: tuple[str, ...] = eqx.field(static=True)
    Gy: Float[Array, "place radiation"]
    sigma: Float[Array, "place radiation"] | None = None

    @property
    def total_Gy(self) -> Float[Array, "place"]:
        """Absorbed dose, all radiations together (no RBE). Gy, ``[place]``."""
        return self.Gy.sum(axis=-1)


class DoseRate(eqx.Module):
    """Absorbed dose rate in every region, by radiation. Gy/h.

    Attributes
    ----------
    space, radiations, clock
        The axes of ``Gy_per_h``; radiations are ``("photon", "electron", "alpha")``.
    Gy_per_h
        Gy/h, ``[place, radiation, mode]``.
    sigma
        Standard deviation of ``Gy_per_h`` from Monte Carlo; None means exact.
    """

    space: Regions | Grid
    radiations: tuple[str, ...] = eqx.field(static=True)
    clock: Exponentials | Samples
    Gy_per_h: Float[Array, "place radiation mode"]
    sigma: Float[Array, "place radiation mode"] | None = None

    def integrate(self) -> Dose:
        """Absorbed dose to infinity; leading axes, as of many patients, are kept."""
        weight = self.clock.integral_h
        sigma = None if self.sigma is None else jnp.einsum("...prm,...m->...pr", self.sigma, weight)
        return Dose(
            self.space,
            self.radiations,
            jnp.einsum("...prm,...m->...pr", self.Gy_per_h, weight),
            sigma,
        )

    def place(self, name: str) -> DoseRate:
        """The same field in one region only."""
        i = self.space.index(name)
        one = Regions((name,), self.space.mass_g[i : i + 1])
        sigma = None if self.sigma is None else self.sigma[i : i + 1]
        return DoseRate(one, self.radiations, self.clock, self.Gy_per_h[i : i + 1], sigma)


class Effect(eqx.Module):
    """What dose (or drug) does to tissues: LQ doses, survival, and the course of markers.

    Attributes
    ----------
    tissues
        Tissues answered for, as ``("red marrow", "tumour")``.
    BED_Gy, EQD2_Gy, survival
        Biologically effective dose, equivalent dose in 2 Gy fractions (Gy), and surviving
        fraction without regrowth. ``[tissue]``.
    markers, marker_units
        Names and units of what is followed over time (``"platelets"``, ``"1e9/L"``).
    clock
        Instants of the courses.
    course
        Value of every marker. ``[marker, mode]``.
    """

    tissues: tuple[str, ...] = eqx.field(static=True)
    BED_Gy: Float[Array, "tissue"]
    EQD2_Gy: Float[Array, "tissue"]
    survival: Float[Array, "tissue"]
    markers: tuple[str, ...] = eqx.field(static=True)
    marker_units: tuple[str, ...] = eqx.field(static=True)
    clock: Samples
    course: Float[Array, "marker mode"]

    def marker(self, name: str) -> Float[Array, "mode"]:
        """Course of one marker in its unit. ``[mode]``."""
        if name not in self.markers:
            raise unknown("Marker", name, self.markers)
        return self.course[self.markers.index(name)]
