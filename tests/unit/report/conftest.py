"""A made-up results folder: the shape of a real one, numbers from simple curves."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

PATIENTS = 1000
SAMPLE = 60
COHORTS = (
    ("12.5 mCi/m2", "12.5 mCi/m2", [12.5], [0]),
    ("18.75 mCi/m2", "18.75 mCi/m2", [18.75], [0]),
    ("25 mCi/m2", "25 mCi/m2", [25.0], [0]),
    ("31.25 mCi/m2", "31.25 mCi/m2", [31.25], [0]),
    ("2 x 15.625 mCi/m2", "2 x 15.625 mCi/m2", [15.625, 15.625], [0, 7]),
    ("2 x 18.75 mCi/m2", "2 x 18.75 mCi/m2", [18.75, 18.75], [0, 7]),
)
RESPONSES = ("VGPR", "PR", "MR", "SD", "PD")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A complete results folder."""
    return make(tmp_path)


def make(folder: Path) -> Path:
    """Write the whole made-up folder and return it."""
    tables = folder / "tables"
    tables.mkdir(parents=True)
    rng = np.random.default_rng(7)
    for name, rows in {
        "doses": _doses(),
        "toxicity": _toxicity(),
        "response": _response(),
        "trial": _trial(),
        "assumptions": _assumptions(),
        "curves_activity": _activity(),
        "curves_plasma": _plasma(),
        "curves_markers": _markers(),
        "ctcae": _ctcae(),
        "waterfall": _waterfall(rng),
        "swimmer": _swimmer(rng),
        "km": _km(),
        "validity": _validity(),
    }.items():
        save(tables / f"{name}.csv", list(rows))
    (folder / "study.toml").write_text('name = "made-up"\nseed = 1\n', encoding="utf-8")
    (folder / "sources.bib").write_text(_BIB, encoding="utf-8")
    sign(folder)
    return folder


def load(path: Path) -> list[dict]:
    """Rows of a table as text, to be changed and saved again."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def save(path: Path, rows: list[dict]) -> None:
    """Write rows as CSV; a NaN is an empty cell."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: "" if v != v else v for k, v in row.items()} for row in rows)


def sign(folder: Path) -> None:
    """Write the manifest, with the hashes of the tables as they are now."""
    manifest = {
        "schema": 1,
        "complete": True,
        "pdcraft": "0.1.0",
        "study": {
            "name": "made-up", "title": "CLR 131 in relapsed multiple myeloma: a made-up study",
            "agent": "CLR 131", "disease": "multiple_myeloma", "seed": 1, "days": 360.0,
            "patients_per_cohort": PATIENTS, "ctcae": "5.0", "design": "3+3",
        },
        "study_sha256": "0" * 64,
        "libraries": {"jax": "0.10.2", "numpy": "2.2.0"},
        "tables": {
            f"tables/{p.name}": hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted((folder / "tables").glob("*.csv"))
        },
        "warnings": [{"where": "biology", "message": "age 91 y outside 18 to 90 y"}],
        "cohorts": [
            {"name": n, "label": label, "dose": d, "day": days,
             "total": sum(d), "n": PATIENTS}
            for n, label, d, days in COHORTS
        ],
    }  # fmt: skip
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def _doses():
    per_GBq = {
        "red marrow": 0.54, "tumour": 9.0, "liver": 1.1, "spleen": 0.9, "kidneys": 0.8,
        "lungs": 0.7,
        "heart wall": 0.6, "gall bladder wall": 0.62, "thyroid": 0.45, "brain": 0.21,
        "bone surfaces": 0.75, "urinary bladder wall": 0.5, "total body": 0.5,
    }  # fmt: skip
    for name, _, d, _ in COHORTS:
        for region, f in per_GBq.items():
            m = f * sum(d) * 0.037 * 1.8
            wide = 3.0 if region == "tumour" else 1.6
            yield {"cohort": name, "region": region, "Gy_mean": m * 1.05, "Gy_p05": m / wide,
                   "Gy_p50": m, "Gy_p95": m * wide, "Gy_per_GBq": f}  # fmt: skip


def _toxicity():
    for name, _, d, days in COHORTS:
        effect = sum(d) / 60
        for lineage, base, at in (("platelets", 190.0, 36), ("neutrophils", 3.6, 44)):
            nadir = base * np.exp(-3.2 * effect)
            p3, p4 = min(0.98, 0.1 + effect), min(0.9, 0.7 * effect**2)
            yield {"cohort": name, "lineage": lineage, "unit": "1e9/L", "nadir_p50": nadir,
                   "nadir_p05": nadir / 3, "nadir_p95": nadir * 2.5, "nadir_day_p50": at + days[-1],
                   "nadir_day_p05": at - 6, "nadir_day_p95": at + 9, "recovery_day_p50": at + 25,
                   "p_grade3plus": p3, "p_grade3plus_low": p3 - 0.02,
                   "p_grade3plus_high": p3 + 0.02, "p_grade4": p4,
                   "p_grade4_low": max(0, p4 - 0.02), "p_grade4_high": p4 + 0.02}  # fmt: skip


def _response():
    for name, _, d, _ in COHORTS:
        orr = sum(d) / 120
        yield {"cohort": name, "orr": orr, "orr_low": orr - 0.02, "orr_high": orr + 0.02,
               "cbr": orr + 0.2, "dcr": orr + 0.55, "pfs_day_p50": 60 + 2 * sum(d),
               "os_day_p50": 340.0 if sum(d) < 20 else np.nan}  # fmt: skip


def _trial():
    steps = ((12.5, 0, "escalate"), (18.75, 1, "expand"), (18.75, 0, "escalate"),
             (25.0, 0, "escalate"), (31.25, 2, "stop"))  # fmt: skip
    for dose, dlt, decision in steps:
        yield {"cohort": f"{dose:g} mCi/m2", "dose": dose, "n": 3, "dlt": dlt,
               "decision": decision,
               "reason": f"{dlt} of 3 had a DLT at {dose} mCi/m2: {decision}."}  # fmt: skip


def _assumptions():
    statuses = ("published", "assumption", "derived", "calibrated")
    for i in range(16):
        yield {"parameter": f"platelets.transit_time_{i}", "value": 12.345678 * (i + 1),
               "unit": "h" if i % 2 else "1e9/L", "spread": "log-normal, CV 30 %",
               "status": statuses[i % 4], "source": "grudzinski2014" if i % 4 != 1 else "pdcraft",
               "where": "abstract" if i % 4 != 1 else "no measurement known; order of magnitude",
               "rests_on_it": "platelet nadir, grade 3-4 rates"}  # fmt: skip


def _activity():
    days = np.round(np.linspace(0, 56, 113), 3)
    for name, _, d, given in COHORTS:
        for region, share, days_in in (
            ("total body", 0.98, 0.02), ("plasma", 0.4, 0.02), ("red marrow", 0.06, 0.3),
            ("tumour", 0.01, 1.5), ("liver", 0.09, 0.2), ("kidneys", 0.02, 0.2),
            ("lungs", 0.03, 0.2),
        ):  # fmt: skip
            MBq = np.zeros_like(days)
            for dose, start in zip(d, given, strict=True):
                t = np.maximum(days - start, 0)
                MBq += dose * 66 * share * np.exp(-t / 9) * (1 - np.exp(-t / days_in))
            for t, a in zip(days, MBq, strict=True):
                yield {"cohort": name, "region": region, "day": t, "MBq_p05": a / 1.7,
                       "MBq_p50": a, "MBq_p95": a * 1.6}  # fmt: skip


def _plasma():
    days = np.round(np.linspace(0, 56, 113), 3)
    for name, _, d, given in COHORTS:
        c = np.zeros_like(days)
        for dose, start in zip(d, given, strict=True):
            t = np.maximum(days - start, 0)
            c += (days >= start) * dose * 5 * (0.7 * np.exp(-t / 1.5) + 0.3 * np.exp(-t / 49))
        for t, v in zip(days, c, strict=True):
            yield {"cohort": name, "day": t, "ng_per_mL_p05": v / 1.5, "ng_per_mL_p50": v,
                   "ng_per_mL_p95": v * 1.5}  # fmt: skip


def _markers():
    days = np.arange(0, 181, 2.0)
    for name, _, d, given in COHORTS:
        effect = sum(d) / 60
        for marker, unit, base, at, width in (
            ("platelets", "1e9/L", 190.0, 36 + given[-1], 14),
            ("neutrophils", "1e9/L", 3.6, 45, 15),
        ):  # fmt: skip
            v = base * np.exp(-3.2 * effect * np.exp(-(((days - at) / width) ** 2) / 2))
            for t, x in zip(days, v, strict=True):
                yield {"cohort": name, "marker": marker, "unit": unit, "day": t, "p05": x / 2.2,
                       "p50": x, "p95": x * 1.7}  # fmt: skip
        fall = 30 * (1 - effect * (1 - np.exp(-days / 40)) + days / 400)
        for t, x in zip(days, fall, strict=True):
            yield {"cohort": name, "marker": "M-protein", "unit": "g/L", "day": t, "p05": x / 2,
                   "p50": x, "p95": x * 1.8}  # fmt: skip


def _ctcae():
    for lineage, edges in (
        ("platelets", ("LLN", 75, 50, 25)),
        ("neutrophils", ("LLN", 1.5, 1.0, 0.5)),
    ):
        for grade, high in enumerate(edges, 1):
            yield {"lineage": lineage, "version": "5.0", "grade": grade, "high": high,
                   "low": edges[grade] if grade < 4 else "", "unit": "1e9/L"}  # fmt: skip


def _response_of(change: float) -> str:
    limits = (-90, -50, -25, 25)
    return next((r for r, c in zip(RESPONSES, limits, strict=False) if change <= c), "PD")


def _waterfall(rng):
    for name, _, d, _ in COHORTS:
        changes = np.sort(np.clip(rng.normal(20 - 1.6 * sum(d), 40, SAMPLE), -100, 160))[::-1]
        for i, change in enumerate(changes):
            yield {"cohort": name, "patient": i, "best_change_percent": change,
                   "response": _response_of(change)}  # fmt: skip


def _swimmer(rng):
    for name, _, d, _ in COHORTS:
        changes = np.clip(rng.normal(20 - 1.6 * sum(d), 40, SAMPLE), -100, 160)
        for i, change in enumerate(changes):
            end = float(min(360, rng.exponential(80) + 20 - change))
            response = _response_of(change)
            answered = min(end, 40.0 + i % 20) if response in RESPONSES[:3] else ""
            event = "follow-up ends" if end == 360 else ("progression", "death")[i % 5 == 0]
            yield {"cohort": name, "patient": i, "day_end": end, "response": response,
                   "event_end": event, "response_day": answered}  # fmt: skip


def _km():
    days = np.arange(0, 361, 4.0)
    for name, _, d, _ in COHORTS:
        for endpoint, scale in (("PFS", 80 + 3 * sum(d)), ("OS", 400 + 6 * sum(d))):
            for t, s in zip(days, np.exp(-((days / scale) ** 1.4)), strict=True):
                yield {"cohort": name, "endpoint": endpoint, "day": t, "survival": s,
                       "low": max(0, s - 0.03), "high": min(1, s + 0.03),
                       "at_risk": round(PATIENTS * s)}  # fmt: skip


def _validity():
    yield {"where": "kinetics", "message": "body mass 31 kg outside 40 to 140 kg", "count": 3}
    yield {"where": "biology.marrow", "message": "red-marrow dose 4.1 Gy above 3 Gy", "count": 117}


_BIB = r"""
@article{grudzinski2014,
  author = {Grudzinski, Joseph and Titz, Benjamin and Weichert, Jamey and others},
  title = {A phase 1 study of {131I-CLR1404} in patients with relapsed or refractory
           advanced solid tumors},
  journal = {PLoS ONE}, year = {2014}, volume = {9}, number = {11}, pages = {e111652},
  doi = {10.1371/journal.pone.0111652}
}
@book{mueller1999, author = "M{\"u}ller, J\'er\^ome", title = {A Book},
  publisher = {House}, year = 1999}
"""
