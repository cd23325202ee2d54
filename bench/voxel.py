"""Dosimetry on voxel grids: decays per second, memory, threads, convolution; beside scipy.

    python -m bench.voxel [--voxels 128] [--decays 200000] [--threads 2] [--big]

Prints, with CPU seconds of this process:

* Monte Carlo of I-131, photons and electrons, on a grid of water, lung and bone: decays per CPU
  second, beside what its parts would cost alone (the floor), and the peak of memory over the tally
  arrays (sums and variances, 8 bytes x 3 radiations each);
* the same on several threads: wall time, and whether the numbers are the same;
* the convolution with voxel S values over the volume in 32 bits, with a reach of 25 voxels and with
  the whole volume, beside ``scipy.signal.fftconvolve`` with a kernel of 51^3 in the same run.
``--big`` repeats the first on 256^3. Timings are those of the machine as it is: other work on it
makes caches smaller and CPU seconds longer.
"""

import argparse
import resource
import time
import tracemalloc

import equinox as eqx
import numba
import numpy as np
from scipy.signal import fftconvolve

from pdcraft import library
from pdcraft.domain import Activity, Exponentials, Grid, Voxels
from pdcraft.dosimetry import MonteCarlo, VoxelKernel, convolution
from pdcraft.dosimetry.core import rng

GBPS_PER_CORE = 5e9  # of streaming memory, for the floor of the convolution


def chest(n: int) -> tuple[Activity, Voxels, list]:
    """A box of 512 mm with lung, bone and a warm cube in the middle."""
    grid = Grid.of((n, n, n), voxel_mm=512.0 / n)
    medium, density = np.zeros(grid.shape, np.uint8), np.ones(grid.shape, np.float32)
    lung, bone = np.s_[: n // 3, n // 4 : -n // 4], np.s_[n // 2 : n // 2 + n // 16]
    medium[lung], density[lung] = 1, 0.26
    medium[bone], density[bone] = 2, 1.85
    names = ("water", "lung", "cortical_bone")
    body = Voxels.of(grid, media=names, medium=medium, density_g_per_cm3=density)
    MBq = np.zeros(grid.shape)
    MBq[3 * n // 8 : 5 * n // 8, 3 * n // 8 : 5 * n // 8, 3 * n // 8 : 5 * n // 8] = 1.0
    once = Exponentials(*np.ones((3, 1)))
    activity = Activity(grid, ("I-131",), once, MBq.reshape(-1, 1, 1))
    return activity, body, [library.medium(name) for name in names]


def timed(work):
    """Result, CPU seconds and wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return result, time.process_time() - cpu, time.perf_counter() - wall


@numba.njit
def _draws(n, state):
    total = 0.0
    for _ in range(n):
        total += rng.uniform(state)
    return total


@numba.njit
def _looks(n, array, step):
    total, place = 0, 0
    for _ in range(n):
        place = (place + step) % len(array)
        total += array[place]
    return total


def floor_us(places: int) -> float:
    """Random numbers and looks at the body that one decay needs (counted: 205 and 45), alone."""
    state, array = np.zeros(3, np.uint64), np.ones(places, np.uint32)
    _draws(10, state), _looks(10, array, 7)
    draw = timed(lambda: _draws(10**6, state))[1]
    look = timed(lambda: _looks(10**6, array, 1_000_003))[1]
    return 205 * draw + 45 * look


def monte_carlo(n: int, decays: int, threads: int) -> None:
    """Decays per second, memory, threads."""
    activity, body, media = chest(n)
    engine = MonteCarlo([library.emissions("I-131")], media, decays=decays)
    few = eqx.tree_at(lambda e: e.decays, engine, 2)
    _, setup, _ = timed(lambda: few.run(activity, body))  # compiles
    _, setup, _ = timed(lambda: few.run(activity, body))
    (rate, balance), cpu, wall = timed(lambda: engine.run(activity, body))
    tracemalloc.start()
    engine.run(activity, body) if decays <= 20_000 else few.run(activity, body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    tally = 2 * 3 * 8 * (1 + len(body.space))
    pace = decays / (cpu - setup)
    hot = rate.Gy_per_h[:, :, 0].sum(1) > 0.5 * rate.Gy_per_h[:, :, 0].sum(1).max()
    sigma = np.sqrt((rate.sigma[hot, :, 0] ** 2).sum(1)) / rate.Gy_per_h[hot, :, 0].sum(1)
    print(
        f"Monte Carlo {n}^3, I-131: {pace:9.0f} decays/CPU s ({1e6 / pace:.1f} us; floor "
        f"{floor_us(len(body.space)):.1f} us: random numbers and memory), set-up {setup:.2f} s"
    )
    print(f"  closure {balance.closure[0]:.9f}, median sigma where warm {np.median(sigma):.3f}")
    print(
        f"  tally {tally / 1e9:.3f} GB, peak of all arrays of a run {peak / tally:.2f} times that; "
        f"whole process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB"
    )
    if threads > 1:
        many = eqx.tree_at(lambda e: e.threads, engine, threads)
        other, _, wall_many = timed(lambda: many.run(activity, body))
        same = np.array_equal(other[0].Gy_per_h, rate.Gy_per_h)
        print(
            f"  {threads} threads: wall {wall - setup:.2f} -> {wall_many - setup:.2f} s, "
            f"{(wall - setup) / (wall_many - setup):.2f} times as fast; same numbers: {same}"
        )


def kernels(n: int) -> None:
    """Convolution over the volume beside scipy."""
    draw = np.random.default_rng(0)
    volume = draw.random((n, n, n), dtype=np.float32)
    peer = draw.random((51, 51, 51), dtype=np.float32)
    cpu = min(timed(lambda: fftconvolve(volume, peer, mode="same"))[1] for _ in range(3))
    print(f"scipy fftconvolve {n}^3 * 51^3, 32 bits: {cpu:.3f} CPU s")
    for reach, name in ((26, "reach 25 voxels"), (n, "whole volume")):
        octant = draw.random((reach,) * 3, dtype=np.float32)
        lengths = convolution.padded(volume.shape, octant.shape)

        def once(octant=octant, lengths=lengths):
            kernel = convolution.spectrum(octant, lengths)
            product = convolution.times(convolution.forward(volume, lengths), kernel)
            return convolution.backward(product, lengths, volume.shape)

        mine = min(timed(once)[1] for _ in range(3))
        P = lengths[0]
        rows = (n * n + n * (P // 2 + 1) + P * (P // 2 + 1)) * 2
        flop = rows * 5 * P * np.log2(P)
        moved = 2 * 8 * (n * n * P // 2 + n * P * P // 2 + P * P * P // 2)
        print(
            f"ours, {name}, padded to {P}^3: {mine:.3f} CPU s ({cpu / mine:.1f} times as fast); "
            f"floor {flop / 1e9:.2f} Gflop, {moved / 1e9:.2f} GB, {moved / GBPS_PER_CORE:.3f} s"
        )
    activity, body, media = chest(n)
    grid = activity.space
    of = [library.emissions("I-131")]
    engine, cpu, _ = timed(lambda: VoxelKernel.of(of, media[0], grid, decays=50_000,
                                                  density_scaling=True))  # fmt: skip
    print(f"voxel S values of I-131 for {n}^3 offsets, 50,000 decays: {cpu:.1f} CPU s; "
          f"closure {engine.closure[0]:.5f}")  # fmt: skip
    _, cpu, _ = timed(lambda: engine.dose_rate(activity, body))
    print(f"dose rate of {n}^3, photons and electrons apart, whole volume: {cpu:.3f} CPU s")


def main() -> None:
    """Read the command line, run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voxels", type=int, default=128)
    parser.add_argument("--decays", type=int, default=200_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--big", action="store_true")
    args = parser.parse_args()
    monte_carlo(args.voxels, args.decays, args.threads)
    kernels(args.voxels)
    if args.big:
        monte_carlo(256, args.decays, 1)


if __name__ == "__main__":
    main()
