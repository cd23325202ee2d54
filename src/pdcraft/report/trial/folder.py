"""The results folder of a trial as the page sees it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pdcraft.report import table
from pdcraft.report.folder import AbstractResults, changed_since, read_manifest, text_of

NEEDED: dict[str, tuple[str, ...]] = {
    "levels": ("disease", "level", "unit", "amounts", "days", "dlt", "responded", "patients"),
    "dlt_rules": ("disease", "level", "rule", "share"),
    "oc": ("design", "level", "dlt_true", "selected", "selected_se", "patients", "toxicities"),
    "designs": ("design", "watch_d", "trials", "right", "right_se", "patients", "months"),
    "paired": ("design", "reference", "measure", "difference", "se"),
    "paths": (
        "design", "trial", "cohort", "level", "outcomes", "final", "decision", "reason",
    ),
    "late": ("design", "watch_d", "level", "dlt", "missed", "after_window"),
    "effects": ("scenario", "disease", "reference", "other", "among", "measure", "difference",
                "low", "high"),
    "seen": ("disease", "reference", "other", "measure", "per_arm", "difference_p05",
             "difference_p95", "same_sign"),
    "phase2": ("disease", "regimen", "r1", "n1", "r", "n", "success", "success_exact", "months"),
    "utility": ("regimen", "toxicity", "efficacy", "utility", "best"),
    "chosen": ("method", "patients", "regimen", "chosen", "chosen_se", "best", "utility_lost"),
    "km": ("cohort", "endpoint", "day", "survival", "low", "high", "at_risk"),
    "assumptions": ("parameter", "value", "unit", "status", "source", "rests_on_it"),
    "validity": ("where", "message", "count"),
}  # fmt: skip
"""Columns that a table must have where it is present; further columns may be there."""
WORDS = (
    "disease", "level", "amounts", "days", "rule", "design", "reference", "measure", "outcomes",
    "final", "next_level", "scenario", "other", "among", "regimen", "method",
)  # fmt: skip


@dataclass(frozen=True)
class TrialResults(AbstractResults):
    """The folder of a trial."""


def read_trial(folder: Path) -> TrialResults:
    """Manifest and tables of a results folder of a trial.

    Raises
    ------
    MissingError
        If there is no manifest, or a table that the manifest lists is not there.
    InputError
        If a table lacks a column.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    tables = {
        name: table.read(folder / "tables" / f"{name}.csv", needed, WORDS)
        for name, needed in NEEDED.items()
        if (folder / "tables" / f"{name}.csv").exists()
    }
    return TrialResults(
        manifest, tables, text_of(folder / "study.toml"), text_of(folder / "sources.bib"),
        changed_since(folder, manifest),
    )  # fmt: skip
