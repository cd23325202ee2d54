"""Rows of a trial's page: cells picked from the results and written out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pdcraft.report.tables import Cell
from pdcraft.report.trial.folder import TrialResults
from pdcraft.report.trial.wording import MEASURES, SHARES, disease_name
from pdcraft.report.wording import day, interval, percent, plain, significant, typeset, unit

_Record = Mapping[str, Any]


def levels(results: TrialResults) -> list[dict[str, Any]]:
    """What every level gives and does."""
    return [
        {
            "disease": disease_name(r["disease"]), "level": typeset(r["level"]),
            "given": _given(r),
            "all": percent(r["all_doses_given"]), "MBq": significant(r["MBq_p50"]),
            "marrow": significant(r["marrow_Gy_p50"]), "tumour": significant(r["tumour_Gy_p50"]),
            "dlt": _share(r, "dlt"), "response": _share(r, "responded"),
            "late": percent(r["dlt_after_window"]),
            "day": Cell(day(r["dlt_day_p50"]).replace("NR", "–"),
                        "" if math.isnan(r["dlt_day_p05"])
                        else interval(r["dlt_day_p05"], r["dlt_day_p95"], day)),
            "grade4": f"{percent(r['grade4_platelets'])} / {percent(r['grade4_neutrophils'])}",
            "pfs": day(r["pfs_day_p50"]), "n": str(int(r["patients"])),
        }
        for r in results.tables["levels"]
    ]  # fmt: skip


def rules(results: TrialResults) -> list[dict[str, Any]]:
    """Definition of the toxicity, and how often each rule was the first to be broken."""
    table = results.tables["dlt_rules"]
    disease = table.distinct("disease")[0]
    of = table.where("disease", disease)
    names = of.distinct("level")
    return [
        {"rule": typeset(rule), "cells": [
            percent(next(iter(of.where("rule", rule).where("level", n)))["share"]) for n in names]}
        for rule in of.distinct("rule")
    ]  # fmt: skip


def rule_levels(results: TrialResults) -> list[str]:
    """Levels in the table of `rules`."""
    return [typeset(n) for n in results.tables["dlt_rules"].distinct("level")]


def designs(results: TrialResults) -> list[dict[str, Any]]:
    """Operating characteristics of every design in one row."""
    return [
        {
            "design": typeset(r["design"]), "watch": f"{r['watch_d']:g}",
            "right": _pm_percent(r, "right"), "too_high": _pm_percent(r, "too_high"),
            "none": _pm_percent(r, "none"), "patients": _pm(r, "patients"),
            "toxicities": _pm(r, "toxicities"), "missed": _pm(r, "missed"),
            "months": Cell(_pm(r, "months"), interval(r["months_p05"], r["months_p95"])),
            "away": _pm(r, "turned_away"), "replaced": _pm(r, "replaced"),
        }
        for r in results.tables["designs"]
    ]  # fmt: skip


def selection(results: TrialResults) -> tuple[list[str], list[dict[str, Any]]]:
    """Levels, and for each design how often each is chosen and how many are treated there."""
    table = results.tables["oc"]
    names = table.distinct("level")
    rows = []
    for design in table.distinct("design"):
        of = {r["level"]: r for r in table.where("design", design)}
        cells = [
            Cell(_pm_percent(of[n], "selected"),
                 "" if n == "none" else f"{significant(of[n]['patients'])} patients, "
                 f"{significant(of[n]['toxicities'], 2)} DLT")
            for n in names
        ]  # fmt: skip
        rows.append({"design": typeset(design), "cells": cells})
    truth = {r["level"]: r["dlt_true"] for r in table.where("design", table.distinct("design")[0])}
    heads = [
        "none" if n == "none" else f"{typeset(n)}, DLT\u00a0{percent(truth[n])}" for n in names
    ]
    return heads, rows


def pairs(results: TrialResults) -> tuple[str, list[dict[str, Any]]]:
    """Every design against the first one, on the same patients."""
    table = results.tables["paired"]
    rows = []
    for design in table.distinct("design"):
        of = {r["measure"]: r for r in table.where("design", design)}
        cells = []
        for measure in MEASURES:
            factor = 100.0 if measure in SHARES else 1.0
            mean, se = factor * of[measure]["difference"], factor * of[measure]["se"]
            cells.append(f"{mean:+.1f} ± {se:.1f}".replace("-", "−"))
        rows.append({"design": typeset(design), "cells": cells})
    return typeset(table.distinct("reference")[0]), rows


def pair_heads() -> list[str]:
    """Columns of `pairs`."""
    return [f"{said} (points)" if k in SHARES else said for k, said in MEASURES.items()]


def late(results: TrialResults) -> list[dict[str, Any]]:
    """What designs do not see of the toxicity; those that watch equally long share their rows."""
    table = results.tables["late"]
    designs: dict[float, list[str]] = {}
    for r in table:
        name = typeset(r["design"])
        of = designs.setdefault(r["watch_d"], [])
        of += [name] if name not in of else []
    first: dict[tuple[float, str], _Record] = {}
    for r in table:
        if r["dlt"] > 0:
            first.setdefault((r["watch_d"], r["level"]), r)
    return [
        {
            "watch": f"{watch:g}", "designs": ", ".join(designs[watch]), "level": typeset(level),
            "dlt": percent(r["dlt"]), "missed": percent(r["missed"]),
            "after": percent(r["after_window"]),
        }
        for (watch, level), r in sorted(first.items(), key=lambda item: item[0][0])
    ]  # fmt: skip


def paths(results: TrialResults) -> list[dict[str, Any]]:
    """Every decision of the first trial, design by design."""
    table = results.tables["paths"]
    found = []
    for design in table.distinct("design"):
        of = table.where("design", design)
        rows = [
            {
                "opened": f"{r['opened_d']:.0f}",
                "decided": f"{r['decided_d']:.0f}",
                "level": typeset(r["level"]),
                "outcomes": r["outcomes"].replace("-", "–"),
                "decision": r["decision"],
                "next": typeset(r["next_level"]),
                "reason": typeset(r["reason"]),
            }
            for r in of.take(of["trial"] == 1)
        ]
        found.append({"design": typeset(design), "rows": rows})
    return found


def effects(results: TrialResults, among: str) -> list[dict[str, Any]]:
    """Differences between regimens in the same patients, by the library's numbers."""
    table = results.tables["effects"]
    rows = table.where("scenario", table.distinct("scenario")[0]).where("among", among)
    return [
        {
            "disease": disease_name(r["disease"]), "measure": r["measure"],
            "unit": unit(r["unit"]), "n": str(int(r["patients"])),
            "reference": _nr(r["reference_value"]), "other": _nr(r["other_value"]),
            "difference": Cell(
                _signed(r["difference"]),
                "" if math.isnan(r["low"]) else interval(r["low"], r["high"], _signed)),
        }
        for r in rows
    ]  # fmt: skip


def scenarios(results: TrialResults) -> list[dict[str, Any]]:
    """The difference in response, PFS and toxicity under every scenario."""
    table = results.tables["effects"].where("among", "all patients")
    wanted = ("response", "PFS within follow-up", "dose-limiting toxicity")
    rows = []
    for scenario in table.distinct("scenario"):
        for disease in table.distinct("disease"):
            of = table.where("scenario", scenario).where("disease", disease)
            found = {r["measure"]: r for r in of}
            cells = [
                Cell(_signed(found[m]["difference"]),
                     interval(found[m]["low"], found[m]["high"], _signed)) for m in wanted
            ]  # fmt: skip
            rows.append(
                {"scenario": typeset(scenario), "disease": disease_name(disease), "cells": cells}
            )
    return rows


def seen(results: TrialResults) -> list[dict[str, Any]]:
    """What randomised trials see of the differences."""
    return [
        {
            "measure": r["measure"], "per_arm": str(int(r["per_arm"])),
            "range": interval(r["difference_p05"], r["difference_p95"], _signed),
            "sign": percent(r["same_sign"]),
            "n": "–" if not math.isfinite(r["per_arm_for_80_power"])
            else f"{r['per_arm_for_80_power']:,.0f}".replace(",", " "),
        }
        for r in results.tables["seen"]
    ]  # fmt: skip


def phase2(results: TrialResults) -> list[dict[str, Any]]:
    """Simon's designs on the patients of every disease."""
    return [
        {
            "disease": disease_name(r["disease"]), "regimen": typeset(r["regimen"]),
            "true": f"{percent(r['response_true'])} ± {100 * r['response_true_se']:.1f}",
            "success": Cell(_pm_percent(r, "success"),
                            f"exact at this rate {percent(r['success_exact'])}"),
            "early": _pm_percent(r, "early"),
            "patients": Cell(_pm(r, "patients"), f"exact {significant(r['patients_exact'])}"),
            "months": Cell(_pm(r, "months"), interval(r["months_p05"], r["months_p95"])),
        }
        for r in results.tables["phase2"]
    ]  # fmt: skip


def simon(results: TrialResults) -> dict[str, str]:
    """The design, in words."""
    r = next(iter(results.tables["phase2"]))
    return {
        "r1": f"{r['r1']:g}", "n1": f"{r['n1']:g}", "r": f"{r['r']:g}", "n": f"{r['n']:g}",
        "p0": percent(r["p0"]), "p1": percent(r["p1"]), "alpha": percent(r["alpha_exact"]),
        "power": percent(r["power_exact"]),
    }  # fmt: skip


def utility(results: TrialResults) -> list[dict[str, Any]]:
    """Truth of every regimen of an optimisation."""
    return [
        {
            "regimen": typeset(r["regimen"]), "toxicity": percent(r["toxicity"]),
            "efficacy": percent(r["efficacy"]),
            "utility": f"{r['utility']:.1f} ± {r['utility_se']:.1f}",
            "may": "yes" if r["may_be_chosen"] else "no", "best": bool(r["best"]),
        }
        for r in results.tables["utility"]
    ]  # fmt: skip


def chosen(results: TrialResults) -> tuple[list[str], list[dict[str, Any]]]:
    """Regimens, and for every method how often each is chosen."""
    table = results.tables["chosen"]
    names = table.distinct("regimen")
    rows = []
    for method in table.distinct("method"):
        of = table.where("method", method)
        by = {r["regimen"]: r for r in of}
        first = next(iter(of))
        rows.append({
            "method": method, "patients": plain(round(first["patients"], 1)),
            "months": Cell(significant(first["months_p50"]),
                           interval(first["months_p05"], first["months_p95"])),
            "cells": [_pm_percent(by[n], "chosen") for n in names],
            "lost": _pm(first, "utility_lost"),
            "best": [bool(by[n]["best"]) for n in names],
        })  # fmt: skip
    return [typeset(n) for n in names], rows


def _given(r: _Record) -> str:
    """Doses, their unit and their days, as ``15.625 + 15.625 mCi/m², days 0, 7``."""
    days = f", days {r['days']}" if "," in r["days"] else ""
    return f"{typeset(r['amounts'])} {typeset(r['unit'])}{days}"


def _share(r: _Record, name: str) -> str:
    return f"{percent(r[name])} ± {100 * r[f'{name}_se']:.1f}"


def _pm_percent(r: _Record, name: str) -> str:
    """A share in % with its standard error."""
    return f"{100 * r[name]:.1f} ± {100 * r[f'{name}_se']:.1f}"


def _pm(r: _Record, name: str) -> str:
    """A mean with its standard error, as many decimals as the error asks for."""
    error = r[f"{name}_se"]
    digits = 2 if error < 0.05 else 1
    return f"{r[name]:.{digits}f} ± {error:.{digits}f}"


def _nr(value: float) -> str:
    return "NR" if math.isnan(value) else significant(value)


def _signed(value: float) -> str:
    """A difference with its sign; one below 0.0005 is written as 0."""
    if math.isnan(value):
        return "–"
    if abs(value) < 0.0005:
        return "0"
    text = significant(abs(value), 2) if abs(value) < 10 else f"{abs(value):.0f}"
    return f"{'−' if value < 0 else '+'}{text}"
