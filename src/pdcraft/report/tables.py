"""Rows of the page's tables: cells picked from the results and written out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pdcraft.report import look
from pdcraft.report.figures.dose import HIGHLIGHTED, ordered_regions
from pdcraft.report.folder import AnyResults, Cohort, Results
from pdcraft.report.table import Table
from pdcraft.report.wording import (
    day,
    interval,
    percent,
    plain,
    sentence_case,
    significant,
    typeset,
    unit,
)

_Record = Mapping[str, Any]
_STATUS = ("assumption", "calibrated", "derived", "published")


@dataclass(frozen=True)
class Cell:
    """A number and, smaller, what stands around it."""

    main: str
    small: str = ""


@dataclass(frozen=True)
class Row:
    """One quantity for all cohorts."""

    label: str
    unit: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Group:
    """Rows under one heading."""

    title: str
    rows: tuple[Row, ...]


def regimens(results: Results) -> list[dict[str, str]]:
    """One row per cohort: single doses, days, total, patients."""
    return [
        {
            "index": str(i), "label": c.label, "n": str(c.n), "doses": _doses(c),
            "days": ", ".join(plain(d) for d in c.day) or "–", "total": plain(c.total),
        }
        for i, c in enumerate(results.cohorts)
    ]  # fmt: skip


def _doses(cohort: Cohort) -> str:
    doses = cohort.dose
    if len(doses) > 1 and len(set(doses)) == 1:
        return f"{len(doses)} × {plain(doses[0])}"
    return " + ".join(plain(d) for d in doses) or "none"


def key_numbers(results: Results) -> list[Group]:
    """What a reader asks first: marrow dose, counts, response, time to progression."""
    groups = [
        _given_group(results),
        _dose_group(results),
        *_drug_groups(results),
        _growth_group(results),
        *_toxicity_groups(results),
        _complication_group(results),
        *_response_groups(results),
        _quality_group(results),
    ]
    return [g for g in groups if g is not None and g.rows]


def _given_group(results: Results) -> Group | None:
    """Activity with the carrier that comes along, or drug on its carrier."""
    if not results.has("given"):
        return None
    table = results.tables["given"]
    asked = dict.fromkeys((row["what"], row["unit"]) for row in table)
    rows = [
        Row(sentence_case(what), unit(name), _cells(results, of, _spread("value")))
        for what, name in asked
        for of in [table.where("what", what).where("unit", name)]
    ]
    return Group("What is given, median (5th to 95th percentile)", tuple(rows))


def _dose_group(results: Results) -> Group | None:
    if not results.has("doses"):
        return None
    table = results.tables["doses"]
    wanted = [r for r in (*HIGHLIGHTED, "total body") if r in table.distinct("region")]
    cells = [
        Row(sentence_case(r), "Gy", _cells(results, table.where("region", r), _spread("Gy")))
        for r in wanted
    ]
    return Group("Absorbed dose, median (5th to 95th percentile)", tuple(cells))


def _drug_groups(results: Results) -> list[Group]:
    """Area under the curve and peak of the free drug, by region."""
    if not results.has("exposure"):
        return []
    table, found = results.tables["exposure"], []
    for title, column, name in (
        ("Area under the curve", "ug_h_per_mL", "µg h/mL"), ("Peak", "ng_per_mL", "ng/mL"),
    ):  # fmt: skip
        rows = [
            Row(sentence_case(r), name, _cells(results, table.where("region", r), _spread(column)))
            for r in table.distinct("region")
        ]
        heading = f"{title} of {results.drug} set free, median (5th to 95th percentile)"
        found.append(Group(heading, tuple(rows)))
    return found


def _growth_group(results: Results) -> Group | None:
    """Growth of the xenografts."""
    if not results.has("growth"):
        return None
    table = results.tables["growth"]
    asked: list[tuple[str, str, Callable[[_Record], Cell]]] = [
        ("Four times the first volume, median", "day", _spread("fourfold_day", day)),
        ("Smallest volume, of the first", "%", _spread("lowest_percent")),
        ("Volume limit (2000 mm³), median", "day", _spread("limit_day", day)),
        ("Alive at the end", "%", _rate("alive")),
    ]
    return Group("Growth of the xenograft", tuple(
        Row(a, u, _cells(results, table, write)) for a, u, write in asked
    ))  # fmt: skip


def _toxicity_groups(results: Results) -> list[Group]:
    if not results.has("toxicity"):
        return []
    groups = []
    version = f" (CTCAE {results.study['ctcae']})" if "ctcae" in results.study else ""
    for lineage in results.tables["toxicity"].distinct("lineage"):
        graded = results.tables["toxicity"].where("lineage", lineage)
        name = unit(graded["unit"][0])
        asked: list[tuple[str, str, Callable[[_Record], Cell]]] = [
            ("Nadir, median", name, _spread("nadir")),
            ("Day of nadir, median", "day", _nadir_day),
            ("Day of recovery, median", "day", _recovery_day),
            (f"Grade 3 or worse{version}", "%", _rate("p_grade3plus")),
            (f"Grade 4{version}", "%", _rate("p_grade4")),
        ]
        rows = [Row(a, u, _cells(results, graded, write)) for a, u, write in asked]
        title = sentence_case(lineage) + look.not_calibrated(results, lineage)
        groups.append(Group(title, tuple(r for r in rows if _says_something(r))))
    return groups


def _complication_group(results: Results) -> Group | None:
    """Late complications of organs that the study asks for."""
    if not results.has("complications"):
        return None
    table = results.tables["complications"]
    asked: list[tuple[str, str, Callable[[_Record], Cell]]] = [
        ("EQD2, median", "Gy", _spread("EQD2_Gy")), ("risk", "%", _rate("risk")),
    ]  # fmt: skip
    rows = [
        Row(f"{sentence_case(organ)}: {what}", u,
            _cells(results, table.where("region", organ), write))
        for organ in table.distinct("region") for what, u, write in asked
    ]  # fmt: skip
    return Group(
        "Late complications within five years, as after external beams of the same EQD2",
        tuple(rows),
    )


def _nadir_day(row: _Record) -> Cell:
    """Day of the nadir; a lineage that nothing touches has none."""
    if math.isnan(row["nadir_day_p50"]):
        return Cell("no change")
    return _spread("nadir_day", day)(row)


def _recovery_day(row: _Record) -> Cell:
    return Cell("–") if math.isnan(row["nadir_day_p50"]) else _spread("recovery_day", day)(row)


def _response_groups(results: Results) -> list[Group]:
    if not results.has("response"):
        return []
    rates = [
        Row(name, "%", _cells(results, results.tables["response"], _rate(column)))
        for name, column in (
            ("Overall response (ORR)", "orr"), ("Clinical benefit (CBR)", "cbr"),
            ("Disease control (DCR)", "dcr"),
        )
    ]  # fmt: skip
    times = [
        Row(name, "days", _cells(results, results.tables["response"], _spread(column, day)))
        for name, column in (
            ("Progression-free survival, median", "pfs_day"),
            ("Overall survival, median", "os_day"),
        )
        if f"{column}_p50" in results.tables["response"]
    ]  # fmt: skip
    return [Group("Response", tuple(rates)), Group("Time to event", tuple(times))]


def _quality_group(results: Results) -> Group | None:
    """Quality of life; its course is an assumption, and the heading says so."""
    if not results.has("quality_of_life"):
        return None

    def change(row: _Record) -> Cell:
        ends = (row.get(f"change_{end}", math.nan) for end in ("low", "high"))
        return Cell(significant(row["change"]), interval(*ends))

    table = results.tables["quality_of_life"]
    rows = (
        Row("Change from baseline, mean of patients and days", "points",
            _cells(results, table, change)),
        Row("Falls by 10 points or more and stays there", "%",
            _cells(results, table, _rate("p_lasting_fall"))),
    )  # fmt: skip
    return Group("Global health status (QLQ-C30; every coefficient is assumed)", rows)


def support(results: Results) -> list[dict[str, str]]:
    """One row for each cohort and kind of support that anybody was given."""
    label = {c.name: c.label for c in results.cohorts}
    return [
        {
            "cohort": label[row["cohort"]], "what": row["what"], "share": percent(row["p_any"]),
            "each": significant(row["mean_if_any"]), "first": day(row["first_day_p50"]),
        }
        for row in results.tables["support"]
        if row["p_any"] > 0
    ]  # fmt: skip


def _says_something(row: Row) -> bool:
    return any(cell.main != "–" for cell in row.cells)


def _cells(results: Results, table: Table, write: Callable[[_Record], Cell]) -> tuple[Cell, ...]:
    cells = []
    for cohort in results.cohorts:
        rows = table.where("cohort", cohort.name)
        cells.append(write(next(iter(rows))) if len(rows) else Cell("–"))
    return tuple(cells)


def _spread(column: str, write: Callable[[float], str] = significant) -> Callable[..., Cell]:
    def written(row: _Record) -> Cell:
        if f"{column}_p50" not in row:
            return Cell("–")
        ends = ("p05", "p95") if f"{column}_p05" in row else ("low", "high")
        low, high = (row.get(f"{column}_{end}", math.nan) for end in ends)
        known = not (math.isnan(low) and math.isnan(high))
        return Cell(write(row[f"{column}_p50"]), interval(low, high, write) if known else "")

    return written


def _rate(column: str) -> Callable[[_Record], Cell]:
    def written(row: _Record) -> Cell:
        low, high = (row.get(f"{column}_{end}", math.nan) for end in ("low", "high"))
        known = not (math.isnan(low) or math.isnan(high))
        return Cell(percent(row[column]), interval(low, high, percent) if known else "")

    return written


def doses(results: Results) -> list[Row]:
    """One row per region: median dose and percentiles for every cohort."""
    table = results.tables["doses"]
    return [
        Row(sentence_case(r), "Gy", _cells(results, table.where("region", r), _spread("Gy")))
        for r in ordered_regions(results)
    ]


def doses_per_GBq(results: Results) -> dict[str, tuple[str, ...]]:
    """Mean dose per administered activity, by region as printed; empty if not in the table."""
    table = results.tables["doses"]
    if "Gy_per_GBq" not in table:
        return {}

    def write(row: _Record) -> Cell:
        return Cell(significant(row["Gy_per_GBq"]))

    return {
        sentence_case(r): tuple(c.main for c in _cells(results, table.where("region", r), write))
        for r in ordered_regions(results)
    }


def assumptions(results: AnyResults) -> list[dict[str, str]]:
    """Parameters, weakest origin first: assumption, calibrated, derived, published."""
    rank = {status: i for i, status in enumerate(_STATUS)}
    rows = sorted(results.tables["assumptions"], key=lambda row: rank.get(row["status"], -1))
    return [
        {"spread": "", "where": ""}
        | row
        | {"value": _value(row["value"]), "unit": unit(row["unit"])}
        for row in rows
    ]


def _value(written: str) -> str:
    try:
        number = float(written)
    except ValueError:
        return written
    return significant(number, 4) if len(written) > 6 else written


def warnings(results: AnyResults) -> list[dict[str, str]]:
    """What lay outside the checked range, from the table and from the manifest, each once."""
    rows: dict[tuple[str, str], str] = {}
    if results.has("validity"):
        for row in results.tables["validity"]:
            rows[(row["where"], row["message"])] = _whole(row["count"])
    for entry in results.manifest.get("warnings", []):
        rows.setdefault((str(entry.get("where", "")), str(entry.get("message", ""))), "")
    return [{"where": w, "message": m, "count": n} for (w, m), n in rows.items()]


def _whole(count: float) -> str:
    """Text of a whole number; empty where none is given."""
    return "" if math.isnan(count) else str(int(count))


def trial(results: Results) -> list[dict[str, str]]:
    """The cohorts of the escalation as they followed one another, with reasons."""
    return [
        {
            "cohort": typeset(row["cohort"]), "dose": plain(row["dose"]),
            "n": _whole(row["n"]), "dlt": _whole(row["dlt"]), "decision": row["decision"],
            "reason": typeset(row["reason"]),
        }
        for row in results.tables["trial"]
    ]  # fmt: skip
