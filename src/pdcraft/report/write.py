"""Results folder → ``report.html``: the page of a run or the page of a trial."""

from __future__ import annotations

import json
from pathlib import Path

from pdcraft.report.page import render
from pdcraft.report.trial import render_trial


def write(folder: Path) -> Path:
    """Write ``report.html`` into a results folder and return where it is.

    Parameters
    ----------
    folder
        A results folder of ``pdcraft run`` or ``pdcraft trial``.

    Raises
    ------
    InputError, MissingError
        If the folder does not hold what the page needs.
    """
    path = Path(folder) / "report.html"
    page = render_trial(folder) if _is_trial(Path(folder)) else render(folder)
    # Written whole under another name first, so that no half page is ever read as one.
    draft = path.with_suffix(".html.part")
    draft.write_text(page, encoding="utf-8", newline="\n")
    return draft.replace(path)


def _is_trial(folder: Path) -> bool:
    """Whether the manifest says so; what else is wrong with it the page will say."""
    try:
        return json.loads((folder / "manifest.json").read_text("utf-8")).get("kind") == "trial"
    except (OSError, ValueError, AttributeError):
        return False
