"""What is given: a carrier coupled to a payload; what a nuclide emits and becomes."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from pdcraft.domain.errors import InputError
from pdcraft.domain.units import AVOGADRO_PER_NMOL, DECAYS_PER_MBQ_H


class Chain(eqx.Module):
    r"""A radionuclide and the radioactive progeny that count, with the Bateman solution as data.

    Pure parent atoms :math:`N_0` become

    .. math:: N_d(t) = N_0 \sum_k c_{dk}\, e^{-\lambda_k t}.

    Attributes
    ----------
    nuclides
        Parent first, as ``("I-131", "Xe-131m")``.
    rate_per_h
        Decay constants. 1/h, ``[nuclide]``.
    bateman
        :math:`c_{dk}`. ``[nuclide, nuclide]``.
    """

    nuclides: tuple[str, ...] = eqx.field(static=True)
    rate_per_h: Float[Array, "nuclide"]
    bateman: Float[Array, "nuclide nuclide"]

    @property
    def nmol_per_MBq(self) -> Float[Array, ""]:
        r"""Parent atoms in 1 MBq, :math:`1/(\lambda N_A)`. nmol."""
        if not self.nuclides:
            raise InputError("A payload that does not decay has no activity; give its mass.")
        return DECAYS_PER_MBQ_H / self.rate_per_h[0] / AVOGADRO_PER_NMOL


class Emissions(eqx.Module):
    """What one nuclide emits per decay, by radiation.

    Attributes
    ----------
    nuclide
        As ``"I-131"``.
    photon_MeV, photon_yield
        Gamma, X and annihilation lines. MeV, per decay; ``[line]``.
    electron_MeV, electron_yield
        Conversion and Auger lines and the beta spectrum in bins. MeV, per decay; ``[line]``.
    alpha_MeV, alpha_yield
        Alpha lines with their recoil lines. MeV, per decay; ``[line]``.
    """

    nuclide: str = eqx.field(static=True)
    photon_MeV: Float[Array, "photon"]
    photon_yield: Float[Array, "photon"]
    electron_MeV: Float[Array, "electron"]
    electron_yield: Float[Array, "electron"]
    alpha_MeV: Float[Array, "alpha"]
    alpha_yield: Float[Array, "alpha"]

    def energy_MeV(self, radiation: str) -> float:
        """Energy per decay in one radiation (``"photon"``, ``"electron"``, ``"alpha"``). MeV."""
        energy, count = (
            np.asarray(getattr(self, f"{radiation}_{what}")) for what in ("MeV", "yield")
        )
        return float((energy * count).sum())


class Carrier(eqx.Module):
    """The molecule that carries the payload.

    Attributes
    ----------
    name, formula
        As ``"CLR1404"``.
    molar_mass_g_per_mol
        g/mol.
    """

    name: str = eqx.field(static=True)
    formula: str = eqx.field(static=True)
    molar_mass_g_per_mol: float = eqx.field(static=True)


class Drug(eqx.Module):
    """A cytotoxic that acts where it is free, by its concentration.

    Attributes
    ----------
    name
        As ``"paclitaxel"``; also the prefix of its parameters.
    formula, molar_mass_g_per_mol
        Of the free drug. g/mol.
    """

    name: str = eqx.field(static=True)
    formula: str = eqx.field(static=True)
    molar_mass_g_per_mol: float = eqx.field(static=True)


class Payload(eqx.Module):
    """What the carrier brings: a radionuclide with its progeny, or a cytotoxic on a linker.

    Attributes
    ----------
    name
        As ``"I-131"`` or ``"paclitaxel"``.
    chain, emissions
        The nuclides that act where the carrier is, and what they emit (same order); none for a
        cytotoxic.
    drug
        What the linker sets free; None for a radionuclide.
    """

    name: str = eqx.field(static=True)
    chain: Chain
    emissions: tuple[Emissions, ...]
    drug: Drug | None = None

    @classmethod
    def cytotoxic(cls, drug: Drug) -> Payload:
        """A payload that does not decay: its chain holds no nuclide."""
        empty = Chain((), jnp.zeros(0), jnp.zeros((0, 0)))
        return cls(drug.name, empty, (), drug)


class Agent(eqx.Module):
    """A conjugate: one carrier, one payload. Swapping the payload is one word."""

    name: str = eqx.field(static=True)
    carrier: Carrier
    payload: Payload
