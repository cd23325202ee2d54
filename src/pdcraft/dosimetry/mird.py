r"""The MIRD sum: dose rate as activity times S value, summed over sources.

.. math:: \dot D(r_T,t) = \sum_{r_S}\sum_n A_n(r_S,t)\,S_n(r_T\leftarrow r_S)

Photons come from the phantoms' specific absorbed fractions; electrons and alphas stay in their
source, except in active marrow, between marrow and the myeloma nests in it, and at the wall of a
hollow organ (theory page *dosimetry*, equations 1-9).
"""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from pdcraft.domain import Activity, Anatomy, DoseRate, InputError, unknown
from pdcraft.domain.agent import Emissions
from pdcraft.domain.phantom import Phantom, Stopping
from pdcraft.domain.units import GY_G_PER_MEV_MBQ_H
from pdcraft.dosimetry.base import RADIATIONS, AbstractEngine
from pdcraft.dosimetry.sphere import csda_range_g_per_cm2, mean_electron_absorbed_fraction

MARROW, TUMOUR, BODY = "red marrow", "tumour", "total body"
REST = ("plasma", "tissue", "iodide")
"""Compartments that fill the body evenly, except the regions that have activity of their own."""
_OWN = (MARROW, "thyroid", "urinary bladder contents")
_CONTENTS = {"urinary bladder wall": "urinary bladder contents"}


class Mird(AbstractEngine):
    r"""S values of two reference phantoms, scaled to the patient's masses.

    Attributes
    ----------
    places
        Target regions: those of the phantoms and ``tumour``.
    photon_S
        Photon S values of the phantoms, sources `REST` (as one), marrow, thyroid, bladder.
        Gy/(MBq h), ``[sex, target, source, nuclide]``.
    reference_g
        Masses of the phantoms' targets. g, ``[sex, target]``.
    local_MeV
        Energy per decay in electrons and in alphas. MeV, ``[nuclide, 2]``.
    marrow_self
        Part of the electron energy from active marrow that active marrow absorbs. ``[nuclide]``.
    nest_share
        Part of the electron energy that stays in the myeloma nest it came from. ``[nuclide]``.

    References
    ----------
    bolch2009, Eq. 1; cristy1987 for the phantoms
    """

    places: tuple[str, ...]
    nuclides: tuple[str, ...]
    photon_S: Float[Array, "sex target source nuclide"]
    reference_g: Float[Array, "sex target"]
    local_MeV: Float[Array, "nuclide 2"]
    marrow_self: Float[Array, "nuclide"]
    nest_share: Float[Array, "nuclide"]

    def dose_rate(self, activity: Activity, anatomy: Anatomy) -> DoseRate:
        """Absorbed dose rate in every place of the engine. Gy/h.

        Raises
        ------
        InputError
            If the activity is of other nuclides than the engine was built for.
        MissingError
            If activity lies in a region that the engine has no S values for.
        """
        if activity.nuclides != self.nuclides:
            raise InputError(
                f"The engine was built for {', '.join(self.nuclides)}; the activity is of "
                f"{', '.join(activity.nuclides)}. Build it for the chain of the payload."
            )
        S = self.s_Gy_per_MBq_h(activity.space.names, anatomy)
        rate = jnp.einsum("tsnr,snm->trm", S, activity.MBq)
        return DoseRate(anatomy.space, RADIATIONS, activity.clock, rate)

    def s_Gy_per_MBq_h(
        self, sources: Sequence[str], anatomy: Anatomy
    ) -> Float[Array, "target source nuclide radiation"]:
        """Dose per decay from every source to every target, for this patient's masses."""
        if anatomy.space.names != self.places:
            raise InputError(
                "The anatomy must have the places of the engine, in its order: "
                + ", ".join(self.places)
            )
        photon = self._photon(sources, anatomy)
        electron, alpha = self._local(sources, anatomy)
        return jnp.stack([photon, electron, alpha], axis=-1)

    def _photon(self, sources: Sequence[str], anatomy: Anatomy) -> Array:
        mass, ref = anatomy.space.mass_g, self.reference_g[anatomy.sex]
        table = self.photon_S[anatomy.sex]
        # Photon self-dose goes with m^(-2/3): a heavier organ absorbs a larger part.
        scale = jnp.cbrt(ref / mass[: ref.shape[0]]) ** 2
        own = [_OWN.index(n) if n in _OWN else -1 for n in self.places[:-1]]
        for target, k in enumerate(own):
            if k >= 0:
                table = table.at[target, 1 + k].multiply(scale[target])
        table = table.at[:, 0].multiply(scale[self.places.index(BODY)])
        zero = jnp.zeros_like(table[:, 0])
        column = {**dict.fromkeys(REST, 0), **{n: 1 + k for k, n in enumerate(_OWN)}, TUMOUR: 1}
        for name in sources:
            if name not in (*column, "excreta"):
                raise unknown("Source region", name, (*column, "excreta"))
        columns = [table[:, column[n]] if n in column else zero for n in sources]
        S = jnp.stack(columns, axis=1)
        # Myeloma nests lie in the marrow: photons reach them as they reach marrow.
        return jnp.concatenate([S, S[self.places.index(MARROW)][None]], axis=0)

    def _local(self, sources: Sequence[str], anatomy: Anatomy) -> tuple[Array, Array]:
        at, mass = self.places.index, anatomy.space.mass_g
        m_marrow, m_tumour, m_body = mass[at(MARROW)], mass[at(TUMOUR)], mass[at(BODY)]
        gy = GY_G_PER_MEV_MBQ_H * self.local_MeV  # [nuclide, 2], Gy g / (MBq h)
        stay = jnp.stack([self.nest_share, jnp.ones_like(self.nest_share)], axis=-1)
        held = jnp.stack([self.marrow_self, jnp.ones_like(self.marrow_self)], axis=-1)
        space = m_marrow + m_tumour
        cross = held * (1.0 - stay) / space
        per_g = jnp.zeros((len(self.places), len(sources), *gy.shape))
        elsewhere = [n for n in _OWN if n in sources] + [TUMOUR]
        rest_g = m_body - sum((mass[at(n)] for n in elsewhere), jnp.asarray(0.0))
        for s, name in enumerate(sources):
            if name == "excreta":
                continue
            if name in REST:
                even = [t for t, n in enumerate(self.places) if n not in (*elsewhere, BODY)]
                per_g = per_g.at[jnp.array(even), s].set(1.0 / rest_g)
            elif name == MARROW:
                per_g = per_g.at[at(MARROW), s].set(held / m_marrow - cross * m_tumour / m_marrow)
                per_g = per_g.at[at(TUMOUR), s].set(cross)
            elif name == TUMOUR:
                per_g = per_g.at[at(MARROW), s].set(cross)
                per_g = per_g.at[at(TUMOUR), s].set(stay / m_tumour + cross)
            else:
                per_g = per_g.at[at(name), s].set(1.0 / mass[at(name)])
                for wall, contents in _CONTENTS.items():
                    if contents == name:
                        per_g = per_g.at[at(wall), s].set(0.5 / mass[at(name)])
            per_g = per_g.at[at(BODY), s].set(1.0 / m_body)
        S = per_g * gy
        return S[..., 0], S[..., 1]


def build_mird(
    phantoms: Sequence[Phantom],
    emissions: Sequence[Emissions],
    stopping: Stopping,
    *,
    marrow_floor: float,
    marrow_length_g_per_cm2: float,
    nest_mass_g: float,
) -> Mird:
    r"""A `Mird` engine for one chain, from phantoms, spectra and stopping powers.

    Parameters
    ----------
    phantoms
        Male, then female.
    emissions
        What the members of the chain emit.
    stopping
        Electrons in water.
    marrow_floor, marrow_length_g_per_cm2
        :math:`\phi_\infty` and :math:`L` of the marrow's electron self absorbed fraction
        :math:`\phi_\infty + (1-\phi_\infty)/(1+R(E)/L)`.
    nest_mass_g
        Mass of the spheres in which myeloma cells lie among marrow. g.

    Returns
    -------
    Mird
        Ready for `irradiate`.

    References
    ----------
    bolch2009, Eq. 4 (S from specific absorbed fractions)
    """
    shared = [n for n in phantoms[0].targets if all(n in p.targets for p in phantoms)]
    nuclides = tuple(e.nuclide for e in emissions)
    photon = np.stack([_photon_table(p, shared, emissions) for p in phantoms])
    masses = np.stack([[float(p.mass_g[p.target(n)]) for n in shared] for p in phantoms])
    local = [[e.energy_MeV("electron"), e.energy_MeV("alpha")] for e in emissions]
    self_marrow = [
        marrow_self_fraction(e, stopping, marrow_floor, marrow_length_g_per_cm2) for e in emissions
    ]
    nests = [float(mean_electron_absorbed_fraction(e, nest_mass_g, stopping)) for e in emissions]
    return Mird(
        (*shared, TUMOUR), nuclides, jnp.asarray(photon), jnp.asarray(masses),
        jnp.asarray(local), jnp.asarray(self_marrow), jnp.asarray(nests),
    )  # fmt: skip


def photon_s_Gy_per_MBq_h(phantom: Phantom, emissions: Emissions) -> NDArray:
    r"""Photon S values of a phantom for one nuclide, all targets and sources.

    .. math:: S = \sum_i E_i\,Y_i\,\Phi(r_T\leftarrow r_S, E_i)

    with :math:`\ln\Phi` linear in :math:`\ln E` between the table's energies.

    Returns
    -------
    Array
        Gy/(MBq h), ``[target, source]``.

    References
    ----------
    bolch2009, Eq. 4
    """
    E, y = np.asarray(emissions.photon_MeV), np.asarray(emissions.photon_yield)
    grid, saf = np.log(np.asarray(phantom.energy_MeV)), np.asarray(phantom.saf_per_kg)
    x = np.log(np.clip(E, np.exp(grid[0]), np.exp(grid[-1])))
    i = np.clip(np.searchsorted(grid, x) - 1, 0, len(grid) - 2)
    f = (x - grid[i]) / (grid[i + 1] - grid[i])
    low, high = saf[..., i], saf[..., i + 1]
    both = (low > 0) & (high > 0)
    safe = np.where(both, low, 1.0), np.where(both, high, 1.0)
    log_mean = np.exp((1 - f) * np.log(safe[0]) + f * np.log(safe[1]))
    value = np.where(both, log_mean, (1 - f) * low + f * high)
    return GY_G_PER_MEV_MBQ_H * 1e-3 * (value * (E * y)).sum(axis=-1)


def organ_s_Gy_per_MBq_h(
    phantom: Phantom, emissions: Emissions, *, marrow_self: float = 1.0
) -> NDArray:
    r"""S values of a reference body for one nuclide, photons and charged particles together.

    Electrons and alphas stay in their source; whole body as source or target spreads them evenly,
    and active marrow keeps the share ``marrow_self`` of its electrons.

    Parameters
    ----------
    phantom, emissions
        The body, and what one nuclide emits.
    marrow_self
        From `marrow_self_fraction`. 0 to 1.

    Returns
    -------
    Array
        Gy/(MBq h), ``[target, source]``.

    References
    ----------
    bolch2009, Eq. 4

    Examples
    --------
    >>> from pdcraft import library
    >>> body = library.phantom("adult_male")
    >>> S = organ_s_Gy_per_MBq_h(body, library.emissions("I-131"))
    >>> round(float(S[body.target("thyroid"), body.source("thyroid")]), 4)
    0.0057
    """
    S = photon_s_Gy_per_MBq_h(phantom, emissions)
    electron, alpha = (GY_G_PER_MEV_MBQ_H * emissions.energy_MeV(r) for r in ("electron", "alpha"))
    mass = np.asarray(phantom.mass_g)
    for t, target in enumerate(phantom.targets):
        for k, source in enumerate(phantom.sources):
            if BODY in (target, source):
                S[t, k] += (electron + alpha) / mass[phantom.target(BODY)]
            elif target == source:
                held = marrow_self if target == MARROW else 1.0
                S[t, k] += (held * electron + alpha) / mass[t]
    return S


def _photon_table(phantom: Phantom, targets: list[str], emissions: Sequence[Emissions]) -> NDArray:
    """Gy/(MBq h), ``[target, source (rest, *_OWN), nuclide]``."""
    rows = [phantom.target(n) for n in targets]
    S = np.stack([photon_s_Gy_per_MBq_h(phantom, e)[rows] for e in emissions], axis=-1)
    own = [phantom.source(n) for n in _OWN]
    m, body = np.asarray(phantom.source_mass_g), phantom.source(BODY)
    # Rest of body: the even whole body less the regions with activity of their own.
    rest = S[:, body] * m[body] - sum(S[:, k] * m[k] for k in own)
    rest = np.maximum(rest / (m[body] - sum(m[k] for k in own)), 0.0)
    return np.stack([rest, *(S[:, k] for k in own)], axis=1)


def marrow_self_fraction(
    emissions: Emissions, stopping: Stopping, floor: float, length_g_per_cm2: float
) -> float:
    r"""Part of the electron energy from active marrow that active marrow absorbs. 0 to 1.

    .. math:: \phi_{RM}(E) = \phi_\infty + \frac{1-\phi_\infty}{1 + R(E)/L}

    Parameters
    ----------
    emissions, stopping
        What is emitted, and what stops it.
    floor, length_g_per_cm2
        :math:`\phi_\infty` and :math:`L` (g/cm2).

    References
    ----------
    icrp133, to whose self absorbed fractions the two parameters are fitted
    """
    E, y = np.asarray(emissions.electron_MeV), np.asarray(emissions.electron_yield)
    keep = (E > 1e-5) & (y > 0)
    if not keep.any():
        return 1.0
    E, y = E[keep], y[keep]
    phi = floor + (1.0 - floor) / (1.0 + csda_range_g_per_cm2(stopping, E) / length_g_per_cm2)
    return float((phi * E * y).sum() / (E * y).sum())
