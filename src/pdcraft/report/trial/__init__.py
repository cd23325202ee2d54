"""The page of a trial: operating characteristics, paths with reasons, what regimens add.

In: a results folder of ``pdcraft trial``. Out: one HTML file, as of `pdcraft.report`.
Read first ``page.py`` (the order of the page); ``folder.py`` reads the folder, ``tables.py`` writes
cells, ``figures.py`` draws.
"""

from pdcraft.report.trial.page import render_trial

__all__ = ["render_trial"]
