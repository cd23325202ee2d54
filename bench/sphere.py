"""Energy of I-131, all radiations, in a 20.0 g water sphere: efficiency 1/(sigma² CPU s).

    python -m bench.sphere --histories 200000 [--peer-python PYTHON --peer-decays 100000]

Prints one line for expected values (``core.expectation``), one for analog transport of a source
that fills the sphere (``core.coupled``), the gain of two threads, and, if pyPenred can be imported
by the interpreter of ``--peer-python`` (or this one), its lines at two cuts with the same emissions
in the same run. Sigma is relative. The peer is no dependency.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scripts.make_spheres import Medium

from pdcraft import library
from pdcraft.dosimetry.core import coupled, expectation
from pdcraft.dosimetry.core.rng import key
from pdcraft.dosimetry.core.tally import batch_ranges, in_batches, mean_and_sigma

RADIUS_CM, OUTER_CM, CUT_MEV, BATCHES = 1.6839, 30.0, 1e-2, 40
ELECTRONS, SHARE = 0.3, 0.02  # part of the histories; part of the secondary electrons followed
PEER = Path(__file__).parent / "peer_penred.py"


def lines(nuclide: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Energies (MeV), yields and kinds of what is transported, and energy of what is not."""
    one = library.emissions(nuclide)
    E = np.concatenate([one.electron_MeV, one.photon_MeV])
    y = np.concatenate([one.electron_yield, one.photon_yield])
    kind = np.concatenate([np.zeros(len(one.electron_MeV)), np.ones(len(one.photon_MeV))])
    keep = E > np.where(kind == 1, 1e-3, CUT_MEV)
    return E[keep], y[keep], kind[keep], float((E * y)[~keep].sum())


def timed(work, total: int, threads: int = 1) -> tuple[float, float, float, float]:
    """Mean and sigma per history, CPU and wall seconds; compiled before."""
    work(0, 50)
    cpu, wall = time.process_time(), time.perf_counter()
    score = in_batches(work, batch_ranges(total, BATCHES), threads=threads)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return (*map(float, mean_and_sigma(score)), cpu, wall)


def show(name: str, mean: float, sigma: float, cpu: float, extra: str = "") -> float:
    """Print one line and return the efficiency. 1/s."""
    efficiency = (mean / sigma) ** 2 / cpu
    print(f"{name:34s} {mean:.5f} +- {sigma:.5f} MeV/decay  {cpu:7.2f} CPU s  "
          f"efficiency {efficiency:9.3g} /s  {extra}")  # fmt: skip
    return efficiency


def peer(python: str, cut_eV: float, C: float, decays: float, local: float) -> float:
    """One run of pyPenred. Returns its efficiency."""
    E, y, kind, _ = lines("I-131")
    with tempfile.TemporaryDirectory() as folder:
        pairs = {
            name: [[1e6 * e, n] for e, n in zip(E[kind == k], y[kind == k], strict=True)]
            for name, k in (("electron", 0), ("gamma", 1))
        }
        Path(folder, "lines.json").write_text(json.dumps(pairs), encoding="utf-8")
        command = [python, str(PEER), folder, *(f"{v:g}" for v in (cut_eV, C, decays, 5))]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    below = float((E * y)[(kind == 0) & (1e6 * E <= cut_eV)].sum())
    got = json.loads(text.strip().splitlines()[-1])
    got["MeV"] += local + below  # born below the cut: stays
    rate = f"{decays / got['cpu_s']:.0f} decays/CPU s"
    return show(f"pyPenred, cut {cut_eV / 1e3:g} keV", got["MeV"], got["sigma"], got["cpu_s"], rate)


def main() -> None:
    """Read the command line, run ours, then the peer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--histories", type=int, default=200_000)
    parser.add_argument("--analog-decays", type=int, default=40_000)
    parser.add_argument("--peer-python", default=None)
    parser.add_argument("--peer-decays", type=float, default=100_000)
    args = parser.parse_args()
    water, (E, y, kind, local) = Medium(), lines("I-131")
    medium = water.tables(CUT_MEV)
    part = np.where(kind == 0, ELECTRONS, 1 - ELECTRONS)
    drawn = part * E * y / np.where(kind == 0, (E * y)[kind == 0].sum(), (E * y)[kind == 1].sum())
    chosen = (E, np.cumsum(drawn), kind, y / drawn)

    def expected(begin: int, end: int) -> np.ndarray:
        limits, radii = (CUT_MEV, OUTER_CM, SHARE), np.array([RADIUS_CM])
        score = expectation.histories(
            key(1, 0), begin, end, chosen, medium, water.optics, limits, radii
        )
        return score.sum()

    even, tally = (RADIUS_CM, E, np.cumsum(y), kind), (RADIUS_CM, 1, np.zeros(0))

    def analog(begin: int, end: int) -> np.ndarray:
        limits = (CUT_MEV, OUTER_CM)
        return coupled.histories(
            key(2, 0), begin, end, even, medium, water.optics, limits, tally
        )[0]  # fmt: skip

    mean, sigma, cpu, wall = timed(expected, args.histories)
    ours = show("expected values, cut 10 keV", mean + local, sigma, cpu,
                f"{args.histories / cpu:.0f} histories/CPU s")  # fmt: skip
    *_, both = timed(expected, args.histories, threads=2)
    print(f"{'':34s} two threads: wall {wall:.2f} s -> {both:.2f} s, {wall / both:.2f} times")
    total = round(args.analog_decays * y.sum())
    mean, sigma, cpu, _ = timed(analog, total)
    show("analog, cut 10 keV", mean * y.sum() + local, sigma * y.sum(), cpu,
         f"{total / y.sum() / cpu:.0f} decays/CPU s")  # fmt: skip
    python = args.peer_python or sys.executable
    if args.peer_python is None and importlib.util.find_spec("pyPenred") is None:
        print("pyPenred is not installed; name an interpreter that has it with --peer-python.")
        return
    for cut_eV, C, wanted in ((1e4, 0.05, 20), (1e5, 0.1, 3)):
        its = peer(python, cut_eV, C, args.peer_decays, local)
        print(f"{'':34s} ours / pyPenred = {ours / its:.0f}, wanted {wanted}")


if __name__ == "__main__":
    main()
