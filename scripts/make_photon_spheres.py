r"""Make the table of photon absorbed fractions in water spheres that pdcraft ships.

    python scripts/make_photon_spheres.py --histories 60000 --seed 1 --threads 2

writes ``photon_spheres_water.csv`` into ``library/media``: the part of a photon's energy that
stays in a unit-density sphere which emits evenly, in water without end. One run from a point serves
all spheres (reciprocity, `dosimetry.core.coupled`). Secondary electrons above ``CUT_MEV`` fly.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from pdcraft.dosimetry.core.coupled import histories
from pdcraft.dosimetry.core.rng import key
from pdcraft.dosimetry.core.tally import batch_ranges, in_batches, mean_and_sigma
from pdcraft.library.read import shelf
from scripts.make_spheres import BATCHES, OUTER_CM, Water

ENERGIES_MEV = (0.01, 0.015, 0.02, 0.03, 0.05, 0.08, 0.1, 0.2, 0.35, 0.5, 1.0, 1.5, 2.0, 4.0)
MASSES_G = np.geomspace(1e-3, 1e4, 22)
CUT_MEV = 0.05


def fractions(water: Water, energy_MeV: float, args: argparse.Namespace, job: int):
    """Absorbed fraction in every sphere and its standard deviation."""
    radii_cm = np.cbrt(3.0 * MASSES_G / (4.0 * np.pi))
    source = (0.0, np.array([energy_MeV]), np.ones(1), np.ones(1))
    medium = water.medium(CUT_MEV)

    def work(begin: int, end: int) -> np.ndarray:
        return histories(
            key(args.seed, job), begin, end, source, medium, water.optics,
            (CUT_MEV, OUTER_CM), (1.0, 1, radii_cm),
        )  # fmt: skip

    score = in_batches(work, batch_ranges(args.histories, BATCHES), threads=args.threads)
    return (v[1:-3] / energy_MeV for v in mean_and_sigma(score))


def main() -> None:
    """Read the command line, run every energy, write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--histories", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    water = Water()
    lines = [
        "# Absorbed fraction of photon energy in unit-density water spheres with an even source, "
        "in water; sphere masses in g, sigma absolute.",
        f"# Made by scripts/make_photon_spheres.py (version 1), {args.histories} photons per "
        f"energy, seed {args.seed}; XCOM cross sections, NIST ESTAR stopping powers.",
        "E_MeV,quantity," + ",".join(f"{m:.4g}" for m in MASSES_G),
    ]
    for job, E in enumerate(ENERGIES_MEV):
        mean, sigma = fractions(water, E, args, job)
        lines.append(f"{E:g},fraction," + ",".join(f"{v:.5g}" for v in mean))
        lines.append(f"{E:g},sigma," + ",".join(f"{v:.1e}" for v in sigma))
        sys.stderr.write(f"{E:g} MeV\n")
    path = Path(str(shelf("media/photon_spheres_water.csv")))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
