r"""All energy stays in the voxel that emits it: exact where voxels are far larger than ranges.

.. math:: \dot D_v = \frac1{m_v}\sum_n A_n(v)\sum_r f_r E_{n,r}

With f = 1 for electrons and alphas and 0 for photons this is the usual choice for voxels of 4 mm
and more in SPECT, whose blur is wider than the range of the electrons (theory page *dosimetry*,
section 11).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pdcraft.domain import Activity, DoseRate, Emissions, InputError, Voxels
from pdcraft.domain.units import GY_G_PER_MEV_MBQ_H
from pdcraft.dosimetry.balance import EnergyBalance
from pdcraft.dosimetry.base import RADIATIONS, AbstractEngine
from pdcraft.dosimetry.voxel_input import check, check_emissions


class LocalDeposition(AbstractEngine[Voxels]):
    """Energy stays in its voxel.

    Attributes
    ----------
    nuclides
        Nuclides of the activity, in its order.
    stays_MeV, emitted_MeV
        Energy per decay that stays, and that is emitted. MeV, ``[nuclide, radiation]``.

    References
    ----------
    bolch1999 (dosimetry of voxels)
    """

    nuclides: tuple[str, ...]
    stays_MeV: NDArray
    emitted_MeV: NDArray

    @classmethod
    def of(
        cls,
        emissions: Sequence[Emissions],
        *,
        photon: float = 0.0,
        electron: float = 1.0,
        alpha: float = 1.0,
    ) -> LocalDeposition:
        """Engine for the nuclides of a chain.

        Parameters
        ----------
        emissions
            As ``payload.emissions`` of an agent, or ``[library.emissions("I-131")]``.
        photon, electron, alpha
            Part of each radiation's energy that stays in the voxel, 0 to 1.

        Examples
        --------
        >>> import numpy as np
        >>> from pdcraft import library
        >>> engine = LocalDeposition.of([library.emissions("Y-90")])
        >>> engine.stays_MeV.round(3).tolist()
        [[0.0, 0.933, 0.0]]
        """
        share = np.array([photon, electron, alpha])
        if not np.all((share >= 0) & (share <= 1)):
            raise InputError(f"The parts that stay must be 0 to 1; got {share.tolist()}.")
        names = check_emissions(emissions)
        energy = np.array([[each.energy_MeV(r) for r in RADIATIONS] for each in emissions])
        return cls(names, energy * share, energy)

    def dose_rate(self, activity: Activity, anatomy: Voxels) -> DoseRate:
        """Absorbed dose rate in every voxel. Gy/h, ``[place, radiation, mode]``.

        Raises
        ------
        InputError
            If activity and body disagree (see `voxel_input.check`).
        """
        MBq, mass = check(activity, anatomy, self.nuclides), anatomy.mass_g
        per_g = np.divide(GY_G_PER_MEV_MBQ_H, mass, out=np.zeros(len(mass)), where=mass > 0)
        rate = np.einsum("v,vnm,nr->vrm", per_g, MBq, self.stays_MeV)
        return DoseRate(activity.space, RADIATIONS, activity.clock, rate)  # pyright: ignore

    def balance(self, activity: Activity, anatomy: Voxels) -> EnergyBalance:
        """Emitted energy, and the part that stays."""
        total = check(activity, anatomy, self.nuclides).sum(0)
        emitted, absorbed = (np.einsum("nm,nr->rm", total, E) for E in (self.emitted_MeV,
                                                                       self.stays_MeV))  # fmt: skip
        return EnergyBalance(emitted, absorbed, emitted - absorbed)
