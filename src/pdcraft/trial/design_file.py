"""A design as text: a TOML or JSON file from which the same design is made again."""

from __future__ import annotations

import json
import math
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from pdcraft.domain import InputError, unknown
from pdcraft.trial.rule import AbstractRule


def design_table(
    rules: tuple[AbstractRule, ...], *, levels: int, cohort_size: int
) -> dict[str, Any]:
    """Rules and levels as plain values; every number of the design stands in it.

    Raises
    ------
    InputError
        If a rule is no dataclass, so that its numbers are not known.
    """
    for rule in rules:
        if not is_dataclass(rule):
            raise InputError(
                f"{type(rule).__name__} cannot be written: make the rule a frozen dataclass, so "
                "that its numbers have names."
            )
    return {"levels": levels, "cohort_size": cohort_size, "rule": [_plain(rule) for rule in rules]}


def as_toml(table: Mapping[str, Any]) -> str:
    """Text of a design file in TOML: plain values, then tables, then lists of tables."""
    lines = [f"{key} = {_text(value)}" for key, value in table.items() if not _nested(value)]
    for key, value in table.items():
        many = value if _is_tables(value) else [value] if isinstance(value, dict) else []
        for part in many:
            lines += ["", f"[[{key}]]" if _is_tables(value) else f"[{key}]"]
            lines += [f"{name} = {_text(inside)}" for name, inside in part.items()]
    return "\n".join(lines) + "\n"


def as_json(table: Mapping[str, Any]) -> str:
    """Text of a design file in JSON, of the same keys and values as in TOML.

    Raises
    ------
    InputError
        If a number is not finite, for which JSON has no word.
    """
    try:
        return json.dumps(table, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except ValueError as error:
        raise InputError("JSON has no infinite numbers. Write the design as TOML.") from error


def read_table(text: str) -> dict[str, Any]:
    """Table of a design file in TOML or JSON.

    Raises
    ------
    InputError
        If the text is neither.
    """
    try:
        table = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"The design file is not readable: {error}.") from error
    return table


def rules_of(table: Mapping[str, Any]) -> tuple[tuple[AbstractRule, ...], int, int]:
    """Rules, levels and size of a cohort of a table.

    Raises
    ------
    InputError
        If a table lacks or holds a key that a rule does not have.
    MissingError
        If there is no such rule.
    """
    if "levels" not in table or not table.get("rule"):
        raise InputError(
            "A design file needs levels = 5 and a table [[rule]] for each rule, with kind and its "
            "numbers. `Design.to_toml` writes one."
        )
    known = {cls.__name__: cls for cls in _below(AbstractRule)}
    rules = tuple(_made(known, row, "[[rule]]") for row in table["rule"])
    return rules, table["levels"], table.get("cohort_size", 3)


def _plain(value: Any) -> Any:
    """Numbers, text, lists and tables with ``kind``; None is left out: it is the default."""
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value)
    if isinstance(value, tuple | list) and not hasattr(value, "_fields"):
        return [_plain(part) for part in value]
    if is_dataclass(value):
        parts = ((f.name, getattr(value, f.name)) for f in fields(value) if f.init)
        inside = {name: _plain(part) for name, part in parts if part is not None}
        return {"kind": type(value).__name__, **inside}
    raise InputError(f"A {type(value).__name__} cannot be written into a design file.")


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _nested(value: Any) -> bool:
    return isinstance(value, dict) or _is_tables(value)


def _text(value: Any) -> str:
    """A value within a line of TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return "inf" if value > 0 else "-inf" if value < 0 else "nan"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_text, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_text(part)}" for name, part in value.items()) + " }"
    return repr(value)


def _made(known: dict[str, type], row: dict[str, Any], place: str) -> Any:
    """The object of a table with ``kind``."""
    kind = row.get("kind", "")
    if kind not in known:
        raise unknown(f"In {place}, kind", kind, known)
    cls = known[kind]
    named = {f.name: f for f in fields(cls) if f.init} if is_dataclass(cls) else {}
    odd = set(row) - {"kind"} - set(named)
    needed = {
        n for n, f in named.items() if f.default is MISSING and f.default_factory is MISSING
    }  # fmt: skip
    lacking = needed - set(row)
    if odd or lacking:
        raise InputError(
            f"{place} {kind}: lacks {', '.join(sorted(lacking)) or 'nothing'} and has unknown "
            f"{', '.join(sorted(odd)) or 'nothing'}. It has {', '.join(named)}."
        )
    hints = typing.get_type_hints(cls)
    return cls(**{k: _value(v, hints[k], f"{place} {kind}") for k, v in row.items() if k != "kind"})


def _value(value: Any, hint: Any, place: str) -> Any:
    if isinstance(value, list):
        return tuple(_value(part, hint, place) for part in value)
    if isinstance(value, dict):
        return _made(dict(_classes(hint)), value, place)
    wants = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return float(value) if float in wants and isinstance(value, int) else value


def _classes(hint: Any) -> Iterator[tuple[str, type]]:
    """Classes that may stand where a type is asked for."""
    for part in typing.get_args(hint) or (hint,):
        if isinstance(part, type):
            yield from ((cls.__name__, cls) for cls in (part, *_below(part)))


def _below(cls: type) -> Iterator[type]:
    for sub in cls.__subclasses__():
        yield sub
        yield from _below(sub)
