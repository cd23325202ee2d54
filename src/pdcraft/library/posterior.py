"""Draws of posteriors: what calibration left undecided, as rows of typical values."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from pdcraft.domain import MissingError
from pdcraft.library.read import read_rows, shelf


@functools.cache
def posterior(path: str) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Names and draws of one file, as ``posterior("tissues/marrow")``. ``[draw, name]``.

    A name is a parameter's, or ``"<parameter> cv"`` for the spread of a log-normal one.

    Raises
    ------
    MissingError
        If nothing was calibrated there.

    Examples
    --------
    >>> names, draws = posterior("tissues/marrow")
    >>> draws.shape[1] == len(names)
    True
    """
    file = f"{path}_posterior.csv"
    if not shelf(file).is_file():
        raise MissingError(f"library/{file} does not exist: '{path}' was not calibrated.")
    rows = read_rows(file)
    return tuple(rows[0]), np.array([[float(x) for x in row.values()] for row in rows])
