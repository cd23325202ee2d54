"""Options of one design on the command line, as ``--too-toxic 0.9 --titration``, by its fields."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from pdcraft.domain import InputError, unknown
from pdcraft.trial import DoseCap

_CAP = re.compile(r"(?P<organ>[^:]+):(?P<doses>[^<]+)<=?(?P<limit>.+)")


def read_options(args: Sequence[str], hints: Mapping[str, Any], *, whose: str) -> dict[str, Any]:
    """Values by name.

    Parameters
    ----------
    args
        As they stand on the command line; ``--a=1`` and ``--a 1`` mean the same, and an option of a
        kind bool has no value.
    hints
        The kind of every option that may be there.
    whose
        What has these options, for errors.

    Raises
    ------
    MissingError
        If there is no such option.
    InputError
        If a value is missing or cannot be read.

    Examples
    --------
    >>> read_options(["--doses", "1,2.5", "--titration"],
    ...              {"doses": tuple[float, ...], "titration": bool}, whose="Design 'x'")
    {'doses': (1.0, 2.5), 'titration': True}
    """
    found: dict[str, Any] = {}
    words = list(args)
    while words:
        word = words.pop(0)
        if not word.startswith("--"):
            raise InputError(f"'{word}' is not expected here. An option begins with --.")
        flag, given, value = word[2:].partition("=")
        name = flag.replace("-", "_")
        name = {"cap": "caps"}.get(name, name)
        if name not in hints:
            raise unknown(f"{whose}: option", f"--{flag}", [_flag(n) for n in hints])
        kind = hints[name]
        if kind is bool and not given:
            found[name] = True
            continue
        if not given:
            if not words:
                raise InputError(f"--{flag} needs a value after it.")
            value = words.pop(0)
        read = _value(value, kind, flag)
        found[name] = (*found.get(name, ()), *read) if name == "caps" else read
    return found


def _flag(name: str) -> str:
    return "--" + {"caps": "cap"}.get(name, name).replace("_", "-")


def _value(text: str, kind: Any, flag: str) -> Any:
    kinds = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    kind = next(k for k in kinds if k is not type(None))
    try:
        if typing.get_origin(kind) is not tuple:
            return kind(text)
        part = typing.get_args(kind)[0]
        if part is DoseCap:
            return (_cap(text),)
        return tuple(part(word) for word in text.split(","))
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        wants = {float: "a number", int: "a whole number"}.get(kind, "numbers with commas between")
        raise InputError(f"--{flag} '{text}' is not readable. Give {wants}.") from error


def _cap(text: str) -> DoseCap:
    """A cap of ``red marrow: 0.8,1.1,1.5 <= 2.0``."""
    match = _CAP.fullmatch(text)
    if match is None:
        raise InputError(
            f"--cap '{text}' is not readable. Write region, Gy at every level and the limit, as "
            "'red marrow: 0.8,1.1,1.5 <= 2.0'."
        )
    doses = tuple(float(word) for word in match["doses"].split(","))
    return DoseCap(match["organ"].strip(), doses, float(match["limit"]))
