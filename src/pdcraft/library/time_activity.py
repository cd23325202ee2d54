r"""Time-activity tables in: a CSV file becomes one `TimeActivity` for each region, or nothing.

Columns (in any order; the name carries the unit): ``region``, ``time_h`` (or ``_min``, ``_d``),
``activity_MBq`` (or ``_kBq``, ``_GBq``, ``_percent_IA``, ``_fraction_IA``), optional ``sigma_…`` in
the same unit or ``cv_percent``, ``decay_corrected`` (yes or no), ``modality``. Lines that begin
with # are comments.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pdcraft.domain import InputError, TimeActivity
from pdcraft.library.nuclides import chain
from pdcraft.library.own_file import own_text

_TIMES = {"h": 1.0, "min": 1 / 60, "d": 24.0}
_UNITS = {
    "Bq": ("MBq", 1e-6), "kBq": ("MBq", 1e-3), "MBq": ("MBq", 1.0), "GBq": ("MBq", 1e3),
    "uCi": ("MBq", 0.037), "mCi": ("MBq", 37.0),
    "percent_IA": ("1", 1e-2), "fraction_IA": ("1", 1.0),
}  # fmt: skip
_PLAIN = {"region", "decay_corrected", "modality", "cv_percent"}
_YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def time_activity(
    path: str | Path, nuclide: str, *, decay_corrected: bool | None = None
) -> tuple[TimeActivity, ...]:
    r"""Measured activities of a table, one `TimeActivity` for each region, decaying as they were.

    A decay-corrected value :math:`A_c` becomes :math:`A_c\,e^{-\lambda t}`, with the uncertainty.

    Parameters
    ----------
    path
        CSV file with a header.
    nuclide
        As ``"I-124"``.
    decay_corrected
        Whether the values were corrected for decay to the injection; where the file has no
        column ``decay_corrected`` it must be said here.

    Returns
    -------
    tuple of TimeActivity
        In the order in which regions appear.

    Raises
    ------
    InputError
        With the line: two units in one column, mixed or unknown decay correction, times that go
        backwards or lie before the injection, values that are negative or no numbers.
    MissingError
        If the nuclide is not known.
    """
    file = Path(path)
    text = own_text(file)
    rate = float(chain(nuclide).rate_per_h[0])
    lines = [
        (i, cells)
        for i, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
        for cells in [next(csv.reader([line]))]
    ]
    if len(lines) < 2:
        raise InputError(f"{file} holds no points. It needs a header and a line for each point.")
    header = [name.strip() for name in lines[0][1]]
    reader = _Columns(file, header)
    rows = [reader.read(number, cells) for number, cells in lines[1:]]
    corrected = _correction(file, rows, decay_corrected)
    regions = dict.fromkeys(row["region"] for row in rows)
    try:
        return tuple(
            _region([r for r in rows if r["region"] == name], name, nuclide, rate, reader.unit,
                    corrected)
            for name in regions
        )  # fmt: skip
    except InputError as error:
        raise InputError(f"{file}: {error}") from error


class _Columns:
    """Header of a table: which column holds what, in which unit."""

    def __init__(self, file: Path, header: Sequence[str]):
        self.file, self.header = file, header
        if len(set(header)) != len(header):
            raise InputError(f"{file}: a column stands twice in the header: {', '.join(header)}.")
        self.time, self.time_factor = self._united("time", _TIMES)
        self.activity, found = self._united("activity", _UNITS)
        self.unit, self.factor = found
        sigmas = [name for name in header if name.startswith("sigma")]
        self.sigma = sigmas[0] if sigmas else None
        same = self.activity.replace("activity_", "sigma_")
        if sigmas not in ([], [same]):
            raise InputError(
                f"{file}: {' and '.join(sigmas)} must be in the unit of {self.activity}: {same}."
            )
        if sigmas and "cv_percent" in header:
            raise InputError(f"{file}: give {same} or cv_percent, not both.")
        known = _PLAIN | {self.time, self.activity, self.sigma}
        odd = [name for name in header if name not in known]
        if odd:
            raise InputError(
                f"{file}: columns {', '.join(odd)} are not known. Known: "
                f"{', '.join(sorted(_PLAIN))}, time_…, activity_…, sigma_…; # begins a comment."
            )

    def _united(self, what: str, units: dict) -> tuple[str, Any]:
        found = [name for name in self.header if name == what or name.startswith(f"{what}_")]
        names = ", ".join(f"{what}_{unit}" for unit in units)
        if len(found) != 1 or found[0].removeprefix(f"{what}_") not in units:
            raise InputError(
                f"{self.file}: needs one column of {what} with its unit in the name ({names}); "
                f"found {', '.join(found) or 'none'}."
            )
        return found[0], units[found[0].removeprefix(f"{what}_")]

    def read(self, number: int, cells: Sequence[str]) -> dict:
        """One line as numbers in house units."""
        if len(cells) != len(self.header):
            raise InputError(
                f"{self.file}, line {number}: {len(cells)} cells for {len(self.header)} columns."
            )
        text = dict(zip(self.header, (c.strip() for c in cells), strict=True))

        def number_in(name: str) -> float:
            try:
                value = float(text[name])
            except ValueError:
                raise InputError(
                    f"{self.file}, line {number}: {name} = '{text[name]}' must be a plain number; "
                    "its unit stands in the column's name, the same for all lines."
                ) from None
            if not math.isfinite(value):
                raise InputError(f"{self.file}, line {number}: {name} = {value} must be finite.")
            return value

        activity = number_in(self.activity) * self.factor
        sigma = None
        if self.sigma:
            sigma = number_in(self.sigma) * self.factor
        elif "cv_percent" in self.header:
            sigma = number_in("cv_percent") / 100 * activity
        corrected = text.get("decay_corrected")
        if corrected is not None and corrected.lower() not in _YES_NO:
            raise InputError(
                f"{self.file}, line {number}: decay_corrected = '{corrected}' must be yes or no."
            )
        return {
            "line": number, "region": text.get("region") or "whole body",
            "time_h": number_in(self.time) * self.time_factor, "activity": activity,
            "sigma": sigma, "modality": text.get("modality", ""),
            "corrected": None if corrected is None else _YES_NO[corrected.lower()],
        }  # fmt: skip


def _correction(file: Path, rows: list[dict], said: bool | None) -> bool:
    found = {row["corrected"] for row in rows} - {None}
    if len(found) == 2:
        yes = [str(r["line"]) for r in rows if r["corrected"]]
        no = [str(r["line"]) for r in rows if not r["corrected"]]
        raise InputError(
            f"{file}: lines {', '.join(yes)} are decay-corrected, lines {', '.join(no)} are not. "
            "Bring all to one convention."
        )
    if not found and said is None:
        raise InputError(
            f"{file}: nothing says whether the values are decay-corrected. Add a column "
            "decay_corrected (yes or no), or say it in the call."
        )
    if found and said is not None and said not in found:
        raise InputError(
            f"{file}: its column decay_corrected says {'yes' if True in found else 'no'}, the call "
            f"says {'yes' if said else 'no'}. Keep one of them."
        )
    return found.pop() if found else bool(said)


def _region(
    rows: list[dict], name: str, nuclide: str, rate: float, unit: str, corrected: bool
) -> TimeActivity:
    t = np.array([r["time_h"] for r in rows])
    # before any exponential: a time below 0 is refused by the noun itself
    left = np.exp(-rate * np.maximum(t, 0.0)) if corrected else np.ones(len(t))
    given = rows[0]["sigma"] is not None
    return TimeActivity(
        name, nuclide, rate, "MBq" if unit == "MBq" else "1", t,
        left * np.array([r["activity"] for r in rows]),
        left * np.array([r["sigma"] for r in rows]) if given else None,
        tuple(r["modality"] for r in rows), tuple(r["line"] for r in rows),
    )  # fmt: skip
