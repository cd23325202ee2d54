"""Parameter files of the library: TOML in, `ParameterSet` out, every check on the way.

A file holds one table per parameter (name, value, unit, status, source, where; optional spread,
rests_on_it, note, checked) and may begin with ``[meta]``.
"""

from __future__ import annotations

import csv
import functools
import importlib.resources
import math
import re
import tomllib
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Any

from pdcraft.domain import (
    InputError,
    MissingError,
    Parameter,
    ParameterSet,
    Source,
    Spread,
    unknown,
)
from pdcraft.domain.parameter import STATUSES

_FIELDS = {"value", "unit", "status", "source", "where", "spread", "rests_on_it", "note", "checked"}
_SPREADS = {
    "none": set(),
    "lognormal": {"cv"},
    "normal": {"sd"},
    "logitnormal": {"sd"},
    "uniform": {"low", "high"},
}


def shelf(name: str) -> Traversable:
    """Folder or file of the library that ships with pdcraft, as ``"agents"``."""
    return importlib.resources.files("pdcraft.library").joinpath(name)


def names_on(folder: str) -> list[str]:
    """Names of the TOML files in a folder of the library, sorted."""
    return sorted(f.name[:-5] for f in shelf(folder).iterdir() if f.name.endswith(".toml"))


def read_toml(folder: str, name: str) -> dict[str, Any]:
    """Content of one TOML file of the library; an unknown name lists the known."""
    if name not in names_on(folder):
        raise unknown(f"In library/{folder},", name, names_on(folder))
    return tomllib.loads(shelf(folder).joinpath(f"{name}.toml").read_text("utf-8"))


def read_rows(path: str) -> list[dict[str, str]]:
    """Rows of a CSV file of the library; lines that begin with # are comments."""
    text = shelf(path).read_text("utf-8").splitlines()
    return list(csv.DictReader(line for line in text if not line.startswith("#")))


@functools.cache
def parameters(path: str) -> ParameterSet:
    """Parameter set of one library file, as ``parameters("tissues/marrow")``.

    Raises
    ------
    MissingError
        If there is no such file.
    InputError
        If a parameter lacks a field, has an unknown one, or cites an unknown source.
    """
    folder, _, name = path.rpartition("/")
    table = read_toml(folder, name)
    table.pop("meta", None)
    return ParameterSet(path, tuple(_parameter(path, key, row) for key, row in table.items()))


def _parameter(path: str, name: str, row: Mapping[str, Any]) -> Parameter:
    place = f"library/{path}.toml [{name}]"
    lacking, odd = {"value", "unit", "status", "source", "where"} - set(row), set(row) - _FIELDS
    if lacking or odd:
        raise InputError(
            f"{place}: lacks {sorted(lacking) or 'nothing'} and has unknown "
            f"{sorted(odd) or 'nothing'}. "
            f"A parameter has {', '.join(sorted(_FIELDS))}."
        )
    if row["status"] not in STATUSES:
        raise InputError(f"{place}: status '{row['status']}' must be one of {', '.join(STATUSES)}.")
    if row["source"] not in bibliography():
        raise InputError(f"{place}: source '{row['source']}' is not in SOURCES.bib. Add it there.")
    value = float(row["value"])
    if not math.isfinite(value):
        raise InputError(f"{place}: value = {value} must be a finite number.")
    checked = row.get("checked")
    return Parameter(
        name, value, row["unit"], row["status"], Source(row["source"], row["where"]),
        _spread(place, row.get("spread", {"kind": "none"})), row.get("rests_on_it", ""),
        row.get("note", ""), (float(checked[0]), float(checked[1])) if checked else None,
    )  # fmt: skip


def _spread(place: str, row: Mapping[str, Any]) -> Spread:
    kind = row.get("kind", "")
    if kind not in _SPREADS or set(row) - {"kind"} != _SPREADS[kind]:
        raise InputError(
            f"{place}: spread {dict(row)} is not readable; write one of "
            + ", ".join(f"{k}({', '.join(sorted(v))})" for k, v in _SPREADS.items())
        )
    return Spread(kind, **{k: float(v) for k, v in row.items() if k != "kind"})


@functools.cache
def bibliography() -> dict[str, str]:
    """Every entry of ``SOURCES.bib`` by key; nothing else may be cited."""
    text = shelf("SOURCES.bib").read_text("utf-8")
    entries = re.split(r"(?m)^(?=@)", text)
    found = (re.match(r"@\w+\{([^,\s]+),", e) for e in entries)
    return {m.group(1): e.strip() for m, e in zip(found, entries, strict=True) if m}


def cite(keys: set[str]) -> str:
    """BibTeX of the given keys, in the order of their names."""
    lost = keys - set(bibliography())
    if lost:
        raise MissingError(f"SOURCES.bib lacks {', '.join(sorted(lost))}.")
    return "\n\n".join(bibliography()[k] for k in sorted(keys)) + "\n"
