"""Cases in, rows out: every published number beside the one computed here."""

from __future__ import annotations

import csv
import importlib.resources
import importlib.util
import math
import tomllib
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from pdcraft.domain.errors import InputError, ValidityWarning, unknown

VERIFICATION = (
    "closed form", "published table", "published number", "other code", "convergence",
)  # fmt: skip
"""Kinds of evidence that the equations are solved rightly."""

APART = ("measurement", "calibration target", "recollected table")
"""Kinds that are no independent verification: nature, and numbers that pdcraft was fitted to."""

KINDS = (*VERIFICATION, *APART)

_NEEDED = ("claim", "kind", "covers", "source", "where", "tolerance")
_RULES = ("relative", "absolute", "z")


@dataclass(frozen=True)
class Case:
    """One claim: where it stands, what it covers, how near is near enough, and why."""

    room: str
    name: str
    claim: str
    kind: str
    covers: tuple[str, ...]
    source: str
    where: str
    tolerance: Mapping[str, float]
    because: str
    errata: str
    folder: Traversable


@dataclass(frozen=True)
class Row:
    """One published number and what became of it.

    Attributes
    ----------
    case, room, claim, kind, source, where, covers, because, errata
        Of the case the number belongs to; ``because`` is the reason for the tolerance.
    quantity, unit, reference
        The number as printed.
    computed, deviation, allowed
        The number computed here (None if there is none), how far it is off and how far it may
        be. A row agrees if ``deviation <= allowed``.
    rule
        What the deviation is: ``"relative"``, ``"absolute"`` (in ``unit``) or ``"z"`` (in
        standard deviations).
    status
        ``"pass"``, ``"fail"`` or ``"not run"``.
    reason
        Why a row failed without a number or was not run.
    """

    case: str
    room: str
    quantity: str
    unit: str
    reference: float
    computed: float | None
    deviation: float | None
    allowed: float
    rule: str
    status: str
    source: str
    where: str
    kind: str
    claim: str
    covers: tuple[str, ...] = ()
    because: str = ""
    errata: str = ""
    reason: str = ""


def run(room: str | None = None, *, folder: Path | None = None) -> list[Row]:
    """Every published number of the cases, recomputed and judged.

    Parameters
    ----------
    room
        Cases of this room only, as ``"decay"``.
    folder
        Cases to run instead of those of the package, laid out alike.

    Returns
    -------
    list of Row
        By room, case, and order of print. A case that cannot be computed gives rows that say
        ``"not run"`` (a package is missing) or ``"fail"`` (anything else), with the reason.

    Raises
    ------
    MissingError
        If no case belongs to the room.
    InputError
        If a case is not laid out as it must be.
    """
    return [row for case in cases(room, folder=folder) for row in rows_of(case)]


def cases(room: str | None = None, *, folder: Path | None = None) -> list[Case]:
    """Cases by room and name, checked but not computed. Raises as `run` does."""
    root = folder or importlib.resources.files("pdcraft.verify") / "cases"
    rooms = {
        part.name: part for part in root.iterdir() if part.is_dir() and part.name[0] not in "._"
    }
    if room is not None and room not in rooms:
        raise unknown("Room", room, sorted(rooms))
    return [
        _read(name, place)
        for name in sorted(rooms)
        if room in (None, name)
        for place in sorted(rooms[name].iterdir(), key=lambda part: part.name)
        if (place / "case.toml").is_file()
    ]


def rows_of(case: Case) -> list[Row]:
    """Rows of one case, in the order of its reference table."""
    lines = printed(case)
    try:
        computed = {name: _with_sigma(value) for name, value in _load(case)().items()}
    except ImportError as missing:
        if (missing.name or "").split(".")[0] == "pdcraft":
            return [_unknown_row(case, line, "fail", f"pdcraft: {missing}") for line in lines]
        return [_unknown_row(case, line, "not run", str(missing)) for line in lines]
    except Exception as error:  # a case must never hide the verdict of the others
        reason = f"{type(error).__name__}: {error}"
        return [_unknown_row(case, line, "fail", reason) for line in lines]
    rows = [_judge(case, line, computed.pop(line["quantity"], None)) for line in lines]
    extra = [{"quantity": name, "unit": "", "reference": "nan"} for name in computed]
    return rows + [
        _unknown_row(case, line, "fail", f"'{line['quantity']}' is not in reference.csv")
        for line in extra
    ]


def printed(case: Case) -> list[dict[str, str]]:
    """Lines of reference.csv, as text by column. InputError if a column is missing."""
    lines = (case.folder / "reference.csv").read_text(encoding="utf-8").splitlines()
    table = list(csv.DictReader(lines))
    if not table or not {"quantity", "unit", "reference"} <= set(table[0]):
        raise InputError(
            f"verify/cases/{case.room}/{case.name}/reference.csv must have the columns "
            "quantity, unit and reference, and at least one number."
        )
    return table


def _read(room: str, place: Traversable) -> Case:
    """Case of a folder; InputError says what its case.toml lacks."""
    told = tomllib.loads((place / "case.toml").read_text(encoding="utf-8"))
    here = f"verify/cases/{room}/{place.name}/case.toml"
    lacking = [word for word in _NEEDED if not told.get(word)]
    if lacking:
        raise InputError(f"{here} lacks {', '.join(lacking)}. Every case must state them.")
    if told["kind"] not in KINDS:
        raise InputError(f"{here}: kind = '{told['kind']}' must be one of {', '.join(KINDS)}.")
    tolerance = dict(told["tolerance"])
    because = tolerance.pop("because", "")
    if not tolerance or not because or set(tolerance) - set(_RULES):
        raise InputError(
            f"{here}: [tolerance] must hold relative, absolute or z, and `because`, the reason."
        )
    return Case(
        room, place.name, told["claim"], told["kind"], tuple(told["covers"]), told["source"],
        told["where"], tolerance, because, told.get("errata", ""), place,
    )  # fmt: skip


def _load(case: Case) -> Callable[[], Mapping[str, float | tuple[float, float]]]:
    """The case's function ``compute``, from its file; warnings about validity are kept quiet."""
    with importlib.resources.as_file(case.folder / "compute.py") as path:
        spec = importlib.util.spec_from_file_location(f"_verify_{case.room}_{case.name}", path)
        if spec is None or spec.loader is None:
            raise InputError(f"{path} cannot be read as Python.")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)

    def compute() -> Mapping[str, float | tuple[float, float]]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ValidityWarning)  # cases may test the edge on purpose
            return module.compute()

    return compute


def _with_sigma(computed: float | tuple[float, float]) -> tuple[float, float]:
    """A computed number and its standard deviation, 0 if it is exact."""
    value, sigma = computed if isinstance(computed, tuple) else (computed, 0.0)
    return float(value), float(sigma)


def _judge(case: Case, line: Mapping[str, str], computed: tuple[float, float] | None) -> Row:
    """Row of one number; with rule z its standard deviation counts, and that of the print."""
    if computed is None:
        return _unknown_row(case, line, "fail", f"'{line['quantity']}' is not computed")
    value, sigma = computed
    reference = float(line["reference"])
    rule, allowed = _allowed(case, line)
    off = abs(value - reference)
    if rule == "relative":
        if reference == 0:
            reason = f"'{line['quantity']}' is 0 and so needs an absolute tolerance"
            return _unknown_row(case, line, "fail", reason)
        off /= abs(reference)
    elif rule == "z":
        sigma = math.hypot(sigma, float(line.get("sigma") or 0))
        if not sigma > 0:
            reason = f"'{line['quantity']}' has no standard deviation, which rule z needs"
            return _unknown_row(case, line, "fail", reason)
        off /= sigma
    if not math.isfinite(value):
        return _unknown_row(case, line, "fail", f"'{line['quantity']}' is computed as {value}")
    return _row(case, line, value, off, "pass" if off <= allowed else "fail", "")


def _allowed(case: Case, line: Mapping[str, str]) -> tuple[str, float]:
    """Rule and largest allowed deviation; a column ``allowed`` replaces the case's number.

    With a relative and an absolute tolerance the wider one counts, in the unit of the number.
    """
    tolerance = dict(case.tolerance)
    if line.get("allowed"):
        tolerance[next(rule for rule in _RULES if rule in tolerance)] = float(line["allowed"])
    if "z" in tolerance:
        return "z", tolerance["z"]
    if "absolute" not in tolerance:
        return "relative", tolerance["relative"]
    size = abs(float(line["reference"]))
    return "absolute", max(tolerance["absolute"], tolerance.get("relative", 0.0) * size)


def _unknown_row(case: Case, line: Mapping[str, str], status: str, reason: str) -> Row:
    """Row without a computed number."""
    return _row(case, line, None, None, status, reason)


def _row(
    case: Case,
    line: Mapping[str, str],
    value: float | None,
    off: float | None,
    status: str,
    reason: str,
) -> Row:
    rule, allowed = _allowed(case, line)
    return Row(
        case.name, case.room, line["quantity"], line["unit"], float(line["reference"]), value, off,
        allowed, rule, status, case.source, case.where, case.kind, case.claim, case.covers,
        case.because, case.errata, reason,
    )  # fmt: skip
