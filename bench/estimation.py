"""How long a population fit takes: 120 patients, one compartment, FOCEI, compiling included.

``python -m bench.estimation`` simulates the data (intravenous bolus, 18 concentrations each,
clearance and volume log-normal, proportional error), fits them in a fresh process without a
compilation cache, and prints CPU and wall seconds with the share of compiling, beside the
estimates and what they should be. The floor is one evaluation of objective and gradient after
compiling, times the evaluations that the search needed.

Where R with nlme is installed (``Rscript``), the same data are fitted by its linearised maximum
likelihood (Lindstrom and Bates; compiled code, and an easier problem: the logarithm of the data
with additive error), in the same run.

Published times for a problem of this kind, on other machines and data, for orientation only:
nlmixr2 4.0.0 FOCEi 5.3 s, NONMEM 7.4.3 FOCEI 28.9 s (nlmixr2test, run U001, 120 patients).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

PATIENTS, TIMES = 120, (0.25, 0.5, 1, 1.5, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 36, 48, 60, 72)
TRUTH = {"CL": 4.0, "V": 70.0, "omega[CL,CL]": 0.09, "omega[V,V]": 0.09}


def problem():
    """The model away from the truth, and simulated data."""
    from dataclasses import replace

    import jax.numpy as jnp
    import numpy as np

    import pdcraft  # noqa: F401  (sets 64-bit before JAX is used)
    from pdcraft.domain.records import Records
    from pdcraft.kinetics import estimation

    each = 1 + len(TIMES)
    n = PATIENTS * each
    event = np.tile([1, *([0] * len(TIMES))], PATIENTS)
    zero, none = np.zeros(n), np.zeros(n, int)
    dose = np.repeat(np.tile([60.0, 120.0, 240.0], PATIENTS // 3), each)
    records = Records(
        tuple(map(str, range(PATIENTS))), np.repeat(np.arange(PATIENTS), each),
        np.tile([0.0, *TIMES], PATIENTS), event, np.where(event == 1, dose, 0.0), zero, none, zero,
        none, none, zero, event == 0, none, zero,
    )  # fmt: skip
    truth = estimation.PopulationModel(
        estimation.one_compartment(),
        {"CL": estimation.Theta(4.0, "L/h"), "V": estimation.Theta(70.0, "L")},
        np.diag([0.09, 0.09]), ("CL", "V"), ("lognormal",) * 2, {"proportional": 0.2},
        "proportional",
    )  # fmt: skip
    steps = estimation.prepare(truth, records)
    y = estimation.simulate_values(truth, steps, draws=1, seed=11)[0]
    begin = replace(
        truth, theta={"CL": estimation.Theta(2.5, "L/h"), "V": estimation.Theta(110.0, "L")},
        omega=np.diag([0.2, 0.2]), sigma={"proportional": 0.3},
    )  # fmt: skip
    import equinox as eqx

    steps = eqx.tree_at(lambda s: s.value, steps, jnp.where(steps.is_observed, y, 0.0))
    return begin, steps


R_SCRIPT = """
library(nlme)
d <- read.csv(commandArgs(TRUE)[1])
t <- system.time(f <- nlme(
  y ~ log(dose) - lv - exp(lcl - lv) * t, d, fixed = lcl + lv ~ 1,
  random = pdDiag(lcl + lv ~ 1), groups = ~ id, start = c(log(2.5), log(110)), method = "ML"))
cat(sprintf("%.3f %.4f %.4f\\n", t[1] + t[2], exp(fixef(f)[1]), exp(fixef(f)[2])))
"""


def peer(steps) -> str:
    """CPU seconds and estimates of nlme on the same data; empty without R."""
    import shutil
    import tempfile
    from pathlib import Path

    import numpy as np

    if shutil.which("Rscript") is None:
        return ""
    seen, y, t = (np.asarray(x) for x in (steps.is_observed, steps.value, steps.time_h))
    dose = np.asarray(steps.bolus).sum((1, 2))
    rows = [f"{i},{t[i, j]},{dose[i]},{np.log(y[i, j])}" for i, j in np.argwhere(seen & (y > 0))]
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder) / "d.csv", Path(folder) / "fit.R"
        data.write_text("\n".join(["id,t,dose,y", *rows]), "utf-8")
        script.write_text(R_SCRIPT, "utf-8")
        done = subprocess.run(
            ["Rscript", str(script), str(data)], capture_output=True, text=True, check=False
        )
    return done.stdout.strip().splitlines()[-1] if done.returncode == 0 else done.stderr[-200:]


def fit() -> None:
    """One fit from a cold start; prints what it took."""
    model, steps = problem()
    from pdcraft.kinetics.estimation import fit_population
    from pdcraft.kinetics.estimation.fit import _Search
    from pdcraft.kinetics.estimation.likelihood import Objective

    wall, cpu = time.perf_counter(), time.process_time()
    found = fit_population(model, steps, method="focei", standard_errors="none")
    first = time.perf_counter() - wall, time.process_time() - cpu
    search, x = _Search(Objective(model, "focei"), steps), model.start()
    search.parts(x)
    cpu = time.process_time()
    for _ in range(5):
        search.parts(x)
    one = (time.process_time() - cpu) / 5
    print(f"first fit      {first[0]:6.2f} s wall, {first[1]:6.2f} s CPU, compiling included")
    print(f"floor          {one * found.evaluations:6.2f} s CPU ({found.evaluations} evaluations)")
    wall, cpu = time.perf_counter(), time.process_time()
    found = fit_population(model, steps, method="focei")
    print(
        f"with SE, warm  {time.perf_counter() - wall:6.2f} s wall, "
        f"{time.process_time() - cpu:6.2f} s CPU"
    )
    print(f"objective {found.objective:.3f}, {found.message}")
    told = peer(steps)
    if told:
        print(
            f"nlme (CPU s, CL, V): {told}; first fit over nlme "
            f"{first[1] / float(told.split()[0]):.0f}, warm floor over nlme "
            f"{one * found.evaluations / float(told.split()[0]):.1f}"
        )
    for e in found.estimates:
        print(
            f"  {e.name:20s} {e.value:9.4f} ± {e.standard_error:.4f}  true {TRUTH.get(e.name, 0.2)}"
        )


def main() -> None:
    """Fit in a fresh process, without a cache of compiled code."""
    if sys.argv[1:] == ["--here"]:
        fit()
        return
    clean = {k: v for k, v in os.environ.items() if k != "JAX_COMPILATION_CACHE_DIR"}
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-m", "bench.estimation", "--here"], env=clean, check=True)
    print(
        f"whole process  {time.perf_counter() - begin:6.2f} s wall; load {os.getloadavg()[0]:.1f}"
    )
    print(__doc__.rsplit("\n\n", 1)[1])


if __name__ == "__main__":
    main()
