"""How long the river takes: whole example, cold process; and patients per second once compiled.

``python -m bench.river`` prints CPU and wall seconds. The floor: 360 steps of six stages for 20
states and 16 modes are 0.7 million operations a patient, 1 ms at 1 GFLOP/s on one core.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLE = Path(__file__).parent.parent / "examples" / "clr131_myeloma_phase1.toml"


def cold(patients: int) -> tuple[float, float]:
    """CPU and wall seconds of a whole run in a fresh process, without a compile cache."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "XDG_CACHE_HOME": str(Path(folder) / "cache")}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "pdcraft", "run", str(EXAMPLE), "--patients", str(patients),
             "--out", str(Path(folder) / "out")],
            env=env, check=True, capture_output=True,
        )  # fmt: skip
        wall = time.perf_counter() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall


def main() -> None:
    """Print one line for each number of patients."""
    print("patients per cohort (5 cohorts)   CPU s   wall s")
    timed = {n: cold(n) for n in (125, 1000, 4000)}
    for n, (cpu, wall) in timed.items():
        print(f"{n:31d} {cpu:7.1f} {wall:8.1f}")
    more = timed[4000][0] - timed[1000][0]
    print(f"each further patient: {1e3 * more / (5 * 3000):.2f} ms CPU")


if __name__ == "__main__":
    main()
