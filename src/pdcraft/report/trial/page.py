"""The order of the page of a trial: `render_trial` makes its text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from plotly.offline import get_plotlyjs

from pdcraft.report import look
from pdcraft.report.bibliography import references
from pdcraft.report.look import Figure
from pdcraft.report.page import environment, packaged, specs_of
from pdcraft.report.tables import assumptions, warnings
from pdcraft.report.trial import figures, tables
from pdcraft.report.trial.folder import TrialResults, read_trial
from pdcraft.report.trial.wording import disease_name, in_a_sentence, undecided

# name of the figure -> tables it needs, and who draws it
_FIGURES: dict[str, tuple[tuple[str, ...], Callable[[TrialResults], Figure | None]]] = {
    "rates": (("levels",), figures.rates),
    "choices": (("oc",), figures.choices),
    "durations": (("designs",), figures.durations),
    "paths": (("paths", "oc"), figures.paths),
    "differences": (("effects",), figures.differences),
    "sensitivity": (("effects",), figures.sensitivity),
    "survival": (("km",), figures.survival),
    "optimal": (("chosen",), figures.optimal),
}
_COLOURS = 5


def render_trial(folder: Path) -> str:
    """Text of the page of a trial: one HTML document that needs nothing but itself.

    The same folder gives the same text, to the byte: no time stamp, no random identifier.

    Raises
    ------
    InputError, MissingError
        If the folder does not hold what the page needs.
    """
    results = read_trial(Path(folder))
    drawn = {
        name: draw(results) for name, (needed, draw) in _FIGURES.items() if results.has(*needed)
    }
    drawn = {name: figure for name, figure in drawn.items() if figure is not None}
    return (
        environment()
        .get_template("trial.html.j2")
        .render(
            results=results,
            manifest=results.manifest,
            study=results.study,
            palette=look.palette(_colours(results)),
            figures=drawn,
            specs=specs_of(drawn) if drawn else "",
            tables=tables,
            undecided=", ".join(undecided(results)),
            warned=warnings(results),
            assumed=assumptions(results) if results.has("assumptions") else [],
            diseases=[disease_name(d) for d in results.study["diseases"]],
            in_words=[in_a_sentence(d) for d in results.study["diseases"]],
            references=references(results.sources_bib),
            css=packaged("page.css"),
            javascript=packaged("page.js"),
            plotlyjs=get_plotlyjs() if drawn else "",
        )
    )


def _colours(results: TrialResults) -> int:
    """As many as the longest list of things told apart by colour."""
    lists = [
        len(results.tables[t].distinct(c))
        for t, c in (("oc", "design"), ("chosen", "method"), ("levels", "disease"))
        if results.has(t)
    ]
    return min(look.SHADES, max([*lists, 2]))
