r"""Make the electron tables that pdcraft ships, with its own transport, in liquid water.

    python scripts/make_spheres.py --histories 100000 --seed 1 --threads 2

writes ``spheres_water.csv`` (absorbed fractions of electrons even in spheres) and
``kernels_water.csv`` (scaled dose-point kernels) into ``library/media``. Needs the extra
``transport`` (form factors and photon cross sections). The same seed and histories give the same
files on any number of threads.

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
BATCHES = 50
OUTER_CM = 200.0


class Water:
    """Liquid water, ready for transport; ``range_cm`` is the CSDA range."""

    def __init__(self) -> None:
        composition, density, excitation_eV = matter("water")
        self.energy_MeV = np.geomspace(1e-3, 5.05, 500)
        self.stopping = stopping_powers("water", self.energy_MeV)
        self.atoms = atoms(composition, density)
        self.oscillators = oscillators(composition, density, excitation_eV)
        self.optics = optics(composition, density)

    def medium(self, cut_MeV: float) -> tuple:
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


def from_a_point(water: Water, energy_MeV: float, radii_cm: np.ndarray, args, job: int):
    """Batches of the score per electron from a point source, and seconds. MeV."""
    cut, reach = cut_MeV(energy_MeV), water.range_cm(energy_MeV)
    source = (0.0, np.array([energy_MeV]), np.ones(1), np.zeros(1))
    medium, tally = water.medium(cut), (WIDTH * reach, SHELLS, radii_cm)

    def work(begin: int, end: int) -> np.ndarray:
        return histories(
            key(args.seed, job), begin, end, source, medium, water.optics, (cut, OUTER_CM), tally
        )

    begun = time.perf_counter()
    score = in_batches(work, batch_ranges(args.histories, BATCHES), threads=args.threads)
    return score, time.perf_counter() - begun


def write(name: str, lines: list[str], rows: list[str], args: argparse.Namespace) -> None:
    """Write a table into the library."""
    made = (
        f"# Made by scripts/make_spheres.py (version 1), {args.histories} electrons per energy, "
        f"seed {args.seed}; NIST ESTAR stopping powers, XCOM photons."
    )
    path = Path(str(files("pdcraft.library"))) / "media" / name
    path.write_text("\n".join([lines[0], made, lines[1], *rows]) + "\n", encoding="utf-8")


def row(first: str, values: np.ndarray, form: Callable[[float], str]) -> str:
    """One line of a table."""
    return ",".join([first, *map(form, values)])


def main() -> None:
    """Read the command line, run every energy, write both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--histories", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    water, spheres, kernels = Water(), [], []
    radii_cm = np.cbrt(3.0 * MASSES_G / (4.0 * np.pi))
    for job, E in enumerate(ENERGIES_MEV):
        score, seconds = from_a_point(water, E, radii_cm, args, job)
        mean, sigma = (v[:-3] / E for v in mean_and_sigma(score))
        spheres.append(row(f"{E:g},fraction", mean[SHELLS:], lambda v: f"{v:.5g}"))
        spheres.append(row(f"{E:g},sigma", sigma[SHELLS:], lambda v: f"{v:.1e}"))
        head = f"{E:g},{water.range_cm(E):.5g}"
        kernels.append(row(head + ",J", mean[:SHELLS] / WIDTH, lambda v: f"{v:.4f}"))
        kernels.append(row(head + ",sigma", sigma[:SHELLS] / WIDTH, lambda v: f"{v:.4f}"))
        sys.stderr.write(f"{E:g} MeV: {args.histories / seconds:.0f} electrons/s\n")
    write("spheres_water.csv", [
        "# Absorbed fraction of electron energy in unit-density water spheres with an even source, "
        "in water; sphere masses in g, sigma absolute.",
        "E_MeV,quantity," + ",".join(f"{m:.4g}" for m in MASSES_G)], spheres, args)  # fmt: skip
    write("kernels_water.csv", [
        "# Scaled dose-point kernel J(r/r0) in water, means over shells of 0.025 r0; columns are "
        "the middles of the shells in r/r0.",
        "E_MeV,r0_cm,quantity," + ",".join(f"{(i + 0.5) * WIDTH:.4f}" for i in range(SHELLS))],
        kernels, args)  # fmt: skip


if __name__ == "__main__":
    main()
