"""A results folder in, one self-contained HTML file out; paints, does not compute.

The page opens offline, by light and by dark, on paper and in greyscale, and is read by people who
never saw the study file. It is a pure function of the folder: same folder, same bytes.

Read first `page.py` (the order of the page; `trial/` has that of a trial), then `folder.py` (what
a folder must hold) and `figures/` (one file per kind of figure). `look.py` says what colours,
dashes and symbols mean everywhere.
"""

from pdcraft.report.fit_page import fit_lines, render_fit, write_fit
from pdcraft.report.folder import Results, read
from pdcraft.report.page import render
from pdcraft.report.write import write

__all__ = ["Results", "fit_lines", "read", "render", "render_fit", "write", "write_fit"]
