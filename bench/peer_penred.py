"""The 20.0 g water sphere in pyPenred: the same lines, the same geometry, its own physics.

Run by ``bench.sphere`` in a process of its own, with the interpreter that has pyPenred:

    python bench/peer_penred.py FOLDER CUT_EV C DECAYS SEED

FOLDER holds ``lines.json``: by class ("electron", "gamma") a list of [eV, per decay]. Prints one
JSON line: energy in the sphere and its sigma (MeV per decay), CPU seconds.
"""

import json
import os
import sys
import time

RADIUS_CM, OUTER_CM, WATER = 1.6839, 30.0, 278
BLANK, END = "0" * 64, "END      " + "0" * 55


def spectrum(lines: list) -> str:
    """Lines as a histogram of narrow bins."""
    rows = []
    lines = sorted([e, y] for e, y in lines)
    merged = []
    for e, y in lines:
        if merged and e - merged[-1][0] < 0.5:
            merged[-1][1] += y
        else:
            merged.append([e, y])
    for e, y in merged:
        rows += [f"{e:.4f} {y:.8e}", f"{e + 0.1:.4f} 0.0"]
    return "\n".join([*rows, f"{merged[-1][0] + 1.0:.4f} -1.0"]) + "\n"


def ball(number: int, radius: float) -> str:
    """A sphere in the language of quadric surfaces."""
    scale = "".join(
        f"{axis}-SCALE=({radius:+.15E},   0)              (DEFAULT=1.0)\n" for axis in "XYZ"
    )
    return f"SURFACE ({number:4d})   sphere\nINDICES=( 1, 1, 1, 0,-1)\n{scale}{BLANK}\n"


def geometry() -> str:
    """The source sphere in a larger one."""
    inner = "BODY    (   1)   sphere\nMATERIAL(   1)\nSURFACE (   1), SIDE POINTER=(-1)\n"
    outer = "BODY    (   2)   around\nMATERIAL(   1)\nSURFACE (   2), SIDE POINTER=(-1)\n"
    return "\n".join(
        ["X" * 64, " sphere in water", BLANK, ball(1, RADIUS_CM) + ball(2, OUTER_CM)
         + inner + BLANK, outer + "BODY    (   1)\n" + BLANK, END, ""]
    )  # fmt: skip


def source(name: str, kind: str, count: float) -> list[str]:
    """An even, isotropic source in the sphere."""
    q = f"sources/generic/{name}"
    lines = [
        f"{q}/nhist {count:.6e}", f'{q}/kpar "{kind}"', f"{q}/source-body 0",
        f'{q}/direction/type "SOLID_ANGLE"', f"{q}/direction/u 0.0", f"{q}/direction/v 0.0",
        f"{q}/direction/w 1.0", f"{q}/direction/theta0 0.0", f"{q}/direction/theta1 180.0",
        f"{q}/direction/phi0 0.0", f"{q}/direction/dphi 360.0",
        f'{q}/energy/type "FILE_SPECTRUM"', f'{q}/energy/filename "{name}.spc"',
        f'{q}/spatial/type "BOX"',
    ]  # fmt: skip
    lines += [f"{q}/spatial/size/d{x} {2 * RADIUS_CM}" for x in "xyz"]
    return lines + [f"{q}/spatial/position/{x} 0.0" for x in "xyz"]


def main() -> None:
    """Write the input, run it, print the result."""
    from pyPenred import simulation

    folder, cut_eV, C, decays, seed = sys.argv[1], *map(float, sys.argv[2:6])
    os.chdir(folder)
    with open("lines.json", encoding="utf-8") as file:
        lines = json.load(file)
    config, histories = [], 0.0
    for kind, pairs in lines.items():
        pairs = [[e, y] for e, y in pairs if e > (cut_eV if kind == "electron" else 1e3)]
        with open(f"{kind}.spc", "w", encoding="utf-8") as file:
            file.write(spectrum(pairs))
        count = decays * sum(y for _, y in pairs)
        config += source(kind, kind, count)
        histories += count
    with open("sphere.geo", "w", encoding="utf-8") as file:
        file.write(geometry())
    if not os.path.exists("water.mat"):
        simulation.materials.createListed(WATER, "water.mat")
    config += [
        'tallies/e/type "EDEP_BODY"', "tallies/e/nBody 2", 'geometry/type "PEN_QUADRIC"',
        'geometry/input-file "sphere.geo"', 'geometry/processed-geo-file "report.geo"',
        "materials/water/number 1", f"materials/water/eabs/electron {cut_eV}",
        f"materials/water/eabs/positron {cut_eV}", "materials/water/eabs/gamma 1e3",
        f"materials/water/C1 {C}", f"materials/water/C2 {C}", "materials/water/WCC 1.0e3",
        "materials/water/WCR 1.0e3", 'materials/water/filename "water.mat"',
        "simulation/threads 1", "simulation/max-time 3600", f"simulation/seeds/seed1 {seed:.0f}",
        f"simulation/seeds/seed2 {seed + 2:.0f}",
    ]  # fmt: skip
    with open("config.in", "w", encoding="utf-8") as file:
        file.write("\n".join(config) + "\n")
    simulation.setConfigurationLog("config.log")
    simulation.setSimulationLog("sim.log")
    run = simulation.create()
    run.configFromFile("config.in")
    begun = time.process_time()
    run.simulate(False)
    seconds = time.process_time() - begun
    with open("e-th0-bodyEnergyDeposition.dat", encoding="utf-8") as file:
        rows = [row.split() for row in file if not row.startswith("#")]
    mean, twice = next((float(r[2]), float(r[3])) for r in rows if len(r) == 4 and r[0] == "1")
    per_decay = histories / decays / 1e6
    result = {"MeV": mean * per_decay, "sigma": 0.5 * twice * per_decay, "cpu_s": seconds}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
