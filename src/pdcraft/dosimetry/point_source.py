r"""Energy around a point that decays in a medium without end, by our own transport.

Photons and electrons are followed together (theory page *dosimetry*, section 5); alphas lose energy
along straight tracks. Lengths are in g/cm2: they serve every density of the medium.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pdcraft.domain import Emissions
from pdcraft.domain.phantom import Stopping
from pdcraft.domain.voxels import Medium
from pdcraft.dosimetry.core.coupled import histories
from pdcraft.dosimetry.core.electron import ELECTRON, PHOTON
from pdcraft.dosimetry.core.photon import LOWEST_MEV
from pdcraft.dosimetry.core.rng import key
from pdcraft.dosimetry.core.scattering import electron_tables
from pdcraft.dosimetry.core.tally import batch_ranges, in_batches

BATCHES = 20
_C = 0.1
_OUTER = 1.2  # of the last shell; what goes there does not come back
_LEAST_OUTER = 20.0


class Shells(NamedTuple):
    """Energy per decay in shells of equal width around a point.

    Attributes
    ----------
    width
        g/cm2.
    MeV
        Scaled so that all energy of a batch is what is emitted. ``[batch, shell]``.
    beyond_MeV
        Beyond the last shell.
    """

    width: float
    MeV: NDArray
    beyond_MeV: float


def transported(
    emissions: Emissions,
    radiation: str,
    medium: Medium,
    *,
    width: float,
    shells: int,
    cut_MeV: float,
    decays: int,
    seed: int,
    threads: int,
) -> Shells:
    """Energy of the photons or electrons of a nuclide in shells.

    Electrons below ``cut_MeV`` stop where they are; what is emitted below it lies in the first
    shell.
    """
    E, y = (np.array(getattr(emissions, f"{radiation}_{what}")) for what in ("MeV", "yield"))
    follow = E > (cut_MeV if radiation == "electron" else LOWEST_MEV)
    stays, E, y = float((E * y)[~follow].sum()), E[follow], y[follow]
    if len(E) == 0:
        first = np.zeros((BATCHES, shells))
        first[:, 0] = stays
        return Shells(width, first, 0.0)
    tables = electron_tables(
        medium.electron_MeV, medium.collision, medium.radiative, medium.atoms, medium.oscillators,
        hard_MeV=cut_MeV, C1=_C, C2=_C,
    )  # fmt: skip
    kind = np.full(len(E), ELECTRON if radiation == "electron" else PHOTON)
    source = (0.0, E, np.cumsum(y), kind)
    outer = max(_OUTER * width * shells, _LEAST_OUTER)
    limits, tally = (cut_MeV, outer), (width, shells, np.zeros(0))
    stream = key(seed, 0 if radiation == "photon" else 1)

    def work(begin: int, end: int) -> NDArray:
        return histories(stream, begin, end, source, tables, medium.optics, limits, tally)

    total = max(int(np.ceil(decays * y.sum() / BATCHES)), 1) * BATCHES
    score = in_batches(work, batch_ranges(total, BATCHES), threads=threads)
    drawn = score[:, -3] + score[:, -2]
    MeV = score[:, :shells] * ((E * y).sum() / drawn)[:, None]
    beyond = float((E * y).sum() - MeV.sum(1).mean())
    MeV[:, 0] += stays
    return Shells(width, MeV, beyond)


def alphas(emissions: Emissions, stopping: Stopping | None, *, width: float, shells: int) -> Shells:
    """Energy of alphas in shells along straight tracks; all in the first without ``stopping``."""
    E, y = np.array(emissions.alpha_MeV), np.array(emissions.alpha_yield)
    MeV = np.zeros(shells)
    if stopping is None or len(E) == 0:
        MeV[0] = (E * y).sum()
        return Shells(width, np.tile(MeV, (BATCHES, 1)), 0.0)
    known, power = np.asarray(stopping.energy_MeV), np.asarray(stopping.MeV_cm2_per_g)
    fine = np.linspace(0.0, float(E.max()), 2000)
    slow = 1.0 / np.interp(fine, known, power)
    reach = np.concatenate([[0.0], np.cumsum(0.5 * (slow[1:] + slow[:-1]) * np.diff(fine))])
    edges = width * np.arange(shells + 1)
    for energy, count in zip(E, y, strict=True):
        left = np.interp(np.interp(energy, fine, reach) - edges, reach, fine, left=0.0)
        MeV -= count * np.diff(left)
    return Shells(width, np.tile(MeV, (BATCHES, 1)), 0.0)
