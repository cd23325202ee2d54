r"""A cell: dose to nucleus and cytoplasm from activity in its parts, its neighbours, its medium.

Electrons and alphas slow down along straight tracks. With :math:`\psi(x)` the chance that a point
at distance x from a random point of the source, in a random direction, lies in the target,

.. math:: S(T\leftarrow S) = \frac1{m_T}\sum_i Y_i\int_0^{r_0(E_i)}
          \left|\frac{dE}{dX}\right|_{X=r_0-x}\psi_{T\leftarrow S}(x)\,dx,

the method of the MIRD cellular S values. In a sphere of radius R whose centre is :math:`\varrho`
from the source point, the chance is

.. math:: \frac{R^2-(\varrho-x)^2}{4\varrho x},\qquad |\varrho-R|<x<\varrho+R,

one nearer inside and zero elsewhere; :math:`\psi` is its mean over the source. Photons are left
out: a cell absorbs less than one in a thousand of those above 10 keV.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike, NDArray

from pdcraft.domain import Activity, Anatomy, DoseRate, InputError, unknown
from pdcraft.domain.agent import Emissions
from pdcraft.domain.phantom import Stopping
from pdcraft.domain.space import Regions
from pdcraft.domain.units import GY_G_PER_MEV_MBQ_H
from pdcraft.dosimetry.base import RADIATIONS, AbstractEngine
from pdcraft.dosimetry.sphere import range_table

TARGETS = ("nucleus", "cytoplasm", "cell")
SOURCES = ("nucleus", "cytoplasm", "membrane", "cell", "medium")
_G_PER_UM3 = 1e-12
_STEPS, _POINTS = 400, 64


def inside_chance(x: ArrayLike, centre: ArrayLike, radius: float) -> NDArray:
    r"""Chance that a point at distance x in a random direction lies in a sphere.

    Parameters
    ----------
    x, centre, radius
        Distance flown, distance of the start from the sphere's centre, its radius; one unit.
        ``x`` and ``centre`` broadcast.

    Returns
    -------
    Array
        0 to 1.

    Examples
    --------
    >>> inside_chance(0.5, 0.0, 1.0).item(), inside_chance(1.0, 1.0, 1.0).item()
    (1.0, 0.25)
    """
    x, centre = np.asarray(x, float), np.asarray(centre, float)
    product = np.maximum(4.0 * centre * x, 1e-30)
    part = (radius**2 - (centre - x) ** 2) / product
    return np.where(x + centre <= radius, 1.0, np.clip(part, 0.0, 1.0))


def geometric_factor(
    x: ArrayLike, source: tuple[float, float], radius: float, distance: float = 0.0
) -> NDArray:
    r"""Chance :math:`\psi(x)` for a source between two concentric spheres and a spherical target.

    Parameters
    ----------
    x
        Distances flown, ``[x]``.
    source
        Inner and outer radius of the source; equal for a surface, inner 0 for a full sphere.
    radius
        Of the target.
    distance
        Between the centres of source and target, 0 or more.

    References
    ----------
    goddu1994, geometric factors; goddu1997, Chap. 2

    Examples
    --------
    >>> x = np.array([0.0, 0.7, 1.0])
    >>> geometric_factor(x, (0.0, 1.0), 1.0).round(3).tolist()  # 1 - 3x/4R + x^3/16R^3
    [1.0, 0.496, 0.312]
    """
    inner, outer = source
    place = (np.arange(_POINTS) + 0.5) / _POINTS
    r = np.cbrt(inner**3 + place * (outer**3 - inner**3))  # even in volume
    far = np.asarray(x, float)[:, None]
    if distance == 0:
        return inside_chance(far, r, radius).mean(-1)
    near, away = (_chance_to(c, far, radius) for c in (abs(distance - r), distance + r))
    return ((away - near) / (2.0 * distance * r)).mean(-1)


def _chance_to(centre: NDArray, x: NDArray, radius: float) -> NDArray:
    """Integral of the chance times the distance of the centre, from 0 to ``centre``.

    The direction from the source's centre is even in its cosine, so in the square of that distance.
    """
    x = np.maximum(x, 1e-12)
    low, high = abs(x - radius), x + radius
    end = np.clip(centre, low, high)
    sure = np.where(x < radius, 0.5 * np.minimum(centre, low) ** 2, 0.0)
    part = radius**2 * (end - low) - ((end - x) ** 3 - (low - x) ** 3) / 3.0
    return sure + part / (4.0 * x)


class Cell(AbstractEngine):
    """Dose rate in the parts of a cell, each cell around it carrying the same activity.

    Attributes
    ----------
    nuclides
        Nuclides whose activity it takes.
    cell_um, nucleus_um
        Radii of two concentric spheres of unit density.
    own_MeV, neighbour_MeV
        Energy per decay of one cell left in its own targets, and per decay in each of its
        neighbours, these summed. Sources without ``medium``.
        ``[target, source, nuclide, radiation]``.
    emitted_MeV
        Energy per decay of charged particles. ``[nuclide, radiation]``.

    Notes
    -----
    Activity is that of one cell. ``medium`` is all that lies outside the cells, without end: its
    dose follows from equilibrium less what cells would have emitted, exactly.
    """

    nuclides: tuple[str, ...] = eqx.field(static=True)
    cell_um: float = eqx.field(static=True)
    nucleus_um: float = eqx.field(static=True)
    own_MeV: Float[Array, "target source nuclide radiation"]
    neighbour_MeV: Float[Array, "target source nuclide radiation"]
    emitted_MeV: Float[Array, "nuclide radiation"]

    @property
    def mass_g(self) -> NDArray:
        """Masses of nucleus, cytoplasm and cell. g."""
        nucleus, cell = (4.0 / 3.0 * np.pi * r**3 for r in (self.nucleus_um, self.cell_um))
        return _G_PER_UM3 * np.array([nucleus, cell - nucleus, cell])

    def regions(self, medium_g: float = 0.0) -> Regions:
        """Nucleus, cytoplasm, cell and medium (g, of which activity there is spread over)."""
        return Regions((*TARGETS, "medium"), jnp.append(jnp.asarray(self.mass_g), medium_g))

    def dose_rate(self, activity: Activity, anatomy: Anatomy) -> DoseRate:
        """Absorbed dose rate in nucleus, cytoplasm and whole cell; zero in the medium. Gy/h.

        Parameters
        ----------
        activity
            In one cell and its share of the medium: regions among `SOURCES`.
        anatomy
            With the space of `regions`.

        Raises
        ------
        InputError
            If nuclides or regions are not those of the engine, or there is activity in a medium
            that has no mass.
        MissingError
            If activity lies in an unknown part.
        """
        if activity.nuclides != self.nuclides:
            raise InputError(
                f"The engine was built for {', '.join(self.nuclides)}; the activity is of "
                f"{', '.join(activity.nuclides)}. Build it for the chain of the payload."
            )
        if anatomy.space.names != (*TARGETS, "medium"):
            raise InputError("The anatomy of a cell must have the space of Cell.regions().")
        S = self.s_Gy_per_MBq_h(activity.space.names, medium_g=float(anatomy.space.mass_g[-1]))
        rate = jnp.einsum("tsnr,snm->trm", S, activity.MBq)
        return DoseRate(
            anatomy.space, RADIATIONS, activity.clock,
            jnp.concatenate([rate, jnp.zeros((1, *rate.shape[1:]))]),
        )  # fmt: skip

    def s_Gy_per_MBq_h(
        self, sources: Sequence[str] = SOURCES[:-1], *, medium_g: float = 0.0
    ) -> Float[Array, "target source nuclide radiation"]:
        """Dose per decay in one cell and in each of its neighbours. Gy/(MBq h).

        Divide by 3.6e9 for Gy/(Bq s).
        """
        for name in sources:
            if name not in SOURCES:
                raise unknown("Part of a cell", name, SOURCES)
        energy = self.own_MeV + self.neighbour_MeV
        columns = [
            self._medium(energy, medium_g) if n == "medium" else energy[:, SOURCES.index(n)]
            for n in sources
        ]
        mass = jnp.asarray(self.mass_g)[:, None, None, None]
        return GY_G_PER_MEV_MBQ_H * jnp.stack(columns, axis=1) / mass

    def _medium(self, energy: Array, medium_g: float) -> Array:
        """Energy in the targets per decay in the medium. MeV, ``[target, nuclide, radiation]``."""
        if not medium_g > 0:
            raise InputError(
                f"The medium has a mass of {medium_g:g} g, so activity in it has no concentration. "
                "Say regions(medium_g=...) with the mass that it is spread over."
            )
        mass, whole = jnp.asarray(self.mass_g), SOURCES.index("cell")
        even = mass[:, None, None] * self.emitted_MeV
        return (even - self.mass_g[-1] * energy[:, whole]) / medium_g


def build_cell(
    emissions: Sequence[Emissions],
    *,
    cell_um: float,
    nucleus_um: float,
    stopping: Stopping,
    alpha_stopping: Stopping,
    neighbours: Mapping[float, int] | None = None,
) -> Cell:
    """A `Cell` engine for one chain.

    Parameters
    ----------
    emissions
        What the members of the chain emit.
    cell_um, nucleus_um
        Radii, > 0; the nucleus is smaller.
    stopping, alpha_stopping
        Of water for electrons and alphas. Electrons after Cole are those of the MIRD tables and
        begin at 20 eV; ESTAR begins at 1 keV and is extended.
    neighbours
        Number of cells by distance between centres (um), each at least two radii away.

    Raises
    ------
    InputError
        If the radii do not fit, cells overlap, or a nuclide emits nothing that stops.

    Examples
    --------
    >>> from pdcraft import library
    >>> cell = build_cell(
    ...     [library.emissions("Lu-177")], cell_um=5.0, nucleus_um=3.0,
    ...     stopping=library.electrons_after_cole(), alpha_stopping=library.alphas_in_water(),
    ... )
    >>> S = cell.s_Gy_per_MBq_h(["membrane"])[0, 0, 0].sum() / 3.6e9
    >>> f"{float(S):.2e}"  # nucleus from membrane, Gy/(Bq s)
    '3.39e-04'
    """
    if not 0 < nucleus_um < cell_um:
        raise InputError(
            f"nucleus_um = {nucleus_um:g} um and cell_um = {cell_um:g} um must be radii with "
            "0 < nucleus < cell."
        )
    others = dict(neighbours or {})
    for distance in others:
        if distance < 2.0 * cell_um * (1 - 1e-9):
            raise InputError(
                f"A neighbour at {distance:g} um overlaps a cell of radius {cell_um:g} um; "
                f"centres must be at least {2.0 * cell_um:g} um apart."
            )
    for one in emissions:
        if one.energy_MeV("electron") + one.energy_MeV("alpha") <= 0:
            raise InputError(f"{one.nuclide} emits no electrons or alphas, so a cell gets no dose.")
    radii = (cell_um, nucleus_um)
    own = _energies(emissions, radii, stopping, alpha_stopping, 0.0)
    cross = sum(
        (many * _energies(emissions, radii, stopping, alpha_stopping, d)
         for d, many in others.items()),
        np.zeros_like(own),
    )  # fmt: skip
    emitted = [[0.0, e.energy_MeV("electron"), e.energy_MeV("alpha")] for e in emissions]
    return Cell(
        tuple(e.nuclide for e in emissions), float(cell_um), float(nucleus_um),
        jnp.asarray(own), jnp.asarray(cross), jnp.array(emitted),
    )  # fmt: skip


def _energies(
    emissions: Sequence[Emissions],
    radii: tuple[float, float],
    stopping: Stopping,
    alpha_stopping: Stopping,
    distance: float,
) -> NDArray:
    """Energy per decay, MeV, ``[target, source, nuclide, radiation]``, at one distance."""
    cell, nucleus = radii
    shells = ((0.0, nucleus), (nucleus, cell), (cell, cell), (0.0, cell))
    begin = max(0.0, distance - 2.0 * cell)
    x = begin + (distance + 2.0 * cell - begin) * np.linspace(0, 1, _STEPS + 1) ** 1.5
    middle = 0.5 * (x[1:] + x[:-1])
    psi = np.array(
        [[geometric_factor(middle, s, r, distance) for s in shells] for r in (nucleus, cell)]
    )
    psi = np.stack([psi[0], psi[1] - psi[0], psi[1]])  # [target, source, x]
    left = np.zeros((len(emissions), 3, _STEPS))
    for n, one in enumerate(emissions):
        for k, power in ((1, stopping), (2, alpha_stopping)):
            left[n, k] = _deposit(one, RADIATIONS[k], power, x)
    return np.einsum("tsx,nrx->tsnr", psi, left)


def _deposit(emissions: Emissions, radiation: str, stopping: Stopping, x_um: NDArray) -> NDArray:
    """Energy per decay that is lost between distances. MeV, ``[interval]``."""
    E, y = (np.asarray(getattr(emissions, f"{radiation}_{w}")) for w in ("MeV", "yield"))
    fine, reach = range_table(stopping)
    reach = 1e4 * reach  # um of unit density
    known = E > fine[0]
    whole = np.interp(np.log(E[known]), np.log(fine), np.log(reach))
    rest = np.maximum(np.exp(whole)[:, None] - x_um, reach[0])
    left = np.exp(np.interp(np.log(rest), np.log(reach), np.log(fine)))
    left = np.where(rest <= reach[0], 0.0, left)
    lost = (y[known, None] * -np.diff(left, axis=1)).sum(0)
    if x_um[0] == 0.0:
        lost[0] += (y * E)[~known].sum()
    return lost


def close_packed(distance_um: float, shells: int) -> dict[float, int]:
    """Neighbours of a cell in closest packing (face-centred cubic), by distance.

    Parameters
    ----------
    distance_um
        Between the centres of cells that touch. um, > 0.
    shells
        Number of distances.

    Returns
    -------
    dict
        Number of cells by distance (um), nearest first.

    Raises
    ------
    InputError
        If the distance or the number is not positive.

    Examples
    --------
    >>> list(close_packed(10.0, 4).values())
    [12, 6, 24, 12]
    """
    if not distance_um > 0 or shells < 1:
        raise InputError(
            f"Packing needs a distance above 0 um and at least one shell, not {distance_um:g} um "
            f"and {shells}."
        )
    side = np.arange(-shells - 1, shells + 2)
    x, y, z = np.meshgrid(side, side, side)
    square = (x**2 + y**2 + z**2)[(x + y + z) % 2 == 0]
    values, counts = np.unique(square[square > 0], return_counts=True)
    return {
        float(distance_um * np.sqrt(v / 2)): int(c)
        for v, c in zip(values[:shells], counts[:shells], strict=True)
    }
