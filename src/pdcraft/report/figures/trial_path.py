"""The path of a dose escalation: who was given what, and what was decided."""

from __future__ import annotations

from typing import Any

from pdcraft.report import look
from pdcraft.report.folder import Results
from pdcraft.report.look import Figure, Key
from pdcraft.report.wording import plain

_MANY = 25


def trial_path(results: Results) -> Figure:
    """Patients in order of entry against dose; filled where the dose was not tolerated."""
    table = results.tables["trial"]
    doses = [float(d) for d in table["dose"]]
    spots, first = [], 1
    notes: list[dict[str, Any]] = []
    for i, row in enumerate(table):
        entered = range(first, first + int(row["n"]))
        spots += [(p, doses[i], p >= first + int(row["n"]) - int(row["dlt"])) for p in entered]
        notes.append(_decision(str(row["decision"]), first + (int(row["n"]) - 1) / 2, doses[i]))
        first += int(row["n"])
    return Figure(
        name="trial",
        title="Path of the dose escalation",
        caption=(
            f"Each symbol is one simulated patient, n = {first - 1}; no band. Filled crosses had a "
            "dose-limiting toxicity (DLT); within a cohort they are drawn last. The line joins the "
            "cohorts in order, the words are the decision after each."
        ),
        alt=f"Dose in {results.dose_unit} against patients in order of entry, with toxicities.",
        traces=_path(spots, results.dose_unit),
        layout=_layout(doses, first - 1, results.dose_unit) | {"annotations": notes},
        legend=(
            Key("no DLT", "@ink", "symbol", symbol="circle-open"),
            Key("DLT", "@ink", "symbol", symbol="x"),
        ),
        tables=("trial.csv",),
    )  # fmt: skip


def _path(spots: list[tuple[int, float, bool]], unit: str) -> list[dict[str, Any]]:
    return [{
        "type": "scatter", "mode": "lines+markers",
        "x": [p for p, _, _ in spots], "y": [d for _, d, _ in spots],
        "line": {"color": "@muted", "width": 1, "shape": "hvh"},
        "marker": {
            "size": [11 if dlt else 9 for _, _, dlt in spots],
            "symbol": ["x" if dlt else "circle" for _, _, dlt in spots],
            "color": ["@ink" if dlt else "@surface" for _, _, dlt in spots],
            "line": {"width": 1.5, "color": "@ink"},
        },
        "text": ["DLT" if dlt else "no DLT" for _, _, dlt in spots],
        "hovertemplate": f"patient %{{x}}: %{{y}} {unit}, %{{text}}<extra></extra>",
    }]  # fmt: skip


def _decision(said: str, x: float, y: float) -> dict[str, Any]:
    return {
        "text": said, "x": x, "y": y, "showarrow": False, "yshift": 18,
        "font": {"size": 11, "color": "@muted"},
    }  # fmt: skip


def _layout(doses: list[float], patients: int, unit: str) -> dict[str, Any]:
    span = max(doses) - min(doses) or max(doses)
    order = {"range": [0.2, patients + 0.8], "dtick": 1 if patients < _MANY else 3, "tick0": 1}
    levels = {
        "tickvals": sorted(set(doses)), "ticktext": [plain(d) for d in sorted(set(doses))],
        "range": [min(doses) - 0.2 * span, max(doses) + 0.3 * span],
    }  # fmt: skip
    return look.layout(330, top=8) | {
        "xaxis": look.axis("Patient, in order of entry") | order,
        "yaxis": look.axis(f"Dose ({unit})") | levels,
    }
