r"""Make the electron absorbed fractions between regions that pdcraft ships.

    python scripts/make_electron_saf.py newborn --histories 20000 --seed 1

writes ``saf_electron.csv`` into the phantom's folder: the part of the energy of electrons born
evenly in a source that every region absorbs, by the point kernel of water
(`dosimetry.core.point_kernel`). Skeleton and marrow are no sources here: they have a model of their
own. Needs only what pdcraft itself needs. The same seed and histories give the same file.
"""

import argparse
import sys

import numpy as np

from pdcraft.dosimetry.core.geometry import candidates
from pdcraft.dosimetry.core.point_kernel import deposits
from pdcraft.dosimetry.core.rng import key
from pdcraft.library.electron_data import point_kernels
from pdcraft.library.phantom_geometry import (
    FOLDER,
    description,
    geometry,
    known_phantoms,
    region_boxes,
    region_names,
)

ENERGIES_MEV = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0)
LEAST = 5e-5


def kernel_tables() -> tuple[np.ndarray, np.ndarray, float]:
    """Ranges, cumulative kernels without the energy beyond the last shell, and shell width."""
    known = point_kernels()
    reach = np.array([known[E][0] for E in ENERGIES_MEV])
    x = known[ENERGIES_MEV[0]][1]
    total = np.cumsum([known[E][2] for E in ENERGIES_MEV], axis=1)
    return reach, total / total[:, -1:], float(x[1] - x[0])


def main() -> None:
    """Read the command line, run every source, write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("phantom", choices=known_phantoms())
    parser.add_argument("--histories", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    surfaces, bodies, grid = geometry(args.phantom)
    text, names = description(args.phantom), region_names(args.phantom)
    bones = text.get("bones", {}).get("regions", [])
    rho = {m: row["density_g_per_cm3"] for m, row in text["materials"].items()}
    kind = ["skeleton" if n in bones else "lung" if n == "lungs" else "soft" for n in names]
    density = np.array([rho[k] for k in kind])
    arrays, boxes = (surfaces, bodies, *candidates(bodies, grid), grid), region_boxes(args.phantom)
    targets = [n for n in names if n not in bones] + (["skeleton"] if bones else [])
    lines = [
        f"# Absorbed fraction of electrons, target <- source, phantom {args.phantom}; energies in "
        "MeV. Fractions below 5e-5 are left out.",
        f"# Made by scripts/make_electron_saf.py (version 1), {args.histories} histories per "
        f"source, seed {args.seed}; kernels_water.csv.",
        "target,source,quantity," + ",".join(f"{E:g}" for E in ENERGIES_MEV),
    ]
    for job, source in enumerate(n for n in names if n not in bones):
        i = names.index(source)
        place = np.array([i]), np.array([1.0]), boxes[i : i + 1]
        score = deposits(
            key(args.seed, job), 0, args.histories, place, kernel_tables(), density, arrays,
            len(names),
        )  # fmt: skip
        for target in targets:
            members = [names.index(n) for n in (bones if target == "skeleton" else [target])]
            f = score[:, members].sum(1) / args.histories
            if f.max() < LEAST:
                continue
            sigma = np.sqrt(f * (1 - f) / args.histories)
            lines.append(f"{target},{source},fraction," + ",".join(f"{v:.4g}" for v in f))
            lines.append(f"{target},{source},sigma," + ",".join(f"{v:.1e}" for v in sigma))
        sys.stderr.write(f"{args.phantom} {source}\n")
    path = FOLDER / args.phantom / "saf_electron.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
