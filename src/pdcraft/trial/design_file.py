"""A design as text: a TOML file from which the same design is made again."""

from __future__ import annotations

import json
import math
import tomllib
import types
import typing
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from pdcraft.domain import InputError, unknown
from pdcraft.trial.rule import AbstractRule


def as_toml(rules: tuple[AbstractRule, ...], *, levels: int, cohort_size: int) -> str:
    """Text of rules and levels; every number of the design stands in it.

    Raises
    ------
    InputError
        If a rule is no dataclass, so that its numbers are not known.
    """
    lines = [f"levels = {levels}", f"cohort_size = {cohort_size}"]
    for rule in rules:
        if not is_dataclass(rule):
            raise InputError(
                f"{type(rule).__name__} cannot be written: make the rule a frozen dataclass, so "
                "that its numbers have names."
            )
        lines += ["", "[[rule]]", f'kind = "{type(rule).__name__}"']
        lines += [f"{name} = {_text(value)}" for name, value in _numbers(rule)]
    return "\n".join(lines) + "\n"


def from_toml(text: str) -> tuple[tuple[AbstractRule, ...], int, int]:
    """Rules, levels and size of a cohort of a text.

    Raises
    ------
    InputError
        If the text is no TOML, lacks a table or holds a key that a rule does not have.
    MissingError
        If there is no such rule.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"The design file is not readable: {error}.") from error
    if "levels" not in table or not table.get("rule"):
        raise InputError(
            "A design file needs levels = 5 and a table [[rule]] for each rule, with kind and its "
            "numbers. `Design.to_toml` writes one."
        )
    known = {cls.__name__: cls for cls in _below(AbstractRule)}
    rules = tuple(_made(known, row, "[[rule]]") for row in table["rule"])
    return rules, table["levels"], table.get("cohort_size", 3)


def _numbers(value: Any) -> Iterator[tuple[str, Any]]:
    """Fields that are not None: what is left out has its default."""
    for field in fields(value):
        if field.init and getattr(value, field.name) is not None:
            yield field.name, getattr(value, field.name)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return "inf" if value > 0 else "-inf" if value < 0 else "nan"
    if isinstance(value, int | float):
        return repr(value) if isinstance(value, int) else repr(float(value))
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple | list) and not hasattr(value, "_fields"):
        return "[" + ", ".join(map(_text, value)) + "]"
    if is_dataclass(value):
        inside = [f'kind = "{type(value).__name__}"']
        inside += [f"{name} = {_text(part)}" for name, part in _numbers(value)]
        return "{ " + ", ".join(inside) + " }"
    raise InputError(f"A {type(value).__name__} cannot be written into a design file.")


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
