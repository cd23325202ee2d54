r"""Spheres: what a nuclide does to the lesion that holds it, for any mass and tissue density.

Absorbed fractions of photons and electrons come from our own transport (tables of the library),
those of alphas from straight tracks. In one medium all lengths go with :math:`1/\rho`, so a sphere
of mass m and density :math:`\rho` absorbs what one of mass :math:`m\rho^2` at unit density does:

.. math:: S(m,\rho) = \frac1m\sum_i Y_iE_i\,\phi_i(E_i, m\rho^2) .

The surroundings are the same medium.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline

from pdcraft.domain import Activity, Anatomy, DoseRate, InputError
from pdcraft.domain.agent import Emissions
from pdcraft.domain.errors import ValidityWarning
from pdcraft.domain.phantom import Stopping
from pdcraft.domain.units import GY_G_PER_MEV_MBQ_H
from pdcraft.dosimetry.base import RADIATIONS, AbstractEngine
from pdcraft.dosimetry.lesion import PhotonSpheres
from pdcraft.dosimetry.sphere import ElectronSpheres, electron_absorbed_fraction

SCALED_MASS_G = np.geomspace(1e-3, 1e4, 57)
"""Masses m ρ² (g, ρ relative to 1 g/cm3) at which a `Sphere` knows its nuclides."""
NODES = 160
"""Energies at which fractions are known before lines are folded in; they are linear in between."""
_LOWEST_MEV = (1e-3, 1e-5, 1e-3)  # by radiation; what is below stays


def photon_absorbed_fraction(
    energy_MeV: ArrayLike, mass_g: ArrayLike, spheres: PhotonSpheres
) -> NDArray:
    r"""Part of a photon's energy that a unit-density sphere absorbs.

    :math:`\ln\phi/(1-\phi)` is cubic in ln m and in ln E between the values of the table.

    Parameters
    ----------
    energy_MeV, mass_g
        Photon energies (MeV) and masses (g); broadcast against each other. Photons below the table
        stay; above it the highest energy is used.
    spheres
        The table.

    Returns
    -------
    Array
        0 to 1.

    Examples
    --------
    >>> from pdcraft import library
    >>> water = PhotonSpheres(*library.photon_sphere_fractions())
    >>> round(float(photon_absorbed_fraction(0.364, 20.0, water)), 3)
    0.041
    """
    energy, mass = np.broadcast_arrays(np.asarray(energy_MeV, float), np.asarray(mass_g, float))
    kept = np.clip(spheres.fraction, 1e-12, 1.0 - 1e-6)
    known = np.log(kept / (1.0 - kept))
    first, last = np.log(spheres.energy_MeV[[0, -1]])
    at = np.clip(np.log(np.maximum(energy, 1e-12)), first, last)
    of_mass = CubicSpline(np.log(spheres.mass_g), known, axis=1)
    odds = np.empty(energy.shape)
    for m in np.unique(mass):
        here = mass == m
        odds[here] = CubicSpline(np.log(spheres.energy_MeV), of_mass(np.log(m)))(at[here])
    return np.where(energy < spheres.energy_MeV[0], 1.0, 1.0 / (1.0 + np.exp(-odds)))


class Sphere(AbstractEngine):
    r"""Self-dose of regions that are spheres, each in a medium of its own kind.

    Attributes
    ----------
    nuclides
        Nuclides whose activity it takes, as ``("I-131", "Xe-131m")``.
    density_g_per_cm3
        Tissue density, > 0.
    log_mass
        :math:`\ln(m\rho^2)` of the tables. ``[mass]``.
    absorbed_MeV, sigma_MeV
        Energy per decay that stays, and its standard deviation from Monte Carlo.
        ``[nuclide, radiation, mass]``.
    emitted_MeV
        Energy per decay, ``[nuclide, radiation]``.

    Notes
    -----
    Regions do not irradiate each other. Checked from 0.01 g to 1 kg at 0.2 to 2 g/cm3.

    References
    ----------
    goddu1994 (geometric factor); bolch2009, Eq. 4 (S from absorbed fractions)
    """

    nuclides: tuple[str, ...] = eqx.field(static=True)
    density_g_per_cm3: float = eqx.field(static=True)
    log_mass: Float[Array, "mass"]
    absorbed_MeV: Float[Array, "nuclide radiation mass"]
    sigma_MeV: Float[Array, "nuclide radiation mass"]
    emitted_MeV: Float[Array, "nuclide radiation"]

    def dose_rate(self, activity: Activity, anatomy: Anatomy) -> DoseRate:
        """Absorbed dose rate in every region of the anatomy. Gy/h.

        Raises
        ------
        InputError
            If the activity is of other nuclides than the engine was built for, or a region with
            activity has no mass.
        MissingError
            If activity lies in a region that the anatomy does not have.
        """
        if activity.nuclides != self.nuclides:
            raise InputError(
                f"The engine was built for {', '.join(self.nuclides)}; the activity is of "
                f"{', '.join(activity.nuclides)}. Build it for the chain of the payload."
            )
        space = anatomy.space
        rows = jnp.array([space.index(name) for name in activity.space.names])
        S, sigma = self.s_Gy_per_MBq_h(space.mass_g[rows])
        rate = jnp.einsum("pnr,pnm->prm", S, activity.MBq)
        spread = jnp.sqrt(jnp.einsum("pnr,pnm->prm", sigma**2, activity.MBq**2))
        zero = jnp.zeros((len(space), *rate.shape[1:]))
        return DoseRate(
            space, RADIATIONS, activity.clock, zero.at[rows].add(rate), zero.at[rows].add(spread)
        )

    def s_Gy_per_MBq_h(self, mass_g: ArrayLike) -> tuple[Array, Array]:
        r"""Dose to a sphere per decay in it, and its standard deviation.

        Parameters
        ----------
        mass_g
            Masses. g, > 0, ``[place]``.

        Returns
        -------
        S, sigma
            Gy/(MBq h), ``[place, nuclide, radiation]``.

        Raises
        ------
        InputError
            If a mass is not positive.

        Warns
        -----
        ValidityWarning
            If :math:`m\rho^2` is outside the tables, 1 mg to 10 kg.
        """
        mass = jnp.atleast_1d(jnp.asarray(mass_g, float))
        self._check(mass)
        at = jnp.log(mass * self.density_g_per_cm3**2)

        def fold(table: Array) -> Array:  # energies follow power laws of the mass
            logs = jnp.log(jnp.maximum(table, 1e-30))
            one = jax.vmap(jax.vmap(lambda row: jnp.interp(at, self.log_mass, row)))(logs)
            one = jnp.where(one < -60.0, 0.0, jnp.exp(one))
            return GY_G_PER_MEV_MBQ_H * jnp.moveaxis(one, -1, 0) / mass[:, None, None]

        return fold(self.absorbed_MeV), fold(self.sigma_MeV)

    def energy_closure(self, mass_g: float) -> dict[str, float]:
        """Energy per decay of the whole chain, one decay of each nuclide: where it goes.

        Returns
        -------
        dict
            ``"emitted"``, ``"absorbed"`` and ``"escaped"``, MeV; the last two add up to the first.
        """
        S, _ = self.s_Gy_per_MBq_h(mass_g)
        absorbed = float((S * mass_g / GY_G_PER_MEV_MBQ_H).sum())
        emitted = float(self.emitted_MeV.sum())
        return {"emitted": emitted, "absorbed": absorbed, "escaped": emitted - absorbed}

    def _check(self, mass: Array) -> None:
        if isinstance(mass, jax.core.Tracer):
            return
        if not bool((mass > 0).all()):
            raise InputError(
                f"mass_g = {float(mass.min()):g} g must be greater than 0 g: a sphere without mass "
                "has no dose. Leave out regions that hold nothing."
            )
        scaled = np.asarray(mass) * self.density_g_per_cm3**2
        if scaled.min() < SCALED_MASS_G[0] or scaled.max() > SCALED_MASS_G[-1]:
            warnings.warn(
                f"Spheres of {scaled.min():.3g} … {scaled.max():.3g} g (m rho^2) are outside the "
                f"tables, {SCALED_MASS_G[0]:g} … {SCALED_MASS_G[-1]:g} g; the ends are used.",
                ValidityWarning,
                stacklevel=4,
            )


def build_sphere(
    emissions: Sequence[Emissions],
    electrons: ElectronSpheres,
    photons: PhotonSpheres,
    *,
    stopping: Stopping,
    alpha_stopping: Stopping,
    density_g_per_cm3: float = 1.0,
) -> Sphere:
    r"""A `Sphere` engine for one chain in one medium.

    Parameters
    ----------
    emissions
        What the members of the chain emit. Positrons count as electrons; their annihilation
        quanta are among the photons.
    electrons, photons
        Tables of the medium.
    stopping, alpha_stopping
        Electrons in the medium, alphas in water.
    density_g_per_cm3
        Of the lesion and what surrounds it, > 0.

    Raises
    ------
    InputError
        If the density is not positive, or a nuclide emits nothing that is followed.

    Examples
    --------
    >>> from pdcraft import library
    >>> engine = build_sphere(
    ...     [library.emissions("I-131")],
    ...     ElectronSpheres(*library.sphere_fractions()),
    ...     PhotonSpheres(*library.photon_sphere_fractions()),
    ...     stopping=library.electrons_in_water(), alpha_stopping=library.alphas_in_water(),
    ... )
    >>> round(engine.energy_closure(20.0)["absorbed"], 3)
    0.204
    """
    if not density_g_per_cm3 > 0:
        raise InputError(
            f"density_g_per_cm3 = {density_g_per_cm3:g} g/cm3 must be greater than 0 g/cm3."
        )
    for one in emissions:
        if not any(one.energy_MeV(r) > 0 for r in RADIATIONS):
            raise InputError(
                f"{one.nuclide} emits no photons, electrons or alphas, so it has no dose. "
                "Leave it out of the chain."
            )
    fractions = (
        lambda node: photon_absorbed_fraction(node[:, None], SCALED_MASS_G, photons),
        lambda node: _in_rows(
            lambda E, m: electron_absorbed_fraction(E, m, stopping, spheres=electrons), node
        ),
        lambda node: _in_rows(lambda E, m: electron_absorbed_fraction(E, m, alpha_stopping), node),
    )
    absorbed = np.stack(
        [
            _fold(emissions, radiation, lowest, f)
            for radiation, lowest, f in zip(RADIATIONS, _LOWEST_MEV, fractions, strict=True)
        ],
        axis=1,
    )
    sigma = np.zeros_like(absorbed)
    for n, one in enumerate(emissions):
        for k, table in enumerate((photons, electrons)):
            E, energy, _ = _lines(one, RADIATIONS[k], _LOWEST_MEV[k])
            sigma[n, k] = _spread(E, energy, table)
    return Sphere(
        tuple(e.nuclide for e in emissions), density_g_per_cm3, jnp.log(SCALED_MASS_G),
        jnp.asarray(absorbed), jnp.asarray(sigma),
        jnp.array([[e.energy_MeV(r) for r in RADIATIONS] for e in emissions]),
    )  # fmt: skip


def _lines(
    emissions: Emissions, radiation: str, lowest_MeV: float
) -> tuple[NDArray, NDArray, float]:
    """Energies, energy per decay of each line, and energy of those below ``lowest_MeV``."""
    E, y = (np.asarray(getattr(emissions, f"{radiation}_{what}")) for what in ("MeV", "yield"))
    keep = lowest_MeV < E
    return E[keep], (E * y)[keep], float((E * y)[~keep].sum())


def _on_nodes(E: NDArray, energy: NDArray, node: NDArray) -> NDArray:
    """Energy per decay of the lines, shared out to the nodes on both sides of each. ``[node]``."""
    x = np.log(node)
    place = np.interp(np.log(np.maximum(E, 1e-12)), x, np.arange(len(x)))
    low = np.minimum(place.astype(int), len(x) - 2)
    weight = np.bincount(low, energy * (1 - (place - low)), len(x))
    return weight + np.bincount(low + 1, energy * (place - low), len(x))


def _spread(E: NDArray, energy: NDArray, table: ElectronSpheres | PhotonSpheres) -> NDArray:
    """Standard deviation of the energy that stays: the noise of each row of the table once."""
    weight = _on_nodes(E, energy, table.energy_MeV)
    sigma = np.sqrt((weight[:, None] ** 2 * table.sigma**2).sum(0))
    return np.interp(np.log(SCALED_MASS_G), np.log(table.mass_g), sigma)


def _fold(emissions: Sequence[Emissions], radiation: str, lowest_MeV: float, fraction) -> NDArray:
    """Energy that stays at every scaled mass. MeV, ``[nuclide, mass]``; fractions on nodes."""
    lines = [_lines(e, radiation, lowest_MeV) for e in emissions]
    highest = max((E.max() for E, _, _ in lines if len(E)), default=2.0 * lowest_MeV)
    node = np.geomspace(lowest_MeV, highest * 1.0001, NODES)
    known = any(len(E) for E, _, _ in lines)
    phi = fraction(node) if known else np.zeros((NODES, len(SCALED_MASS_G)))
    return np.array([_on_nodes(E, energy, node) @ phi + local for E, energy, local in lines])


def _in_rows(fraction, node: NDArray) -> NDArray:
    """A fraction at all nodes and masses, a few rows at a time. ``[node, mass]``."""
    parts = np.array_split(node[:, None], 24)
    return np.concatenate([fraction(part, SCALED_MASS_G) for part in parts])
