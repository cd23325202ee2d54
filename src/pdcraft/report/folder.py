"""The results folder as the page sees it: manifest, cohorts, tables, each checked once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pdcraft.domain.errors import InputError, MissingError
from pdcraft.report import table
from pdcraft.report.table import Table
from pdcraft.report.wording import typeset

COLUMNS: dict[str, tuple[str, ...]] = {
    "given": ("cohort", "what", "unit", "value_p50"),
    "doses": ("cohort", "region", "Gy_p05", "Gy_p50", "Gy_p95"),
    "toxicity": (
        "cohort", "lineage", "unit", "nadir_p50", "nadir_day_p50", "p_grade3plus", "p_grade4",
    ),
    "response": ("cohort", "orr", "cbr", "dcr", "pfs_day_p50"),
    "complications": ("cohort", "region", "EQD2_Gy_p50", "risk"),
    "quality_of_life": ("cohort", "change", "p_lasting_fall"),
    "trial": ("cohort", "dose", "n", "dlt", "decision", "reason"),
    "assumptions": ("parameter", "value", "unit", "status", "source", "rests_on_it"),
    "curves_activity": ("cohort", "region", "day", "MBq_p05", "MBq_p50", "MBq_p95"),
    "exposure": ("cohort", "region", "ug_h_per_mL_p50", "ng_per_mL_p50"),
    "curves_drug": (
        "cohort", "region", "day", "ng_per_mL_p05", "ng_per_mL_p50", "ng_per_mL_p95",
    ),
    "growth": ("cohort", "fourfold_day_p50", "lowest_percent_p50", "limit_day_p50", "alive"),
    "curves_plasma": ("cohort", "day", "ng_per_mL_p05", "ng_per_mL_p50", "ng_per_mL_p95"),
    "curves_markers": ("cohort", "marker", "unit", "day", "p05", "p50", "p95"),
    "ctcae": ("lineage", "version", "grade", "low", "high", "unit"),
    "waterfall": ("cohort", "patient", "best_change_percent", "response"),
    "swimmer": ("cohort", "patient", "day_end", "event_end", "response", "response_day"),
    "km": ("cohort", "endpoint", "day", "survival", "low", "high", "at_risk"),
    "window": ("cohort", "total", "outcome", "p", "low", "high"),
    "support": ("cohort", "what", "p_any", "mean_if_any", "first_day_p50"),
    "curves_support": ("cohort", "what", "day", "share"),
    "spider": ("cohort", "patient", "day", "change_percent"),
    "sensitivity": ("cohort", "outcome", "parameter", "rank_correlation"),
    "validity": ("where", "message", "count"),
}  # fmt: skip
"""Columns that a table must have where it is present; further columns may be there."""

_WORDS = {"ctcae": ("low", "high")}  # a limit may be LLN, the lower limit of normal
_RATES = (
    "orr",
    "cbr",
    "dcr",
    "p_grade3plus",
    "p_grade4",
    "survival",
    "p_any",
    "alive",
    "share",
    "p_lasting_fall",
)


class AnyResults(Protocol):
    """What pages of runs and of trials share."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What the run says of itself."""
        ...

    @property
    def tables(self) -> Mapping[str, Table]:
        """Tables that are present."""
        ...

    def has(self, *names: str) -> bool:
        """Whether all these tables are present and hold at least one row."""
        ...


@dataclass(frozen=True)
class Cohort:
    """One regimen, in the study's unit of dose, and those who were given it."""

    name: str
    label: str
    dose: tuple[float, ...]
    day: tuple[float, ...]
    total: float
    n: int
    who: str = "patients per cohort"


@dataclass(frozen=True)
class AbstractResults:
    """A results folder, read and checked; ``tables`` holds those that are present."""

    manifest: Mapping[str, Any]
    tables: Mapping[str, Table]
    study_toml: str
    sources_bib: str
    changed: tuple[str, ...]

    @property
    def study(self) -> Mapping[str, Any]:
        """What the manifest says of the study."""
        return self.manifest["study"]

    def has(self, *names: str) -> bool:
        """Whether all these tables are present and hold at least one row."""
        return all(name in self.tables and len(self.tables[name]) for name in names)


@dataclass(frozen=True)
class Results(AbstractResults):
    """The folder of a run, with its cohorts."""

    cohorts: tuple[Cohort, ...]

    @property
    def dose_unit(self) -> str:
        """Unit of every dose, as printed."""
        return typeset(str(self.study.get("dose_unit", "mCi/m2")))

    @property
    def drug(self) -> str:
        """Name of the drug where the payload is a cytotoxic, else empty."""
        return str(self.study.get("drug", ""))

    @property
    def who(self) -> str:
        """Patients, or mice."""
        return "mice" if self.of_mice else "patients"

    @property
    def of_mice(self) -> bool:
        """Whether mice were treated."""
        return self.study.get("species") == "mouse"


def read(folder: Path) -> Results:
    """Manifest and tables of a results folder, checked for what the page needs.

    Parameters
    ----------
    folder
        As `pdcraft.study.run` writes it: ``manifest.json``, ``tables/*.csv``, ``study.toml``,
        ``sources.bib``. Tables may be absent, except those that the manifest lists.

    Raises
    ------
    MissingError
        If there is no manifest, or a table that the manifest lists is not there.
    InputError
        If the manifest or a table lacks an entry or a column, a rate lies outside 0 to 1, or a
        table names a cohort that the manifest does not know.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if "cohorts" not in manifest:
        raise InputError(
            f"{folder / 'manifest.json'} lacks the entry 'cohorts'. Run the study again."
        )
    mice = manifest["study"].get("species") == "mouse"
    who = "mice per group" if mice else "patients per cohort"
    cohorts = tuple(_cohort(entry, who) for entry in manifest["cohorts"])
    tables = {
        name: _table(folder / "tables" / f"{name}.csv", needed, {c.name for c in cohorts})
        for name, needed in COLUMNS.items()
        if (folder / "tables" / f"{name}.csv").exists()
    }
    return Results(
        manifest, tables,
        text_of(folder / "study.toml"), text_of(folder / "sources.bib"),
        changed_since(folder, manifest), cohorts,
    )  # fmt: skip


def read_manifest(folder: Path) -> dict[str, Any]:
    """Manifest of a finished run; errors as `read`."""
    path = folder / "manifest.json"
    if not path.exists():
        raise MissingError(
            f"{folder} holds no manifest.json, so it is not a finished results folder. "
            "Make one with: pdcraft run study.toml"
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path} is not JSON ({error.msg}, line {error.lineno}). "
            "It was changed after the run; run the study again."
        ) from error
    if manifest.get("complete") is False:
        raise InputError(
            f"{folder} holds a run that is not complete. "
            "Go on with: pdcraft run study.toml --resume"
        )
    for key in ("pdcraft", "study"):
        if key not in manifest:
            raise InputError(f"{path} lacks the entry '{key}'. Run the study again.")
    for key in ("name", "title", "seed"):
        if key not in manifest["study"]:
            raise InputError(f"{path} lacks the entry 'study.{key}'. Run the study again.")
    return manifest


def _cohort(entry: Mapping[str, Any], who: str) -> Cohort:
    lacking = [k for k in ("name", "dose", "day", "total", "n") if k not in entry]
    if lacking:
        raise InputError(
            f"manifest.json: cohort {entry.get('name', '?')} lacks {', '.join(lacking)}. "
            "Run the study again."
        )
    return Cohort(
        str(entry["name"]), typeset(str(entry.get("label") or entry["name"])),
        tuple(map(float, entry["dose"])), tuple(map(float, entry["day"])),
        float(entry["total"]), int(entry["n"]), who,
    )  # fmt: skip


def _table(path: Path, needed: tuple[str, ...], cohorts: set[str]) -> Table:
    content = table.read(path, needed, _WORDS.get(path.stem, ()))
    _check_rates(path, content)
    if "cohort" in content and path.stem != "trial":
        strange = sorted(set(content["cohort"]) - cohorts)
        if strange:
            raise InputError(
                f"{path}, column cohort: '{strange[0]}' is not a cohort of manifest.json "
                f"({', '.join(sorted(cohorts))}). Table and manifest are of different runs."
            )
    return content


def _check_rates(path: Path, content: Table) -> None:
    for column in _RATES:
        if column not in content:
            continue
        wrong = content[column][(content[column] < 0) | (content[column] > 1)]
        if len(wrong):
            raise InputError(
                f"{path}, column {column}: {wrong[0]:g} is not a fraction between 0 and 1. "
                "Write rates as fractions, not in %."
            )


def changed_since(folder: Path, manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Tables whose hash is no longer that of the manifest."""
    changed = []
    for name, expected in sorted(manifest.get("tables", {}).items()):
        path = next((p for p in (folder / name, folder / "tables" / name) if p.is_file()), None)
        if path is None:
            raise MissingError(
                f"{folder / name} is listed in manifest.json but is not there. "
                "The folder is not complete; run the study again."
            )
        if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            changed.append(name)
    return tuple(changed)


def text_of(path: Path) -> str:
    """Text of a file; empty if it is not there."""
    return path.read_text(encoding="utf-8") if path.exists() else ""
