r"""Monte Carlo on a voxel grid: photons and electrons through any media and densities.

.. math:: \dot D_v = \frac{1}{m_v}\sum_n A_n\,\frac1N\sum_{h=1}^N \varepsilon_v(h),\qquad
          \sigma^2 = \frac{1}{N^2}\sum_{h\ \mathrm{even}}
          [\varepsilon_v(h) - \varepsilon_v(h+1)]^2

with the energy :math:`\varepsilon_v(h)` that decay h leaves in voxel v. Decays are placed by
stratified sampling of the activity; a decay and the next are neighbours. Random numbers are counted
by decay: results are the same to the last bit for any number of threads. Alphas stay in their
voxel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pdcraft.domain import Activity, DoseRate, Emissions, InputError, NumericalError, Voxels
from pdcraft.domain.units import GY_G_PER_MEV_MBQ_H
from pdcraft.domain.voxels import Medium
from pdcraft.dosimetry.balance import EnergyBalance
from pdcraft.dosimetry.base import RADIATIONS, AbstractEngine
from pdcraft.dosimetry.core import voxel
from pdcraft.dosimetry.core.grid import decays
from pdcraft.dosimetry.core.photon import LOWEST_MEV
from pdcraft.dosimetry.core.rng import key
from pdcraft.dosimetry.core.tally import in_order
from pdcraft.dosimetry.core.voxel import CHANNELS
from pdcraft.dosimetry.matter import csda_range, matter
from pdcraft.dosimetry.voxel_input import check, check_emissions, check_media, warn

BATCH = 4096  # decays
_EVENTS = 65536
_FINENESS = 0.03  # range of the electron cut in edges of a voxel
_LOWEST_CUT_MEV, _HIGHEST_CUT_MEV = 2e-3, 0.1
_C = 0.2
_LEAST_ALPHA_MM = 2.0


class MonteCarlo(AbstractEngine[Voxels]):
    """Transport of every radiation in a heterogeneous body.

    Attributes
    ----------
    emissions
        What the nuclides of the activity emit, in its order.
    media
        What may fill voxels (``library.medium(name)``).
    decays
        Decays to follow for each mode of the activity, all nuclides together.
    seed
        Of the random streams.
    threads
        Has no influence on the result.
    cut_MeV
        Electrons below it stop where they are; None: where their range is 3 % of a voxel's edge.
    on_gpu
        Whether a CUDA device follows the decays. Not tried on one yet, only in a simulator.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from pdcraft import library
    >>> from pdcraft.domain import Activity, Exponentials, Grid, Voxels
    >>> grid = Grid.of((5, 5, 5), voxel_mm=4.0)
    >>> body = Voxels.of(grid, media=["water"], medium=0, density_g_per_cm3=1.0)
    >>> once = Exponentials(jnp.array([0.0036]), jnp.zeros(1), jnp.zeros(1))
    >>> MBq = jnp.zeros((125, 1, 1)).at[62].set(1.0)
    >>> engine = MonteCarlo([library.emissions("I-131")], [library.medium("water")], decays=500)
    >>> rate, balance = engine.run(Activity(grid, ("I-131",), once, MBq), body)
    >>> abs(float(balance.closure[0]) - 1) < 0.1
    True

    References
    ----------
    woodcock1965; salvat2011, Chap. 4; salmon2011
    """

    emissions: tuple[Emissions, ...]
    media: tuple[Medium, ...]
    decays: int
    seed: int
    threads: int
    cut_MeV: float | None
    on_gpu: bool

    def __init__(
        self,
        emissions: Sequence[Emissions],
        media: Sequence[Medium],
        *,
        decays: int,
        seed: int = 1,
        threads: int = 1,
        cut_MeV: float | None = None,
        on_gpu: bool = False,
    ):
        if decays < 2 or threads < 1 or not 0 <= seed < 2**32:
            raise InputError(
                f"decays = {decays} must be 2 or more, threads = {threads} 1 or more, and seed = "
                f"{seed} from 0 to 2^32 - 1."
            )
        if cut_MeV is not None and not _LOWEST_CUT_MEV <= cut_MeV <= 1.0:
            raise InputError(f"cut_MeV = {cut_MeV:g} must be {_LOWEST_CUT_MEV:g} to 1 MeV.")
        check_emissions(emissions)
        self.emissions, self.media = tuple(emissions), tuple(media)
        self.decays, self.seed, self.threads, self.cut_MeV = decays, seed, threads, cut_MeV
        self.on_gpu = on_gpu

    def dose_rate(self, activity: Activity, anatomy: Voxels) -> DoseRate:
        """Absorbed dose rate in every voxel, with sigma. Gy/h, ``[place, radiation, mode]``."""
        return self.run(activity, anatomy)[0]

    def run(self, activity: Activity, body: Voxels) -> tuple[DoseRate, EnergyBalance]:
        """Absorbed dose rate in every voxel, and where the energy went.

        Raises
        ------
        InputError, MissingError
            If activity, body and engine disagree.

        Warns
        -----
        ValidityWarning
            If alphas could leave a voxel, or a voxel is larger than checked.
        """
        MBq = check(activity, body, [e.nuclide for e in self.emissions])
        which = check_media(body, [m.name for m in self.media])
        self._check_alphas(body)
        cut = self._cut(body)
        physics = _physics(body, [self.media[i] for i in which], cut)
        total = np.zeros((MBq.shape[2], 1 + len(body.space), CHANNELS))
        square = np.zeros_like(total)
        balance = np.zeros((3, CHANNELS, len(total)))  # emitted, absorbed, escaped
        for mode in range(len(total)):
            sums = total[mode], square[mode]
            for n, share in enumerate(_shares(MBq[:, :, mode], self.decays)):
                source = _source(MBq[:, n, mode], body, share)
                spectra, stays = _spectra(self.emissions[n], cut)
                stream = np.uint64(key(self.seed, mode * MBq.shape[1] + n))
                emitted = self._follow(stream, source, spectra, physics, sums)
                voxel.add_local(source[1], stays, sums[0])
                balance[0, :, mode] += emitted + stays * source[1].sum()
            balance[1, :, mode], balance[2, :, mode] = voxel.add_up(sums[0]), sums[0][0]
            factor = GY_G_PER_MEV_MBQ_H / body.space.voxel_cm3
            voxel.per_mass(*sums, np.asarray(body.density_g_per_cm3), factor)
        rate, sigma = (np.moveaxis(sums[:, 1:], 0, -1) for sums in (total, square))
        return (
            DoseRate(activity.space, RADIATIONS, activity.clock, rate, sigma),  # pyright: ignore
            EnergyBalance(*balance),
        )

    def _follow(
        self, stream: np.uint64, source: tuple, spectra: tuple, physics: tuple, sums: tuple
    ) -> NDArray:
        """Add the decays of one nuclide in one mode to the sums. Returns the emitted energy."""
        share = int(source[2])
        if share == 0:
            return np.zeros(CHANNELS)
        weight = source[0][-1] / share
        if self.on_gpu:
            from pdcraft.dosimetry.core.grid_cuda import follow  # needs a device

            emitted, lost = follow(stream, share, source, spectra, physics, weight, sums)
            _check_room(lost)
            return emitted

        def work(begin: int) -> tuple[list, NDArray]:
            end, found, emitted = min(begin + BATCH, share), [], np.zeros(CHANNELS)
            while begin < end:
                keys, MeV = np.empty(_EVENTS, np.int64), np.empty((_EVENTS, 2))
                begin, count, lost = decays(
                    stream, begin, end, source, spectra, physics, keys, MeV, emitted
                )
                _check_room(lost)
                found.append((keys, MeV, count))
            return found, emitted

        emitted = np.zeros(CHANNELS)
        for found, born in in_order(work, range(0, share, BATCH), threads=self.threads):
            emitted += weight * born
            for keys, MeV, count in found:
                voxel.add_events(keys, MeV, count, weight, *sums)
        return emitted

    def _cut(self, body: Voxels) -> float:
        if self.cut_MeV is not None:
            return self.cut_MeV
        first = self.media[0]
        reach = csda_range(first.electron_MeV, first.collision + first.radiative)
        wanted = _FINENESS * 0.1 * float(body.space.voxel_mm.min())
        found = float(np.interp(wanted, reach, first.electron_MeV))
        return min(max(found, _LOWEST_CUT_MEV), _HIGHEST_CUT_MEV)

    def _check_alphas(self, body: Voxels) -> None:
        edge = float(body.space.voxel_mm.min())
        for each in self.emissions:
            if each.energy_MeV("alpha") > 0 and edge < _LEAST_ALPHA_MM:
                warn(
                    f"Alphas of {each.nuclide} stay in their voxel, but some leave voxels of "
                    f"{edge:g} mm: checked for {_LEAST_ALPHA_MM:g} mm and more."
                )


def _physics(body: Voxels, media: Sequence[Medium], cut_MeV: float) -> tuple:
    """Body, photon data with the majorant of this body, electron data, limits."""
    tables = matter(media, hard_MeV=cut_MeV, C=_C)
    density, highest = np.asarray(body.density_g_per_cm3), []
    for m in range(len(media)):
        here = body.medium == m
        highest.append(float(density.max(initial=0.0, where=here)))
    grid, attenuation, *rest = tables.optics
    ceiling = (attenuation[:, :, 0] * np.array(highest)[:, None]).max(0)
    edge_cm = 0.1 * body.space.voxel_mm
    where = np.array(body.space.shape), edge_cm, 1.0 / edge_cm
    return (
        (*where, *voxel.pack(body.medium, density)), (grid, ceiling, attenuation, *rest),
        tables.electrons, (cut_MeV,),
    )  # fmt: skip


def _check_room(lost: int) -> None:
    if lost:
        raise NumericalError(
            f"Two decays left energy in more voxels than there is room for, {lost} too many. Use "
            "larger voxels."
        )


def _shares(MBq: NDArray, decays: int) -> NDArray:
    """Decays of each nuclide of one mode, in proportion to its activity, even."""
    size = np.abs(MBq).sum(0)
    pairs = np.ceil(0.5 * decays * size / max(size.sum(), 1e-300)).astype(int)
    return 2 * pairs


def _source(MBq: NDArray, body: Voxels, decays: int) -> tuple:
    place = np.ascontiguousarray(MBq, float).view()
    place.flags.writeable = False  # one compiled version for every caller
    return voxel.cumulative_rows(place, body.space.shape[2]), place, float(decays)


def _spectra(emissions: Emissions, cut_MeV: float) -> tuple[tuple, NDArray]:
    """Lines to follow, with cumulative yields, and the energy that stays. MeV per decay."""
    stays, found = np.zeros(CHANNELS), []
    for channel, (radiation, least) in enumerate((("photon", LOWEST_MEV), ("electron", cut_MeV))):
        E, y = (np.array(getattr(emissions, f"{radiation}_{w}")) for w in ("MeV", "yield"))
        stays[channel] = (E * y)[E <= least].sum()
        E, y = E[E > least], y[E > least]
        found.append((E, np.cumsum(y)) if len(E) else (np.ones(1), np.zeros(1)))
    stays[2] = emissions.energy_MeV("alpha")
    return tuple(found), stays
