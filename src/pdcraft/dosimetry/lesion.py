"""Spherical lesions: which part of every radiation stays in a lesion of a given mass."""

from __future__ import annotations

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike, NDArray

from pdcraft.domain.agent import Emissions
from pdcraft.domain.phantom import Stopping
from pdcraft.dosimetry.sphere import ElectronSpheres, mean_electron_absorbed_fraction

_MASS_G = np.geomspace(1e-3, 1e4, 57)


class PhotonSpheres(eqx.Module):
    """Absorbed fractions of photons that are born evenly in water spheres of unit density.

    Attributes
    ----------
    energy_MeV, mass_g
        Rising energies (MeV) and masses (g).
    fraction, sigma
        Absorbed fraction and its standard deviation. ``[energy, mass]``.
    """

    energy_MeV: NDArray
    mass_g: NDArray
    fraction: NDArray
    sigma: NDArray


def mean_photon_absorbed_fraction(
    emissions: Emissions, mass_g: ArrayLike, spheres: PhotonSpheres
) -> NDArray:
    """Energy-weighted absorbed fraction of all photons of a nuclide in spheres. 0 to 1.

    The table is interpolated logarithmically in fraction, mass and energy; beyond it, its end.
    """
    E, y = np.asarray(emissions.photon_MeV), np.asarray(emissions.photon_yield)
    mass = np.atleast_1d(np.asarray(mass_g, float))
    if not (E * y).sum() > 0:
        return np.zeros(np.shape(mass_g))
    known = np.log(spheres.mass_g)
    by_mass = np.stack([np.interp(np.log(mass), known, np.log(f)) for f in spheres.fraction])
    x, nodes = np.log(E), np.log(spheres.energy_MeV)
    by_line = np.exp(np.stack([np.interp(x, nodes, column) for column in by_mass.T]))
    return ((by_line * E * y).sum(axis=-1) / (E * y).sum()).reshape(np.shape(mass_g))


class Lesions(eqx.Module):
    r"""Absorbed fractions of unit-density spheres for the nuclides of an engine.

    Log-odds are linear in the logarithm of the mass, so that doses can be differentiated with
    respect to it. Checked from 1 mg to 10 kg; beyond, the value at the end.

    Attributes
    ----------
    log_mass
        Natural logarithm of masses in g. ``[mass]``.
    log_odds
        :math:`\ln\phi/(1-\phi)`. ``[mass, nuclide, 3]``.

    References
    ----------
    goddu1994, spheres by reciprocity; fractions by pdcraft's own transport
    """

    log_mass: Float[Array, "mass"]
    log_odds: Float[Array, "mass nuclide 3"]

    @staticmethod
    def of(
        emissions: Sequence[Emissions],
        stopping: Stopping,
        spheres: ElectronSpheres,
        photon_spheres: PhotonSpheres,
    ) -> Lesions:
        """Fractions of the nuclides that emit ``emissions``, weighted by energy."""
        rows = [
            np.stack(
                [
                    mean_photon_absorbed_fraction(e, _MASS_G, photon_spheres),
                    mean_electron_absorbed_fraction(e, _MASS_G, stopping, spheres=spheres),
                    # Alphas go less than 0.1 mm: 1 % of their energy leaves a sphere of 0.1 g.
                    np.ones_like(_MASS_G),
                ],
                axis=-1,
            )
            for e in emissions
        ]
        phi = np.clip(np.stack(rows, axis=1), 1e-9, 1.0 - 1e-9)
        return Lesions(jnp.log(_MASS_G), jnp.log(phi / (1.0 - phi)))

    def fraction(self, mass_g: Float[Array, ""]) -> Float[Array, "nuclide 3"]:
        """Absorbed fraction in a sphere of this mass, by nuclide and radiation. 0 to 1."""
        flat = self.log_odds.reshape(len(self.log_mass), -1)
        at = jax.vmap(lambda row: jnp.interp(jnp.log(mass_g), self.log_mass, row))(flat.T)
        return jax.nn.sigmoid(at.reshape(self.log_odds.shape[1:]))
