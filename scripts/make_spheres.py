r"""Make the tables of spheres that pdcraft ships, with its own transport.

    python -m scripts.make_spheres electrons --medium water --histories 100000 --seed 1 --threads 2
    python -m scripts.make_spheres photons --medium water --histories 50000

writes ``spheres_<medium>.csv`` (absorbed fractions of electrons even in spheres),
``kernels_<medium>.csv`` (scaled dose-point kernels) and ``photon_spheres_<medium>.csv`` (absorbed
fractions of photons) into ``library/media``. Needs the extra ``transport`` (form factors and photon
cross sections). The same seed and histories give the same files on any number of threads.

.. math:: \phi(E,m) = \frac1E\Big\langle\sum\varepsilon\Big[1-\frac{3r}{4R}+\frac{r^3}{16R^3}\Big]
          \Big\rangle,\qquad J(x) = \frac1E\frac{d\varepsilon}{dx},\; x = r/r_0

Energy of bremsstrahlung photons that is absorbed again counts where it is absorbed.
"""

import argparse
import sys
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np

from pdcraft.dosimetry.core import expectation
from pdcraft.dosimetry.core.coupled import histories
from pdcraft.dosimetry.core.rng import key
from pdcraft.dosimetry.core.scattering import electron_tables
from pdcraft.dosimetry.core.tally import batch_ranges, in_batches, mean_and_sigma
from pdcraft.library.electron_data import atoms, matter, oscillators, stopping_powers
from pdcraft.library.photon_data import optics

ENERGIES_MEV = (0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.07, 0.085, 0.1, 0.125, 0.15,
                0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0)  # fmt: skip
MASSES_G = np.geomspace(1e-7, 1e3, 31)
SHELLS, WIDTH = 48, 0.025  # of the kernel, in units of the range
LOWEST_CUT_MEV, HIGHEST_CUT_MEV, CUT = 1e-3, 1e-2, 0.05
C1 = C2 = 0.1
PHOTONS_MEV = (0.001, 0.0015, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008, 0.01, 0.015, 0.02, 0.03,
               0.04, 0.05, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0,
               3.0, 4.0)  # fmt: skip
PHOTON_MASSES_G = np.geomspace(1e-3, 1e4, 22)
SHARE, FAST_SHARE, FAST_MEV = 0.2, 0.5, 0.3  # of the electrons that photons free: followed
BATCHES = 50
OUTER_CM = 200.0


class Medium:
    """A medium at unit density, ready for transport; ``range_cm`` is the CSDA range."""

    def __init__(self, name: str = "water") -> None:
        composition, _, excitation_eV = matter(name)
        density = 1.0
        self.name = name
        self.energy_MeV = np.geomspace(1e-3, 5.05, 500)
        self.stopping = stopping_powers(name, self.energy_MeV)
        self.atoms = atoms(composition, density)
        self.oscillators = oscillators(composition, density, excitation_eV)
        self.optics = optics(composition, density)

    def tables(self, cut_MeV: float) -> tuple:
        """Tables for electrons, with hard events above the cut."""
        return electron_tables(
            self.energy_MeV, *self.stopping, self.atoms, self.oscillators,
            hard_MeV=cut_MeV, C1=C1, C2=C2,
        )  # fmt: skip

    def range_cm(self, energy_MeV: float) -> float:
        """CSDA range; below 1 keV the stopping power goes on with its slope there."""
        total = sum(self.stopping)
        fine = np.geomspace(1e-3, energy_MeV, 4000)
        power = np.exp(np.interp(np.log(fine), np.log(self.energy_MeV), np.log(total)))
        slope = np.log(total[9] / total[0]) / np.log(self.energy_MeV[9] / 1e-3)
        return 1e-3 / total[0] / (1.0 - slope) + float(np.trapezoid(1.0 / power, fine))


def cut_MeV(energy_MeV: float) -> float:
    """Energy below which electrons stop where they are: short of every sphere and shell."""
    return min(max(LOWEST_CUT_MEV, CUT * energy_MeV), HIGHEST_CUT_MEV)


def from_a_point(matter: Medium, energy_MeV: float, radii_cm: np.ndarray, args, job: int):
    """Batches of the score per electron from a point source, and seconds. MeV."""
    cut, reach = cut_MeV(energy_MeV), matter.range_cm(energy_MeV)
    source = (0.0, np.array([energy_MeV]), np.ones(1), np.zeros(1))
    medium, tally = matter.tables(cut), (WIDTH * reach, SHELLS, radii_cm)

    def work(begin: int, end: int) -> np.ndarray:
        return histories(
            key(args.seed, job), begin, end, source, medium, matter.optics, (cut, OUTER_CM), tally
        )

    begun = time.perf_counter()
    score = in_batches(work, batch_ranges(args.histories, BATCHES), threads=args.threads)
    return score, time.perf_counter() - begun


def photons_from_a_point(matter: Medium, energy_MeV: float, radii_cm: np.ndarray, args, job: int):
    """Batches of the energy in spheres per photon, by expected values. MeV."""
    cut = min(max(LOWEST_CUT_MEV, CUT * energy_MeV), HIGHEST_CUT_MEV)
    source = (np.array([energy_MeV]), np.ones(1), np.ones(1), np.ones(1))
    share = SHARE if energy_MeV < FAST_MEV else FAST_SHARE
    medium, limits = matter.tables(cut), (cut, OUTER_CM, share)

    def work(begin: int, end: int) -> np.ndarray:
        return expectation.histories(
            key(args.seed, job), begin, end, source, medium, matter.optics, limits, radii_cm
        )[1]

    return in_batches(work, batch_ranges(args.histories, BATCHES), threads=args.threads)


def extended(mean: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fractions of less than three sigma replaced by a surface law from the next larger sphere.

    These are spheres far smaller than the range of the electrons that the photon frees; the sigma
    is then the value itself.
    """
    mean, sigma = mean.copy(), sigma.copy()
    poor = np.flatnonzero(mean < 3.0 * sigma)
    for n in range(poor[-1], -1, -1) if len(poor) else ():
        mean[n] = mean[n + 1] * (PHOTON_MASSES_G[n] / PHOTON_MASSES_G[n + 1]) ** (2.0 / 3.0)
        sigma[n] = mean[n]
    return mean, sigma


def write(name: str, lines: list[str], rows: list[str], args: argparse.Namespace) -> None:
    """Write a table into the library."""
    made = (
        f"# Made by scripts/make_spheres.py (version 2), {args.histories} {args.radiation} per "
        f"energy, seed {args.seed}; NIST ESTAR stopping powers, XCOM photons."
    )
    path = Path(str(files("pdcraft.library"))) / "media" / name
    path.write_text("\n".join([lines[0], made, lines[1], *rows]) + "\n", encoding="utf-8")


def row(first: str, values: np.ndarray, form: Callable[[float], str]) -> str:
    """One line of a table."""
    return ",".join([first, *map(form, values)])


def fractions(E: float, mean: np.ndarray, sigma: np.ndarray) -> list[str]:
    """The two lines of one energy."""
    return [
        row(f"{E:g},fraction", mean, lambda v: f"{v:.5g}"),
        row(f"{E:g},sigma", sigma, lambda v: f"{v:.1e}"),
    ]


def head(radiation: str, medium: str, masses_g: np.ndarray) -> list[str]:
    """Title and columns of a table of fractions."""
    return [
        f"# Absorbed fraction of {radiation} energy in unit-density spheres with an even source, "
        f"in {medium}; sphere masses in g, sigma absolute.",
        "E_MeV,quantity," + ",".join(f"{m:.4g}" for m in masses_g),
    ]


def make_electrons(matter: Medium, args: argparse.Namespace) -> None:
    """Absorbed fractions and kernels of electrons."""
    spheres, kernels = [], []
    radii_cm = np.cbrt(3.0 * MASSES_G / (4.0 * np.pi))
    for job, E in enumerate(ENERGIES_MEV):
        score, seconds = from_a_point(matter, E, radii_cm, args, job)
        mean, sigma = (v[:-3] / E for v in mean_and_sigma(score))
        spheres += fractions(E, mean[SHELLS:], sigma[SHELLS:])
        start = f"{E:g},{matter.range_cm(E):.5g}"
        kernels.append(row(start + ",J", mean[:SHELLS] / WIDTH, lambda v: f"{v:.4f}"))
        kernels.append(row(start + ",sigma", sigma[:SHELLS] / WIDTH, lambda v: f"{v:.4f}"))
        sys.stderr.write(f"{E:g} MeV: {args.histories / seconds:.0f} electrons/s\n")
    write(f"spheres_{matter.name}.csv", head("electron", matter.name, MASSES_G), spheres, args)
    write(f"kernels_{matter.name}.csv", [
        f"# Scaled dose-point kernel J(r/r0) in {matter.name}, means over shells of 0.025 r0; "
        "columns are the middles of the shells in r/r0.",
        "E_MeV,r0_cm,quantity," + ",".join(f"{(i + 0.5) * WIDTH:.4f}" for i in range(SHELLS))],
        kernels, args)  # fmt: skip


def make_photons(matter: Medium, args: argparse.Namespace) -> None:
    """Absorbed fractions of photons."""
    rows, radii_cm = [], np.cbrt(3.0 * PHOTON_MASSES_G / (4.0 * np.pi))
    for job, E in enumerate(PHOTONS_MEV):
        score = photons_from_a_point(matter, E * (1 + 1e-9), radii_cm, args, 1000 + job)
        mean, sigma = extended(*(v / E for v in mean_and_sigma(score)))
        rows += fractions(E, mean, sigma)
        sys.stderr.write(f"{E:g} MeV: {mean[0]:.3g} … {mean[-1]:.3g}\n")
    write(
        f"photon_spheres_{matter.name}.csv",
        head("photon", matter.name, PHOTON_MASSES_G),
        rows,
        args,
    )


def main() -> None:
    """Read the command line, run every energy, write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("radiation", choices=["electrons", "photons"])
    parser.add_argument("--medium", default="water")
    parser.add_argument("--histories", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    make = make_electrons if args.radiation == "electrons" else make_photons
    make(Medium(args.medium), args)


if __name__ == "__main__":
    main()
