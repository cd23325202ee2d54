"""What the models say of CLR 131 in myeloma: numbers, 90 % intervals, weakest assumptions.

Run: ``python -m scripts.note_clr131 [study.toml]`` (default: the example, whose models it takes).
Patients live in draws of the posteriors of kinetics, marrow and tumour: a number is its mean or
median over all patients; the interval is over draws (parameters), the scatter of few patients taken
out.
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
LINES = (
    ("platelets", "thrombocytopenia", "platelet recovery", (3, 4)),
    ("neutrophils", "neutropenia", "neutrophil recovery", (3, 4)),
    ("haemoglobin", "anaemia", "haemoglobin recovery", (3,)),  # grade 4 has no number
)
WEAKEST = {
    "platelets": "drawn around four other agents, whose marrow doses were assumed",
    "neutrophils": "as platelets; the upstream delay describes, it does not explain",
    "haemoglobin": "baseline 11 g/dL (assumed); its alpha is hardly narrower than its prior",
    "ORR": "tumour dose: no uptake in myeloma was published, hardly bound with alpha",
    "CBR": "dexamethasone: who was given it, and what it did, is not known",
    "DCR": "growth: bound by 8 patients' mean time without progression",
    "red marrow": "kinetics of solid tumours; infiltration",
    "tumour": "no uptake in myeloma was published; its doses in responses are a factor times this",
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


def blood_rows(prepared: Prepared, found: dict, draws: int):
    """Nadirs, their day, recovery and grades: ``(quantity, (value, low, high), format, line)``."""
    events = [e for endpoint in prepared.plan.endpoints for e in endpoint.events]
    markers = [m for e in prepared.plan.effects for m in e.markers]
    day = np.asarray(prepared.plan.clock.time_h) / 24.0
    number = found["number"]
    for line, event, back, grades in LINES:
        i, j = events.index(event), events.index(back)
        course, grade = found["markers"][:, markers.index(line)], found["event_grade"][:, i]
        nadir, again = found["event_value"][:, i], found["event_time_h"][:, j] / 24.0
        fell = grade >= 2
        lowest = interval.believed_median(number, day[course.argmin(axis=1)], draws)
        yield "median nadir", interval.believed_median(number, nadir, draws), ".3g", line
        yield "median day of nadir", lowest, ".0f", line
        when = interval.believed_median(number[fell], again[fell], draws)
        yield "median day of recovery from grade 2 or worse", when, ".0f", line
        for least in grades:
            x = tuple(100 * v for v in interval.believed(number, grade >= least, draws))
            yield f"grade {least} or worse, %", x, ".0f", line


def tumour_rows(prepared: Prepared, found: dict, draws: int):
    """Rates of response, time without progression: ``(quantity, (value, low, high))``."""
    events = [e for endpoint in prepared.plan.endpoints for e in endpoint.events]
    code = found["event_grade"][:, events.index("best response")]
    for rate, least in (("ORR", 3), ("CBR", 2), ("DCR", 1)):
        x = interval.believed(found["number"], code >= least, draws)
        yield f"{rate}, %", tuple(min(100 * v, 100.0) for v in x), rate
    pfs = found["event_time_h"][:, events.index("progression or death")] / 24.0
    yield "median PFS, d", interval.believed_median(found["number"], pfs, draws), "PFS"


def main() -> None:
    """Print one table for each regimen."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("study", nargs="?", type=pathlib.Path, default=EXAMPLE)
    ask.add_argument("--draws", type=int, default=80)
    ask.add_argument("--each", type=int, default=50, help="patients in each draw")
    asked = ask.parse_args()
    prepared = prepare(study(asked.study, asked.draws, asked.each))
    at = prepared.population.regions
    for k, name in enumerate(COHORTS):
        found = kept(prepared, k)
        print(f"\n{name} mCi/m2, {len(found['number'])} patients in {asked.draws} draws")
        print("quantity | value | 90 % interval | weakest assumption")
        for what, (x, low, high), form, line in blood_rows(prepared, found, asked.draws):
            span = f"{max(low, 0):{form}} to {high:{form}}"
            print(f"{line}: {what} | {x:{form}} | {span} | {WEAKEST[line]}")
        for what, (x, low, high), rate in tumour_rows(prepared, found, asked.draws):
            print(f"{what} | {x:.0f} | {max(low, 0):.0f} to {high:.0f} | {WEAKEST[rate]}")
        for place in ("red marrow", "tumour"):
            Gy = found["dose_Gy"][:, at.index(place)]
            x, low, high = interval.believed_median(found["number"], Gy, asked.draws)
            print(
                f"{place}: median dose, Gy | {x:.2f} | {low:.2f} to {high:.2f} | {WEAKEST[place]}"
            )


if __name__ == "__main__":
    main()
