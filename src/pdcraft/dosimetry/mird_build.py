"""A `Mird` engine from phantoms, spectra and stopping powers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from pdcraft.domain import InputError
from pdcraft.domain.agent import Emissions
from pdcraft.domain.phantom import Phantom, Stopping
from pdcraft.dosimetry.base import RADIATIONS
from pdcraft.dosimetry.lesion import Lesions, PhotonSpheres
from pdcraft.dosimetry.marrow import marrow_self_fraction
from pdcraft.dosimetry.mird import TUMOUR, Mird
from pdcraft.dosimetry.s_values import (
    MARROW,
    electron_shares,
    photon_s_Gy_per_MBq_h,
    photon_s_sigma_Gy_per_MBq_h,
)
from pdcraft.dosimetry.sphere import ElectronSpheres, mean_electron_absorbed_fraction


def build_mird(
    phantoms: Sequence[Phantom],
    emissions: Sequence[Emissions],
    stopping: Stopping,
    *,
    marrow_floor: float,
    marrow_length_g_per_cm2: float,
    nest_mass_g: float,
    spheres: ElectronSpheres,
    photon_spheres: PhotonSpheres,
) -> Mird:
    r"""A `Mird` engine for one chain, from phantoms, spectra and stopping powers.

    Parameters
    ----------
    phantoms
        Male, then female; or one body of any age or species.
    emissions
        What the members of the chain emit.
    stopping
        Electrons in water.
    marrow_floor, marrow_length_g_per_cm2
        :math:`\phi_\infty` and :math:`L` of the marrow's electron self absorbed fraction
        :math:`\phi_\infty + (1-\phi_\infty)/(1+R(E)/L)`.
    nest_mass_g
        Mass of the spheres in which myeloma cells lie among marrow. g.
    spheres, photon_spheres
        Transported absorbed fractions, for nests and lesions.

    Returns
    -------
    Mird
        Ready for `irradiate`.

    Raises
    ------
    InputError
        If a nuclide emits nothing.

    References
    ----------
    bolch2009, Eq. 4 (S from specific absorbed fractions)
    """
    for e in emissions:
        if not any(e.energy_MeV(r) > 0 for r in RADIATIONS):
            raise InputError(f"{e.nuclide} emits no radiation; there is no dose to compute.")
    targets = [n for n in phantoms[0].targets if all(n in p.targets for p in phantoms)]
    regions = [n for n in phantoms[0].sources if all(n in p.sources for p in phantoms)]
    nests = [TUMOUR] if MARROW in targets and TUMOUR not in targets else []
    photon, sigma, electron = (
        jnp.asarray(np.stack([_table(fold, p, targets, regions, emissions) for p in phantoms]))
        for fold in (photon_s_Gy_per_MBq_h, photon_s_sigma_Gy_per_MBq_h, electron_shares)
    )
    return Mird(
        (*targets, *nests),
        tuple(e.nuclide for e in emissions),
        tuple(regions),
        photon,
        sigma,
        electron,
        jnp.asarray([[float(p.mass_g[p.target(n)]) for n in targets] for p in phantoms]),
        jnp.asarray([[e.energy_MeV(r) for r in RADIATIONS] for e in emissions]),
        jnp.asarray(
            [
                marrow_self_fraction(e, stopping, marrow_floor, marrow_length_g_per_cm2)
                for e in emissions
            ]
        ),
        jnp.asarray(
            [
                float(mean_electron_absorbed_fraction(e, nest_mass_g, stopping, spheres=spheres))
                for e in emissions
            ]
        ),
        Lesions.of(emissions, stopping, spheres, photon_spheres),
    )


def _table(
    fold: Callable[[Phantom, Emissions], NDArray],
    phantom: Phantom,
    targets: list[str],
    regions: list[str],
    emissions: Sequence[Emissions],
) -> NDArray:
    """What ``fold`` gives, ``[target, source, nuclide]``."""
    rows = [phantom.target(n) for n in targets]
    columns = [phantom.source(n) for n in regions]
    S = np.stack([fold(phantom, e) for e in emissions], axis=-1)
    return S[np.ix_(rows, columns)]
