"""Trials per second: TITE-CRM, BOIN, exact characteristics, and trials on mechanistic patients.

``python -m bench.trials`` prints CPU seconds beside those of R packages, measured on a shared
machine with two cores (R 4.2.2; dfcrm 0.2-2.1, BOIN 2.7.2, simFastBOIN 1.3.2), and how time grows
with trials over three decades. Where Rscript finds dfcrm (R_LIBS), its TITE-CRM runs in the same
minute and the ratio of CPU times is printed. The floor of the
mechanistic trials is the river: one course for each patient, level and dose.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pdcraft.study import run_trial
from pdcraft.trial import (
    BOIN,
    CRM,
    TITECRM,
    Conduct,
    Design,
    OneLevelUp,
    Poisson,
    StopAt,
    compare,
    known_rates,
    operating_characteristics,
    simulate_trials,
)

RATES = (0.05, 0.12, 0.25, 0.40, 0.55)
WINDOW_H = 24 * 56.0
CRM5 = CRM(0.25, (0.08, 0.16, 0.25, 0.35, 0.46), estimator="plug-in")
PEER = 50
"""Trials of a peer that is run again."""
ESCALATION = Path(__file__).parent.parent / "examples" / "trial_escalation.toml"


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def tite_crm(trials: int) -> None:
    """30 patients each, 2 a month, toxicity uniform in 56 days."""
    draws = np.random.default_rng(1)
    arrival = np.cumsum(draws.exponential(24 * 15.2, (trials, 30)), axis=1)
    tolerance, when = draws.random((trials, 30, 1)), draws.random((trials, 30, 1)) * WINDOW_H
    dlt = np.where(tolerance < np.array(RATES), when, np.inf)
    TITECRM(CRM5, window_h=WINDOW_H).simulate(arrival_h=arrival, time_to_dlt_h=dlt)


def boin(trials: int) -> None:
    """Ten cohorts of three."""
    compare({"BOIN": Design((BOIN(0.25), StopAt(30)), 5)}, RATES, trials=trials, seed=1)


def in_time(trials: int) -> None:
    """BOIN in calendar time on patients with known rates."""
    conduct = Conduct(Design((BOIN(0.25), StopAt(30)), 5), Poisson.at(2.0))
    patients = known_rates(RATES, patients=2000, seed=1)
    simulate_trials({"BOIN": conduct}, patients, trials=trials, per_trial=40, seed=1)


def mechanistic(trials: int) -> None:
    """The example escalation (five designs) with as many trials, compilation included."""
    with tempfile.TemporaryDirectory() as folder:
        run_trial(ESCALATION, out=Path(folder) / "out", trials=trials)


def phase_one(trials: int) -> None:
    """One design with 30 patients on the pool of the example escalation."""
    with tempfile.TemporaryDirectory() as folder:
        text = ESCALATION.read_text("utf-8")
        alone = '[[escalation.design]]\ndesign = "boin"\npatients = 30\n'
        file = Path(folder) / "trial.toml"
        file.write_text(text[: text.index("[[escalation.design]]")] + alone, "utf-8")
        run_trial(file, out=Path(folder) / "out", trials=trials)


def dfcrm_tite(trials: int) -> float | None:
    """CPU seconds of dfcrm for the same trials; None without R or dfcrm."""
    said = (
        f"suppressMessages(library(dfcrm)); t <- system.time(capture.output(titesim(c{RATES}, "
        f"c{CRM5.skeleton}, 0.25, n=30, x0=1, nsim={trials}, obswin=56, rate=56/15.2, "
        "accrual='poisson', seed=1))); cat(t[1] + t[2])"
    )
    try:
        done = subprocess.run(["Rscript", "-e", said], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return float(done.stdout.split()[-1])


def main() -> None:
    """Print one line for each figure."""
    mechanistic(20)  # compiles, and warms all caches
    exact_boin = Design((BOIN(0.25), StopAt(30)), 5)
    exact_crm = Design((CRM5, OneLevelUp(), StopAt(30)), 5)
    rows: list[tuple[str, Callable[[], object], str]] = [
        ("10,000 TITE-CRM trials of 30", lambda: tite_crm(10_000), "dfcrm 446"),
        ("1,000 TITE-CRM trials of 30", lambda: tite_crm(1_000), ""),
        ("100 TITE-CRM trials of 30", lambda: tite_crm(100), ""),
        ("1,000 BOIN trials of 30", lambda: boin(1_000), ""),
        ("10,000 BOIN trials of 30", lambda: boin(10_000), "BOIN 5.7, simFastBOIN 0.2"),
        ("100,000 BOIN trials of 30", lambda: boin(100_000), ""),
        ("exact BOIN, 5 levels, n = 30", lambda: operating_characteristics(exact_boin, RATES), ""),
        ("exact CRM, 5 levels, n = 30", lambda: operating_characteristics(exact_crm, RATES), ""),
        ("100 BOIN trials in calendar time", lambda: in_time(100), ""),
        ("1,000 BOIN trials in calendar time", lambda: in_time(1_000), ""),
        ("10,000 BOIN trials in calendar time", lambda: in_time(10_000), ""),
        ("1,000 mechanistic BOIN trials of 30", lambda: phase_one(1_000), "none"),
        ("mechanistic escalation, 5 designs x 1,000", lambda: mechanistic(1_000), "none"),
    ]
    print(f"{'':44s}{'CPU s':>8s}   peers, elapsed s")
    for name, work, peers in rows:
        print(f"{name:44s}{cpu(work):8.2f}   {peers}")
    peer, ours = dfcrm_tite(PEER), cpu(lambda: tite_crm(1_000)) / 1_000
    if peer is None:
        print("dfcrm was not found: its time above is that of another day.")
        return
    each = peer / PEER
    print(f"TITE-CRM, CPU s a trial: dfcrm {each:.4f}, here {ours:.6f}, {each / ours:.0f} times")


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")
    main()
