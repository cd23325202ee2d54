"""What the models say of CLR 131 in myeloma: numbers, 90 % intervals, weakest assumptions.

Run: ``python -m scripts.note_clr131 [study.toml]`` (default: the example, whose models it takes).
Patients live in draws of the posteriors of marrow and tumour: a number is its mean or median over
all patients; the interval is over draws (parameters), the scatter of few patients taken out.
"""

from __future__ import annotations

import argparse
import pathlib

import numpy as np

from pdcraft.study import interval, shards
from pdcraft.study.prepare import Prepared, prepare
from pdcraft.study.spec import CohortTable, DoseTable, Study, UncertaintyTable, read_study

EXAMPLE = pathlib.Path(__file__).parent.parent / "examples" / "clr131_myeloma_phase1.toml"
FOLLOW_UP_H = 365 * 24.0
COHORTS = {"25": ("25 mCi/m2",), "2 x 15.625": ("15.625 mCi/m2", "15.625 mCi/m2")}
WEAKEST = {
    "platelets": "drawn around four other agents, whose marrow doses were assumed",
    "neutrophils": "as platelets; the upstream delay describes, it does not explain",
    "haemoglobin": "baseline 11 g/dL (assumed); its feedback is that of the prior",
    "ORR": "tumour dose: no uptake in myeloma was published; bound only as a product with alpha",
    "CBR": "dexamethasone: who was given it, and what it did, is not known",
    "DCR": "growth: bound by 8 patients' mean time without progression",
    "PFS": "growth, and progression judged by M-protein alone on visits every 28 d",
}


def study(path: pathlib.Path, draws: int, each: int) -> Study:
    """The study with these two regimens, a year of follow-up, and draws."""
    base = read_study(path)
    cohorts = tuple(
        CohortTable(
            name=f"{name} mCi/m2",
            doses=tuple(DoseTable(at=f"{7 * i} d", activity=a) for i, a in enumerate(doses)),
        )
        for name, doses in COHORTS.items()
    )
    return base.model_copy(update={
        "cohort": cohorts, "trial": None, "uncertainty": UncertaintyTable(draws=draws),
        "study": base.study.model_copy(
            update={"follow_up": FOLLOW_UP_H, "patients": draws * each}
        ),
    })  # fmt: skip


def kept(prepared: Prepared, cohort: int) -> dict[str, np.ndarray]:
    """What is kept of all patients of one cohort."""
    n = prepared.study.study.patients
    parts = [shards.compute(prepared, cohort, s) for s in range(-(-n // shards.SHARD))]
    return {k: np.concatenate([p[k] for p in parts])[:n] for k in parts[0]}


def median(found: dict, values: np.ndarray, draws: int) -> tuple[float, float, float]:
    """Median over all patients, and 5th and 95th percentile of the draws' medians."""
    of = found["number"] % draws
    each = [np.median(values[of == k]) for k in range(draws) if (of == k).any()]
    middle = float(np.median(values))
    n = len(values) / len(each)
    spread = np.std(
        [np.median(np.random.default_rng(i).choice(values, int(n))) for i in range(200)]
    )
    share = np.sqrt(max(0.0, 1.0 - spread**2 / max(np.var(each), 1e-300)))
    low, high = middle + share * (np.quantile(each, (0.05, 0.95)) - np.median(each))
    return middle, float(low), float(high)


def main() -> None:
    """Print one table for each regimen."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("study", nargs="?", type=pathlib.Path, default=EXAMPLE)
    ask.add_argument("--draws", type=int, default=80)
    ask.add_argument("--each", type=int, default=50, help="patients in each draw")
    asked = ask.parse_args()
    prepared = prepare(study(asked.study, asked.draws, asked.each))
    events = [e for endpoint in prepared.plan.endpoints for e in endpoint.events]
    markers = [m for e in prepared.plan.effects for m in e.markers]
    day = np.asarray(prepared.plan.clock.time_h) / 24.0
    for k, name in enumerate(COHORTS):
        found = kept(prepared, k)
        print(f"\n{name} mCi/m2, {len(found['number'])} patients in {asked.draws} draws")
        print("quantity | value | 90 % interval | weakest assumption")
        for line, event, back in (
            ("platelets", "thrombocytopenia", "platelet recovery"),
            ("neutrophils", "neutropenia", "neutrophil recovery"),
            ("haemoglobin", "anaemia", "haemoglobin recovery"),
        ):
            i, j = events.index(event), events.index(back)
            course = found["markers"][:, markers.index(line)]
            fell = found["event_grade"][:, i] >= 2
            again = {"number": found["number"][fell]}
            deepest, back_h = day[course.argmin(axis=1)], found["event_time_h"][fell, j]
            rows = [
                ("median nadir", median(found, found["event_value"][:, i], asked.draws), ".3g"),
                ("median day of nadir", median(found, deepest, asked.draws), ".0f"),
                ("median day of recovery from grade 2 or worse",
                 median(again, back_h / 24.0, asked.draws), ".0f"),
            ]  # fmt: skip
            for grade in (3, 4):
                met = found["event_grade"][:, i] >= grade
                p, low, high = interval.believed(found["number"], met, asked.draws)
                rows.append((f"grade {grade} or worse, %", (100 * p, 100 * low, 100 * high), ".0f"))
            for what, (x, low, high), fmt in rows:
                span = f"{max(low, 0):{fmt}} to {high:{fmt}}"
                print(f"{line}: {what} | {x:{fmt}} | {span} | {WEAKEST[line]}")
        code = found["event_grade"][:, events.index("best response")]
        for rate, least in (("ORR", 3), ("CBR", 2), ("DCR", 1)):
            x, low, high = (
                100 * v for v in interval.believed(found["number"], code >= least, asked.draws)
            )
            print(
                f"{rate}, % | {x:.0f} | {max(low, 0):.0f} to {min(high, 100):.0f} | {WEAKEST[rate]}"
            )
        pfs = found["event_time_h"][:, events.index("progression or death")] / 24.0
        x, low, high = median(found, pfs, asked.draws)
        print(f"median PFS, d | {x:.0f} | {low:.0f} to {high:.0f} | {WEAKEST['PFS']}")
        dose = found["dose_Gy"]
        at = prepared.population.regions
        for place in ("red marrow", "tumour"):
            x = np.quantile(dose[:, at.index(place)], (0.5, 0.05, 0.95))
            print(
                f"dose of the {place}, Gy (90 % of patients) | {x[0]:.2f} |",
                f"{x[1]:.2f} to {x[2]:.2f} |",
            )


if __name__ == "__main__":
    main()
