"""Text of a file that a person brings: measurements, tables, exports."""

from __future__ import annotations

from pathlib import Path

from pdcraft.domain import InputError


def own_text(path: str | Path) -> str:
    """Text of a person's own file in UTF-8, with or without the mark that spreadsheets put first.

    Raises
    ------
    InputError
        If it is not there or is no such text.
    """
    try:
        return Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}. Give a text file in UTF-8.") from error
