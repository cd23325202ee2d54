"""The order of the page of a run: `render` makes its text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path

import jinja2
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs

from pdcraft.report import figures, look, tables
from pdcraft.report.bibliography import references
from pdcraft.report.folder import Results, read
from pdcraft.report.look import Figure

# name of the figure -> tables it needs, and who draws it
_FIGURES: dict[str, tuple[tuple[str, ...], Callable[[Results], Figure | None]]] = {
    "activity": (("curves_activity",), figures.activity),
    "drug": (("curves_drug",), figures.drug),
    "plasma": (("curves_plasma",), figures.plasma),
    "dose": (("doses",), figures.dose),
    "counts": (("curves_markers", "ctcae"), figures.blood_counts),
    "markers": (("curves_markers",), figures.disease_markers),
    "waterfall": (("waterfall",), figures.waterfall),
    "spider": (("spider",), figures.spider),
    "swimmer": (("swimmer",), figures.swimmer),
    "window": (("window",), figures.window),
    "sensitivity": (("sensitivity",), figures.sensitivity),
    "survival": (("km",), figures.survival),
    "trial": (("trial",), figures.trial_path),
}


def render(folder: Path) -> str:
    """Text of the page: one HTML document that needs nothing but itself.

    The same folder gives the same text, to the byte: no time stamp, no random identifier.
    """
    results = read(Path(folder))
    drawn = {
        name: draw(results) for name, (needed, draw) in _FIGURES.items() if results.has(*needed)
    }
    drawn = {name: figure for name, figure in drawn.items() if figure is not None}
    template = environment().get_template("page.html.j2")
    return template.render(
        results=results,
        manifest=results.manifest,
        study=results.study,
        palette=look.palette(len(results.cohorts)),
        figures=drawn,
        specs=specs_of(drawn) if drawn else "",
        tables=tables,
        references=references(results.sources_bib),
        patients=look.patients(results.cohorts),
        intervals=look.intervals_of(results),
        css=packaged("page.css"),
        javascript=packaged("page.js"),
        plotlyjs=get_plotlyjs() if drawn else "",
    )


def specs_of(drawn: dict[str, Figure]) -> str:
    """Figures as JSON that may stand in a script element."""
    specs = {
        name: {
            "traces": list(f.traces), "layout": f.layout, "chosen": f.chosen, "switch": f.switch,
        }
        for name, f in drawn.items()
    }  # fmt: skip
    text = json.dumps(specs, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Inside a script element only "</" and "<!--" could end or hide the data.
    return text.replace("<", "\\u003c")


def packaged(name: str) -> str:
    """Text of a file beside the templates."""
    return resources.files("pdcraft.report").joinpath("template", name).read_text(encoding="utf-8")


@cache
def environment() -> jinja2.Environment:
    """Templates of the package with the filters of the house."""
    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(packaged),
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    made.filters.update(symbol=symbol_path, colour=_colour, tied=tied, breakable=breakable)
    return made


def tied(sentence: str) -> str:
    r"""The sentence with numbers tied to what follows, so that no line ends between them.

    Examples
    --------
    >>> tied("n = 60, 90 %").count("\xa0")
    3
    """
    return sentence.replace(" %", "\u00a0%").replace("n = ", "n\u00a0=\u00a0")


def breakable(name: str) -> Markup:
    """A dotted name that may be broken after a dot or an underscore.

    Examples
    --------
    >>> breakable("marrow.release_rate")
    Markup('marrow.<wbr>release_<wbr>rate')
    """
    return Markup(re.sub(r"([._])", r"\1<wbr>", str(escape(name))))


def _colour(token: str) -> str:
    return token.removeprefix("@")


def symbol_path(name: str) -> str:
    """SVG path, in a box from -6 to 6, of a symbol that plotly draws under this name."""
    return _PATHS[name.removesuffix("-open")]


_PATHS = {
    "circle": "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z",
    "square": "M-4-4h8v8h-8z",
    "diamond": "M0-5.5L5.5 0 0 5.5-5.5 0z",
    "triangle-up": "M0-5L5 4H-5z",
    "triangle-down": "M0 5L5-4H-5z",
    "triangle-right": "M5 0L-4 5V-5z",
    "cross": "M-1.7-5h3.4v3.3H5v3.4H1.7V5h-3.4V1.7H-5v-3.4h3.3z",
    "x": "M-4.6-2.4l2.2-2.2L0-2.2l2.4-2.4 2.2 2.2"
    "L2.2 0l2.4 2.4-2.2 2.2L0 2.2l-2.4 2.4-2.2-2.2L-2.2 0z",
    "hexagon": "M0-5.2L4.5-2.6v5.2L0 5.2-4.5 2.6v-5.2z",
}
