"""A design's tables as files that a protocol can take in: CSV, Markdown, HTML, Word."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from pdcraft.domain import MissingError
from pdcraft.report.protocol import Section

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1a1a1a}table{border-collapse:collapse;margin:.5rem 0 2rem;"
    "font-variant-numeric:tabular-nums}th,td{border-bottom:1px solid #ccc;padding:.25rem .75rem;"
    "text-align:left;vertical-align:top}th{border-bottom:2px solid #555}"
    "td:not(:last-child){white-space:nowrap}"
    "td.number{text-align:right}"
)


def write(
    folder: Path, sections: Iterable[Section], *, title: str, design: Mapping[str, str]
) -> list[Path]:
    """Write ``protocol.md``, ``protocol.html``, the design files, a CSV file for each table.

    Parameters
    ----------
    folder
        Made if it is not there.
    sections, title
        What is written.
    design
        Names and texts of the design files, from which everything can be computed again.

    Returns
    -------
    list
        The files, and ``protocol.docx`` if python-docx is installed.
    """
    sections = list(sections)
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        **design,
        "protocol.md": as_markdown(sections, title=title),
        "protocol.html": as_html(sections, title=title),
    } | {f"{section.key}.csv": as_csv(section) for section in sections}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    files = [folder / name for name in texts]
    try:
        files.append(write_docx(folder / "protocol.docx", sections, title=title))
    except MissingError:
        pass
    return files


def as_csv(section: Section) -> str:
    """The table as CSV with a header row."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([section.header, *section.rows])
    return text.getvalue()


def as_markdown(sections: Iterable[Section], *, title: str) -> str:
    """All tables as Markdown."""
    parts = [f"# {title}"]
    for section in sections:
        rows = [section.header, ["---"] * len(section.header), *section.rows]
        table = "\n".join("| " + " | ".join(c.replace("|", "\\|") for c in r) + " |" for r in rows)
        parts += [f"## {section.title}", section.note, table]
    return "\n\n".join(parts) + "\n"


def as_html(sections: Iterable[Section], *, title: str) -> str:
    """All tables as one page that needs nothing but itself."""
    body = "".join(map(_html_section, sections))
    name = html.escape(title)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{name}</h1>{body}</body></html>\n"
    )


def write_docx(path: Path, sections: Iterable[Section], *, title: str) -> Path:
    """All tables as a Word document.

    Raises
    ------
    MissingError
        If python-docx is not installed.
    """
    try:
        import docx
    except ModuleNotFoundError as error:
        raise MissingError(
            "Word documents need python-docx. Install it with: pip install 'pdcraft[protocol]'"
        ) from error
    document = docx.Document()
    document.add_heading(title, level=0)
    for section in sections:
        document.add_heading(section.title, level=1)
        document.add_paragraph(section.note)
        table = document.add_table(rows=1, cols=len(section.header))
        table.style = "Table Grid"
        for cell, text in zip(table.rows[0].cells, section.header, strict=True):
            cell.paragraphs[0].add_run(text).bold = True
        for row in section.rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text
    document.save(str(path))
    return path


def _html_section(section: Section) -> str:
    head = "".join(f"<th>{html.escape(text)}</th>" for text in section.header)
    rows = "".join(
        "<tr>" + "".join(_html_cell(text) for text in row) + "</tr>" for row in section.rows
    )
    return (
        f"<h2>{html.escape(section.title)}</h2><p>{html.escape(section.note)}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _html_cell(text: str) -> str:
    number = text.replace(".", "").replace("±", "").replace(" ", "").isdigit() or text == "-"
    kind = ' class="number"' if number else ""
    return f"<td{kind}>{html.escape(text)}</td>"
