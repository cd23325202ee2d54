"""How many patients a second one core follows through a circulation of 30 compartments.

``python -m bench.kinetics`` prints patients per CPU second for time-integrated amounts, the
gradient of one of them by all 58 rates, and curves of 100 instants, beside numpy's batched solve,
scipy's expm and LSODA, diffrax and (where it is installed) libroadrunner in the same run, each with
its largest deviation from the ball-arithmetic cases; then the same at 1,000 to 1,000,000 patients.

The floor of arithmetic is the multiply-adds that a plan needs, at the pace of this core's largest
dense product; the floor of traffic is rates in and results out, at the pace of copying an array.
What lies between is vectors that go to the cache and back after every operation of the plan.
"""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg

import pdcraft  # noqa: F401  (sets 64-bit before JAX is used)
from bench.peer_integrators import by_diffrax, by_roadrunner, lsoda
from pdcraft.kinetics import Elimination, rate_matrix, time_integrated_many, trajectory_contour
from pdcraft.kinetics.contour import hyperbola

CASES = Path(__file__).parent.parent / "src/pdcraft/verify/cases/kinetics"
DECAY_PER_H = np.log(2.0) / (8.0252 * 24.0)
TIME_H = np.geomspace(0.1, 672.0, 99)
CHUNK = 4_096
"""Patients at a time, so that rates and results stay in the cache; 65,536 cost four times more."""
WANTED = "tum_m"


def model(patients: int) -> tuple[Elimination, np.ndarray]:
    """Plan of the case's graph, and rates like those of its three patients, CV 20 % more."""
    rows = list(csv.DictReader((CASES / "thirty_states_tia/graph.csv").read_text().splitlines()))
    pairs = [(row["from"], row["to"]) for row in rows]
    places = tuple(dict.fromkeys(name for pair in pairs for name in pair))
    three = np.array([[float(row[f"patient_{i}_per_h"]) for i in (1, 2, 3)] for row in rows])
    rates = np.tile(three, (1, -(-patients // 3)))[:, :patients]
    spread = np.exp(0.2 * np.random.default_rng(1).standard_normal(rates.shape))
    spread[:, :3] = 1.0  # the first three are those of the reference
    return Elimination(places, pairs, entry=["ven"], sinks=["excreta"]), rates * spread


def matrices(plan: Elimination, rates: np.ndarray) -> np.ndarray:
    places = (*plan.places, "excreta")
    full = jax.vmap(lambda k: rate_matrix(places, plan.transfers, k))(jnp.asarray(rates.T))
    n = len(plan.places)
    return np.asarray(full)[:, :n, :n] - DECAY_PER_H * np.eye(n)


def per_second(work: Callable[[], object], patients: int, repeats: int = 5) -> tuple[float, float]:
    """Patients per CPU second, best of some, and wall seconds of the first call (compiling)."""
    begin = time.perf_counter()
    jax.block_until_ready(work())
    first = time.perf_counter() - begin
    spent = []
    for _ in range(repeats):
        begin = time.process_time()
        jax.block_until_ready(work())
        spent.append(time.process_time() - begin)
    return patients / min(spent), first


def machine() -> tuple[float, float]:
    """Multiply-adds per second of a dense product, bytes per second of a large copy."""
    a, big = np.ones((1000, 1000)), np.ones(20_000_000)
    product, _ = per_second(lambda: a @ a, 10**9)
    copy, _ = per_second(lambda: big.copy(), 2 * big.nbytes)
    return product, copy


def reference(case: str, word: str = "") -> dict[str, float]:
    rows = csv.DictReader((CASES / case / "reference.csv").read_text().splitlines())
    return {r["quantity"]: float(r["reference"]) for r in rows if r["quantity"].startswith(word)}


def error_tia(plan: Elimination, tia: np.ndarray) -> float:
    printed = reference("thirty_states_tia")
    return max(
        abs(tia[plan.places.index(name.split()[2]), int(name.split()[1]) - 1] / value - 1)
        for name, value in printed.items()
    )


def error_curves(plan: Elimination, x: np.ndarray) -> float:
    """Largest deviation, as share of the compartment's largest amount."""
    label = [f"{t:.4g}" for t in TIME_H]
    worst = 0.0
    for name, value in reference("thirty_states_curves", "contour").items():
        _, _, i, place, t, _ = name.split()
        curve = x[:, plan.places.index(place), int(i) - 1]
        worst = max(worst, abs(curve[label.index(t)] - value) / curve.max())
    return worst


def line(what: str, pace: tuple[float, float], error: float | None, floor: float) -> None:
    off = "       -" if error is None else f"{error:8.1e}"
    distance = "" if not floor else f"{floor:13,.0f} {floor / pace[0]:8.1f}x"
    print(f"{what:46s} {pace[0]:12,.0f} {pace[1]:7.1f} {off} {distance}")


def main() -> None:
    """Print one line for each engine and task."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    plan, rates = model(CHUNK)
    one = jnp.ones(1)
    flops, traffic = machine()
    madds, row = plan.multiply_adds, 8 * (len(plan.transfers) + len(plan.places))
    nodes = hyperbola(TIME_H, 1e-8).node_per_h.size
    curve_madds = nodes * (4 * madds + 2 * TIME_H.size * len(plan.places))
    curve_bytes = 8 * (len(plan.transfers) + TIME_H.size * len(plan.places))
    print(f"dense product {flops / 1e9:.1f} G multiply-adds/s, copy {traffic / 1e9:.1f} GB/s")
    print(f"TIA: {madds} multiply-adds, {row} bytes a patient; gradient: about three times these")
    print(f"curves: {nodes} nodes, {curve_madds:,} multiply-adds, {curve_bytes:,} bytes a patient")

    def floor(operations: float, size: float) -> float:
        return min(flops / operations, traffic / size)

    print(f"\n{'':46s} patients/s first s    error  floor (1/s)  distance")
    many = jnp.asarray(rates)
    tia = jax.jit(lambda k: time_integrated_many(plan, k, one, DECAY_PER_H))
    line("TIA, elimination", per_second(lambda: tia(many), many.shape[1]),
         error_tia(plan, np.asarray(tia(many))), floor(madds, row))  # fmt: skip
    wanted = plan.places.index(WANTED)
    slope = jax.jit(jax.grad(lambda k: tia(k)[wanted].sum()))
    line("gradient of one TIA by 58 rates", per_second(lambda: slope(many), many.shape[1]),
         None, floor(3 * madds, 2 * row))  # fmt: skip
    some = many[:, :2048]
    curves = jax.jit(lambda k: trajectory_contour(plan, k, one, TIME_H, DECAY_PER_H))
    line("curves at 99 instants, contour", per_second(lambda: curves(some), 2048),
         error_curves(plan, np.asarray(curves(some))),
         floor(curve_madds, curve_bytes))  # fmt: skip

    begin = np.eye(len(plan.places))[plan.places.index("ven")]
    dense = matrices(plan, rates[:, :2048])
    right = np.broadcast_to(begin[:, None], (*dense.shape[:2], 1))
    line("TIA, numpy.linalg.solve", per_second(lambda: np.linalg.solve(-dense, right), 2048),
         error_tia(plan, np.linalg.solve(-dense, right)[..., 0].T), 0)  # fmt: skip

    def exponentials() -> np.ndarray:
        grown = [scipy.linalg.expm(K * TIME_H[:, None, None]) @ begin for K in dense[:3]]
        return np.stack(grown, -1)

    line("curves, scipy.linalg.expm at every instant", per_second(exponentials, 3, 2),
         error_curves(plan, exponentials()), 0)  # fmt: skip
    line("curves, scipy LSODA, 1e-8", per_second(lambda: lsoda(dense[:6], begin, TIME_H), 6, 2),
         error_curves(plan, lsoda(dense[:3], begin, TIME_H)), 0)  # fmt: skip
    solver, batch = by_diffrax(begin, TIME_H), jnp.asarray(dense[:48])
    line("curves, diffrax Kvaerno5, 1e-8", per_second(lambda: solver(batch), 48, 2),
         error_curves(plan, np.asarray(solver(batch))), 0)  # fmt: skip
    if runner := by_roadrunner(plan, rates[:, :48], DECAY_PER_H, TIME_H):
        line("curves, libroadrunner CVODE, 1e-8", per_second(runner, 48, 2),
             error_curves(plan, runner()), 0)  # fmt: skip
    print(f"\nTIA at more and more patients, {CHUNK:,} at a time:")
    for n in (1_000, 10_000, 100_000, 1_000_000):
        chunk, times = many[:, : min(n, many.shape[1])], -(-n // many.shape[1])
        pace, _ = per_second(
            lambda c=chunk, m=times: [tia(c) for _ in range(m)], chunk.shape[1] * times, 3
        )
        print(f"{n:12,d} patients {1e6 / pace:8.3f} us of CPU each")


if __name__ == "__main__":
    main()
