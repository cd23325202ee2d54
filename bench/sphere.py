"""How fast a 20.0 g sphere of I-131 or Y-90 electrons is transported: efficiency, one core.

    python -m bench.sphere --histories 100000 [--peer COMMAND …]

Prints histories per CPU second and efficiency 1/(relative sigma^2 CPU s) of the absorbed fraction,
for a source that fills the sphere and for one run from a point with reciprocity. A peer is run only
if its command is given; it is no dependency.
"""

import argparse
import subprocess
import time

import numpy as np
from scripts.make_spheres import Medium

from pdcraft import library
from pdcraft.dosimetry.core.coupled import histories
from pdcraft.dosimetry.core.rng import key

RADIUS_CM, CUT_MEV = 1.6839, 1e-2
BATCHES = 20


def ratio(inside: np.ndarray, everywhere: np.ndarray) -> tuple[float, float]:
    """Absorbed fraction and its sigma from batches."""
    share = inside.sum() / everywhere.sum()
    rest = (inside - share * everywhere) / everywhere.mean()
    return share, rest.std(ddof=1) / np.sqrt(len(rest))


def run(water: Medium, nuclide: str, total: int, *, from_point: bool) -> None:
    """One line of the benchmark."""
    emitted = library.emissions(nuclide)
    E, y = np.asarray(emitted.electron_MeV), np.asarray(emitted.electron_yield)
    E, y = E[E > CUT_MEV], y[E > CUT_MEV]
    source = (0.0 if from_point else RADIUS_CM, E, np.cumsum(y), np.zeros(len(E)))
    spheres = np.array([RADIUS_CM]) if from_point else np.zeros(0)
    medium, tally = water.tables(CUT_MEV), (RADIUS_CM, 1, spheres)
    scores, size = [], total // BATCHES
    for batch in range(-1, BATCHES):  # the first compiles
        if batch == 0:
            begun = time.process_time()
        first, many = max(batch, 0) * size, size if batch >= 0 else 10
        scores.append(
            histories(
                key(1, 0), first, first + many, source, medium, water.optics, (CUT_MEV, 30.0), tally
            )
        )
    seconds, score = time.process_time() - begun, np.array(scores[1:])
    mean, sigma = ratio(score[:, 1 if from_point else 0], score[:, -3] + score[:, -2])
    print(
        f"{nuclide:7s}{'point' if from_point else 'even':6s} phi {mean:.5f} +- {sigma:.5f}  "
        f"{total / seconds:8.0f} histories/CPU s  efficiency {(mean / sigma) ** 2 / seconds:.3g} /s"
    )


def main() -> None:
    """Read the command line, run both nuclides both ways, then the peer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--histories", type=int, default=100_000)
    parser.add_argument("--peer", nargs="+", help="command that runs the same case elsewhere")
    args = parser.parse_args()
    water = Medium()
    for nuclide in ("I-131", "Y-90"):
        for from_point in (False, True):
            run(water, nuclide, args.histories, from_point=from_point)
    if args.peer:
        subprocess.run(args.peer, check=True)


if __name__ == "__main__":
    main()
