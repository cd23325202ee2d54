r"""Make the photon SAF tables that pdcraft ships, with its own transport.

    python scripts/make_saf.py adult_male --histories 1000000 --seed 1 --threads 2

writes ``organ_masses.csv`` and ``saf_photon.csv`` into the phantom's folder of the library. Needs
the extra
``transport`` (cross sections). The same seed and histories give the same files on any number of
threads.

.. math:: \Phi(T \leftarrow S, E) = \bar\varepsilon_T / (E\,m_T)

with the mean energy :math:`\bar\varepsilon_T` absorbed in T per photon of energy E born in S.
"""

import argparse
import functools
import sys
import time

import numpy as np

from pdcraft.dosimetry.core.geometry import candidates, count_regions
from pdcraft.dosimetry.core.photon import histories
from pdcraft.dosimetry.core.rng import key
from pdcraft.dosimetry.core.tally import batch_ranges, in_batches, mean_and_sigma
from pdcraft.library.phantom_geometry import (
    FOLDER,
    description,
    geometry,
    known_phantoms,
    region_boxes,
    region_names,
)
from pdcraft.library.phantom_tables import marrow_distribution, saf_photon
from pdcraft.library.photon_data import transport_tables

ENERGIES_MEV = (0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.35, 0.5, 1.0, 1.5, 2.0, 4.0)
SOURCES = (
    "total body", "red marrow", "skeleton", "muscle", "adrenals", "brain", "breasts",
    "gall bladder contents", "heart contents", "heart wall", "kidneys", "liver",
    "lower large intestine contents", "lungs", "ovaries", "pancreas", "small intestine", "spleen",
    "stomach contents", "testes", "thymus", "thyroid", "upper large intestine contents",
    "urinary bladder contents", "uterus", "skin", "gall bladder wall", "stomach wall",
    "upper large intestine wall", "lower large intestine wall", "urinary bladder wall", "tumour",
)  # fmt: skip
SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se "
    "Br Kr Rb Sr Y Zr"
).split()
BATCHES = 50
POINTS = 4_000_000


class Body:
    """One phantom, ready for transport."""

    def __init__(self, phantom: str, *, points: int = POINTS) -> None:
        self.points = points
        surfaces, bodies, grid = geometry(phantom)
        text = description(phantom)
        self.name, self.regions = phantom, region_names(phantom)
        self.geometry = (surfaces, bodies, *candidates(bodies, grid), grid)
        self.boxes = region_boxes(phantom)
        self.bones = text.get("bones", {"regions": []})["regions"]
        self.materials = tuple(text["materials"])
        self.medium = np.array([self.material(region) for region in self.regions])
        self.density = [text["materials"][m]["density_g_per_cm3"] for m in self.materials]
        mixtures = [text["materials"][m]["percent"] for m in self.materials]
        atomic = [
            {(SYMBOLS.index(s) + 1 if s in SYMBOLS else 82): w / 100 for s, w in x.items()}
            for x in mixtures
        ]
        self.physics = transport_tables(atomic, self.density)
        self.marrow_g = text.get("red_marrow_g", 0.0)

    def material(self, region: str) -> int:
        """Index of a region's material."""
        kind = "skeleton" if region in self.bones else "lung" if region == "lungs" else "soft"
        return self.materials.index(kind)

    @functools.cached_property
    def volume_cm3(self) -> np.ndarray:
        """Volumes by stratified sampling: one random point in each of many small boxes."""
        random = np.random.default_rng(20260101)
        return np.array([self._volume(i, random) for i in range(len(self.regions))])

    def _volume(self, i: int, random: np.random.Generator) -> float:
        box = self.boxes[i]
        side = box[1::2] - box[::2]
        cells = np.maximum(1, np.round(side * (self.points / side.prod()) ** (1 / 3))).astype(int)
        index = np.indices(cells).reshape(3, -1)
        at = [
            (index[a] + random.random(index.shape[1])) / cells[a] * side[a] + box[2 * a]
            for a in range(3)
        ]
        count = count_regions(*at, len(self.regions), self.geometry)[i]
        return count / index.shape[1] * side.prod()

    @functools.cached_property
    def mass_g(self) -> np.ndarray:
        """Masses of the regions."""
        return self.volume_cm3 * np.array([self.density[m] for m in self.medium])

    def members(self, organ: str) -> list[int]:
        """Regions that make up an organ."""
        names = {"total body": self.regions, "skeleton": self.bones}.get(organ, [organ])
        return [self.regions.index(name) for name in names]

    def source(self, organ: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Regions, cumulative probabilities and boxes; uniform per mass, marrow by bone."""
        if organ == "red marrow":
            share = marrow_distribution(self.name)
            regions = np.array([self.regions.index(bone) for bone in share])
            weight = np.array(list(share.values()))
        else:
            regions = np.array(self.members(organ))
            weight = self.mass_g[regions]
        return regions, np.cumsum(weight), self.boxes[regions]

    @functools.cached_property
    def marrow(self) -> np.ndarray:
        """Marrow weight of each region, f / (V rho_soft), 1/g."""
        weight = np.zeros(len(self.regions))
        for bone, share in marrow_distribution(self.name).items():
            i = self.regions.index(bone)
            weight[i] = share / (self.volume_cm3[i] * self.density[0])
        return weight

    @property
    def organs(self) -> list[str]:
        """Targets: organs, then the sums."""
        single = [name for name in self.regions if name not in self.bones]
        skeleton = ["skeleton", "red marrow"] if self.bones else []
        return [*single, *skeleton, "total body"]

    @property
    def sources(self) -> list[str]:
        """Sources that this body has, in the order of `SOURCES`."""
        return [name for name in SOURCES if name in self.organs]


def specific_absorbed_fractions(
    body: Body, organ: str, energy_MeV: float, *, total: int, seed: int, job: int, threads: int
) -> tuple[np.ndarray, np.ndarray]:
    """SAF of every target (1/kg) and its relative sigma.

    Of the two unbiased estimates, expected value at tentative collisions and energy left at real
    ones, each
    target takes the one with the smaller sigma: the first in small or distant organs, the second
    where photons stop within a few mean free paths.
    """
    source = body.source(organ)

    def work(begin: int, end: int) -> np.ndarray:
        return histories(
            key(seed, job), begin, end, energy_MeV, source, body.geometry, body.physics,
            body.medium, body.marrow, False,
        )  # fmt: skip

    score = in_batches(work, batch_ranges(total, BATCHES), threads=threads)
    saf = np.empty((2, len(score), len(body.organs)))
    for i, target in enumerate(body.organs):
        if target == "red marrow":
            saf[:, :, i] = 1e3 * score[:, 2, 0] / energy_MeV
        else:
            members = body.members(target)
            absorbed = score[:, :2, members].sum(2).T
            saf[:, :, i] = 1e3 * absorbed / (energy_MeV * body.mass_g[members].sum())
    pairs = [mean_and_sigma(estimate) for estimate in saf]
    (mean, sigma), (mean_real, sigma_real) = pairs
    real = (mean_real > 0) & (sigma_real < sigma)
    mean, sigma = np.where(real, mean_real, mean), np.where(real, sigma_real, sigma)
    return mean, np.where(mean > 0, sigma / np.maximum(mean, 1e-300), 1.0)


def write_masses(body: Body) -> None:
    """Write organ_masses.csv: volume and mass of every region and of the sums."""
    lines = [
        "# Volumes of the shapes in phantom.toml by stratified sampling (scripts/make_saf.py)",
        "region,volume_cm3,mass_g",
    ]
    for name in [*body.organs, *body.bones]:
        if name == "red marrow":
            lines.append(f"{name},,{body.marrow_g:g}")
            continue
        members = body.members(name)
        lines.append(
            f"{name},{body.volume_cm3[members].sum():.5g},{body.mass_g[members].sum():.5g}"
        )
    (FOLDER / body.name / "organ_masses.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def run_all(body: Body, args: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """SAF and relative sigma of every target, source and energy [target, source, energy]."""
    shape = (len(body.organs), len(body.sources), len(ENERGIES_MEV))
    saf, sigma = np.empty(shape), np.empty(shape)
    begun, kept = time.monotonic(), known_values(body) if args.missing else {}
    for s, organ in enumerate(body.sources):
        if organ in kept:
            saf[:, s], sigma[:, s] = kept[organ]
            continue
        for e, energy in enumerate(ENERGIES_MEV):
            job = SOURCES.index(organ) * len(ENERGIES_MEV) + e
            saf[:, s, e], sigma[:, s, e] = specific_absorbed_fractions(
                body, organ, energy,
                total=args.histories, seed=args.seed, job=job, threads=args.threads,
            )  # fmt: skip
        spent = time.monotonic() - begun
        sys.stderr.write(f"{body.name} {organ} {s + 1}/{len(body.sources)} {spent:.0f} s\n")
    return saf, sigma


def known_values(body: Body) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """SAF and relative sigma, ``[target, energy]`` each, of the sources in the shipped table."""
    sources, targets, _, saf, sigma = saf_photon(body.name)
    rows = [targets.index(name) for name in body.organs]
    return {name: (saf[rows, s], sigma[rows, s]) for s, name in enumerate(sources)}


def use_reciprocity(body: Body, saf: np.ndarray, sigma: np.ndarray) -> int:
    """Replace poor values by their reverse, SAF(T <- S) = SAF(S <- T), and return how many.

    Only where the direct sigma is above 5 % and the reverse is at least twice as good, never for
    marrow or skeleton, and for the total body (which holds bone) only from 0.1 MeV. A systematic
    3 % is added.
    """
    count = 0
    for t, target in enumerate(body.organs):
        for s, source in enumerate(body.sources):
            names = {target, source}
            if target not in body.sources or names & {"skeleton", "red marrow"}:
                continue
            reverse = body.organs.index(source), body.sources.index(target)
            for e, energy in enumerate(ENERGIES_MEV):
                poor = sigma[t, s, e] > 0.05 and 2 * sigma[(*reverse, e)] < sigma[t, s, e]
                if poor and (energy >= 0.1 or "total body" not in names):
                    saf[t, s, e] = saf[(*reverse, e)]
                    sigma[t, s, e] = np.hypot(sigma[(*reverse, e)], 0.03)
                    count += 1
    return count


def write_table(body: Body, args: argparse.Namespace) -> None:
    """Run every source and energy and write saf_photon.csv."""
    saf, sigma = run_all(body, args)
    reversed_values = use_reciprocity(body, saf, sigma)
    lines = [
        f"# Photon SAF(target <- source), 1/kg, and relative sigma, phantom {body.name}; "
        "energies in MeV.",
        f"# Made by scripts/make_saf.py (version 1), {args.made or args.histories} histories per "
        f"value, seed {args.seed}; XCOM cross sections, electrons local.",
        f"# {reversed_values} of {saf.size} values by reciprocity "
        "(see use_reciprocity in the script).",
        "target,source,quantity," + ",".join(f"{E:g}" for E in ENERGIES_MEV),
    ]
    for s, organ in enumerate(body.sources):
        for t, target in enumerate(body.organs):
            lines.append(f"{target},{organ},saf," + ",".join(f"{v:.4g}" for v in saf[t, s]))
            lines.append(f"{target},{organ},sigma," + ",".join(f"{v:.2g}" for v in sigma[t, s]))
    (FOLDER / body.name / "saf_photon.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Read the command line, make masses and table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("phantom", choices=known_phantoms())
    parser.add_argument("--histories", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--points", type=int, default=POINTS, help="for the volumes")
    parser.add_argument("--missing", action="store_true", help="keep sources that are in the table")
    parser.add_argument("--made", help="histories to name in the header, if they differ by source")
    args = parser.parse_args()
    body = Body(args.phantom, points=args.points)
    if not args.missing:
        write_masses(body)
    write_table(body, args)


if __name__ == "__main__":
    main()
