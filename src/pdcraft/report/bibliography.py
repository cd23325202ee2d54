r"""BibTeX as a list of references that a reader can read.

Understands what a reference list needs: entries, fields in braces or quotation marks, LaTeX accents
(``{\"o}``, ``\'e``), dashes. Not a BibTeX engine: no ``@string``, no cross references.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from pdcraft.domain.errors import InputError

_ENTRY = re.compile(r"@(\w+)\s*\{\s*([^,\s]+)\s*,")
_FIELD = re.compile(r"\s*([\w-]+)\s*=\s*")
_ACCENT = re.compile(r"\\([`'^\"~=.uvHcrk])\s*\{?\\?([A-Za-z])\}?")
_COMBINING = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304",
    ".": "\u0307", "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "r": "\u030a",
    "k": "\u0328",
}  # fmt: skip
_LETTERS = {
    r"\ss": "ß", r"\o": "ø", r"\O": "Ø", r"\l": "ł", r"\ae": "æ", r"\aa": "å", r"\&": "&",
    r"\%": "%", r"\_": "_", "~": " ", "---": "—", "--": "–",
}  # fmt: skip
_HOLDERS = ("journal", "booktitle", "publisher", "institution", "organization", "howpublished")


@dataclass(frozen=True)
class Reference:
    """One source: its key, who wrote it, its title, and where it appeared."""

    key: str
    authors: str
    title: str
    place: str


def references(bibtex: str) -> list[Reference]:
    """Entries of a BibTeX text, by key.

    Raises
    ------
    InputError
        If the braces of an entry do not close.

    Examples
    --------
    >>> entry = '@article{a1, author={Doe, Jane}, title={On X}, journal={J}, year={2001}}'
    >>> references(entry)[0].authors, references(entry)[0].place
    ('Jane Doe', 'J 2001.')
    """
    found = []
    for match in _ENTRY.finditer(bibtex):
        if match[1].lower() in ("comment", "string", "preamble"):
            continue
        found.append(_reference(match[2], _fields(bibtex, match.end(), match[2])))
    return sorted(found, key=lambda r: r.key.lower())


def _fields(text: str, at: int, key: str) -> dict[str, str]:
    fields = {}
    while match := _FIELD.match(text, at):
        value, at = _value(text, match.end(), key)
        fields[match[1].lower()] = _plain_text(value)
        comma = re.compile(r"\s*,").match(text, at)
        at = comma.end() if comma else at
    return fields


def _value(text: str, at: int, key: str) -> tuple[str, int]:
    if at >= len(text) or text[at] not in '{"':
        bare = re.compile(r"[^,}\s]+").match(text, at)
        return (bare[0], bare.end()) if bare else ("", at)
    closing = "}" if text[at] == "{" else '"'
    depth = 0
    for i in range(at + 1, len(text)):
        if depth == 0 and text[i] == closing and text[i - 1] != "\\":
            return text[at + 1 : i], i + 1
        depth += (text[i] == "{") - (text[i] == "}")
    raise InputError(f"sources.bib: a brace of the entry '{key}' does not close. Close it.")


def _plain_text(value: str) -> str:
    text = _ACCENT.sub(lambda m: unicodedata.normalize("NFC", m[2] + _COMBINING[m[1]]), value)
    for latex, letter in _LETTERS.items():
        text = text.replace(latex, letter)
    return re.sub(r"\s+", " ", re.sub(r"[{}$]", "", text)).strip()


def _reference(key: str, fields: dict[str, str]) -> Reference:
    numbering = fields.get("volume", "")
    numbering += f"({fields['number']})" if "number" in fields else ""
    numbering += f":{fields['pages']}" if "pages" in fields else ""
    held_by = next((fields[f] for f in _HOLDERS if f in fields), "")
    year = fields.get("year", "")
    place = " ".join(filter(None, [held_by, f"{year};{numbering}" if numbering else year]))
    tail = [place, f"doi:{fields['doi']}" if "doi" in fields else fields.get("url", "")]
    tail.append(fields.get("note", ""))
    written = ". ".join(part.rstrip(".") for part in tail if part)
    return Reference(
        key, _authors(fields.get("author", fields.get("editor", ""))),
        fields.get("title", key), f"{written}." if written else "",
    )  # fmt: skip


def _authors(field: str) -> str:
    names = []
    for name in re.split(r"\s+and\s+", field) if field else []:
        last, _, first = name.partition(",")
        names.append("et al." if name == "others" else f"{first} {last}".strip())
    if len(names) > 6:
        names = [*names[:3], "et al."]
    return ", ".join(names)
