"""Doses and observations in: a NONMEM-format CSV becomes `Records`, checked line by line.

Columns by name: ``ID TIME DV`` and, where there are doses, ``AMT``; optional ``RATE ADDL II SS EVID
MDV CMT DVID CENS BLQ LLOQ LIMIT`` and a comment column ``C`` (lines that have anything but . or 0
in it are left out). Every other column is a covariate. ``.`` is missing. All mistakes come in one
message.
"""

from __future__ import annotations

import csv
import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from pdcraft.domain import InputError, ValidityWarning
from pdcraft.domain.records import EVENTS, Records
from pdcraft.domain.units import read_quantity
from pdcraft.library.own_file import own_text

_EVENT = ("ID", "TIME", "DV", "AMT", "RATE", "ADDL", "II", "SS", "EVID", "MDV", "CMT", "DVID")
_CENSORED = ("CENS", "BLQ", "LLOQ", "LIMIT")
_MOST = 20  # mistakes told in one message


def event_records(
    path: str | Path,
    *,
    time_unit: str = "h",
    amount_unit: str = "1",
    value_unit: str = "1",
    covariates: tuple[str, ...] = (),
    carry: Literal["locf", "nocb"] = "locf",
    ranges: Mapping[str, tuple[float, float]] | None = None,
    dvid: int | tuple[int, ...] | None = None,
) -> Records:
    """Records of a NONMEM-format data set, in house time.

    Parameters
    ----------
    path
        CSV file with a header; commas, semicolons, tabs or blanks between the cells.
    time_unit, amount_unit, value_unit
        Units of TIME and II, of AMT, of DV.
    covariates
        Columns that are needed; others are not looked at.
    carry
        What fills a missing covariate: ``"locf"`` the patient's last value, ``"nocb"`` the next.
    ranges
        Range in which the model was checked, by covariate; outside it a `ValidityWarning`.
    dvid
        Kind of observation that counts, where column DVID tells several apart, or several in the
        order of `Records.kind`; others are hidden.

    A value with CENS = 1 (or BLQ = 1) lies below the limit in DV, or in LLOQ where that column has
    one, and above LIMIT where that is given; with CENS = -1 above DV, and below LIMIT.

    Returns
    -------
    Records

    Raises
    ------
    InputError
        With every line that cannot be right (the first 20), and what would be.
    """
    file = Path(path)
    header, lines = _cells(file)
    problems = _Problems(file)
    for name in ("ID", "TIME", "DV"):
        if name not in header:
            problems.add(0, f"column {name} is missing")
    for name in covariates:
        if name not in header:
            problems.add(0, f"covariate {name} is missing; columns are {', '.join(header)}")
    if "CENS" in header and "BLQ" in header:
        problems.add(0, "has both CENS and BLQ; keep one")
    problems.stop()
    wanted = [n for n in (*_EVENT, *_CENSORED, *covariates) if n in header and n != "ID"]
    columns = {n: np.full(len(lines), np.nan) for n in wanted}
    labels = []
    for i, (number, cells) in enumerate(lines):
        text = dict(zip(header, cells, strict=True))
        labels.append(text["ID"])
        for name in wanted:
            columns[name][i] = problems.number(number, name, text[name])
    problems.stop()
    rows = tuple(number for number, _ in lines)
    factor = read_quantity(f"1 {time_unit}", "time")
    return _Table(rows, labels, columns, problems).records(
        factor, (amount_unit, value_unit), covariates, carry, ranges or {}, dvid
    )


class _Problems:
    """Mistakes of a file, told together."""

    def __init__(self, file: Path):
        self.file, self.found = file, []

    def add(self, line: int, what: str) -> None:
        """Note one mistake; line 0 is the header."""
        self.found.append(f"line {line}: {what}" if line else f"header: {what}")

    def number(self, line: int, name: str, text: str) -> float:
        """A cell as a number; a missing one is nan."""
        if text in ("", ".", "NA"):
            return math.nan
        try:
            value = float(text)
        except ValueError:
            hint = "; the unit of a column is one for all lines" if text[:1].isdigit() else ""
            self.add(line, f"{name} = '{text}' is not a plain number{hint}")
            return math.nan
        if not math.isfinite(value):
            self.add(line, f"{name} = {text} is not finite; write . for missing")
        return value

    def stop(self) -> None:
        """Raise if there was a mistake."""
        if not self.found:
            return
        more = len(self.found) - _MOST
        told = "\n  ".join(self.found[:_MOST]) + (f"\n  and {more} more" if more > 0 else "")
        raise InputError(f"{self.file} cannot be right:\n  {told}")


def _cells(file: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    numbered = [
        (i, line) for i, line in enumerate(own_text(file).splitlines(), 1)
        if line.strip() and not line.startswith("#")
    ]  # fmt: skip
    if len(numbered) < 2:
        raise InputError(f"{file} holds no records. It needs a header and a line for each record.")
    first = numbered[0][1]
    mark = next((m for m in (",", ";", "\t") if m in first), " ")

    def split(line: str) -> list[str]:
        if mark == " ":
            return line.split()
        return [cell.strip() for cell in next(csv.reader([line], delimiter=mark))]

    header = [name.upper() for name in split(first)]
    if len(set(header)) != len(header):
        raise InputError(f"{file}: a column stands twice in the header: {', '.join(header)}.")
    lines = [(i, split(line)) for i, line in numbered[1:]]
    odd = [str(i) for i, cells in lines if len(cells) != len(header)]
    if odd:
        raise InputError(
            f"{file}: lines {', '.join(odd[:_MOST])} do not have the {len(header)} cells of "
            "the header."
        )
    if "C" in header:
        at = header.index("C")
        lines = [(i, cells) for i, cells in lines if cells[at] in ("", ".", "0")]
    return header, lines


class _Table:
    """Columns of numbers, and the rules that records obey."""

    def __init__(
        self, rows: tuple[int, ...], labels: list[str], columns: dict[str, np.ndarray],
        problems: _Problems,
    ):  # fmt: skip
        self.rows, self.labels, self.columns, self.problems = rows, labels, columns, problems

    def column(self, name: str) -> np.ndarray:
        """A column with 0 where it is missing."""
        empty = np.zeros(len(self.rows))
        return np.nan_to_num(self.columns[name]) if name in self.columns else empty

    def tell(self, wrong: np.ndarray, what: str) -> None:
        """Note the same mistake for all lines where it stands."""
        for i in np.flatnonzero(wrong):
            self.problems.add(self.rows[i], what)

    def records(
        self, factor: float, units: tuple[str, str], covariates: tuple[str, ...], carry: str,
        ranges: Mapping[str, tuple[float, float]], dvid: int | tuple[int, ...] | None,
    ) -> Records:  # fmt: skip
        """All columns, checked."""
        subjects, subject = self._subjects()
        amount, rate = self.column("AMT"), self.column("RATE")
        event = self.column("EVID") if "EVID" in self.columns else (amount > 0) | (rate > 0)
        event = event.astype(float)
        hidden = self.column("MDV") if "MDV" in self.columns else event != 0
        seen, kind = self._of_kind((event == 0) & (hidden == 0), dvid)
        self._check_events(event, hidden, amount, rate)
        value = self.columns["DV"]
        censoring, limit, bound = self._censoring(seen, value)
        self.tell(
            seen & np.isnan(value) & (censoring == 0),
            "is an observation without DV; say MDV = 1 if it has none",
        )
        time = self._times(subject, event)
        self.tell(np.isnan(self.columns["TIME"]), "TIME is missing")
        carried = {n: self._filled(n, subject, carry) for n in covariates}
        self.problems.stop()
        self._warn_outside(carried, ranges)
        whole = [
            x.astype(int) for x in (self.column("ADDL"), self.column("SS"), self.column("CMT"))
        ]
        return Records(
            subjects, subject, time * factor, event.astype(int), amount,
            np.where(rate < 0, rate, rate / factor),
            whole[0], self.column("II") * factor, whole[1], whole[2], np.nan_to_num(value), seen,
            censoring.astype(int), limit, carried, *units, self.rows, bound, kind,
        )  # fmt: skip

    def _subjects(self) -> tuple[tuple[str, ...], np.ndarray]:
        order: dict[str, int] = {}
        subject = np.zeros(len(self.labels), int)
        for i, label in enumerate(self.labels):
            if label in order and order[label] != len(order) - 1:
                self.problems.add(
                    self.rows[i], f"patient {label} comes again after others; keep each together"
                )
            subject[i] = order.setdefault(label, len(order))
        return tuple(order), subject

    def _of_kind(
        self, seen: np.ndarray, dvid: int | tuple[int, ...] | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Observations that count, and which of several kinds each is.

        Several kinds without a choice are a mistake.
        """
        wanted = (dvid,) if isinstance(dvid, int) else dvid
        if "DVID" not in self.columns:
            if wanted is not None:
                told = ", ".join(map(str, wanted))
                self.problems.add(0, f"dvid = {told} was asked for, but there is no column DVID")
            return seen, None
        column = self.columns["DVID"]
        known = np.unique(column[seen & ~np.isnan(column)])
        told = ", ".join(f"{k:g}" for k in known)
        if wanted is None:
            other = seen & ~np.isnan(column) & (column != (known[0] if len(known) else 0))
            self.tell(
                other, f"DVID tells {told} apart; say which is fitted (dvid), or describe each"
            )
            return seen, None
        for number in wanted:
            if number not in known:
                self.problems.add(
                    0, f"no observation has DVID = {number}; there are {told or 'none'}"
                )
        kind = np.zeros(len(column), int)
        for k, number in enumerate(wanted):
            kind[column == number] = k
        return seen & np.isin(column, wanted), kind

    def _check_events(
        self, event: np.ndarray, hidden: np.ndarray, amount: np.ndarray, rate: np.ndarray
    ) -> None:
        dose = (event == 1) | (event == 4)
        more, interval, steady = (self.column(n) for n in ("ADDL", "II", "SS"))
        kinds = ", ".join(f"{k} {v}" for k, v in EVENTS.items())
        for i in np.flatnonzero(~np.isin(event, list(EVENTS))):
            self.problems.add(self.rows[i], f"EVID = {event[i]:g} is not known ({kinds})")
        self.tell(~np.isin(hidden, (0, 1)), "MDV must be 0 or 1")
        self.tell(amount < 0, "AMT is negative")
        endless = (steady > 0) & (rate > 0) & (amount == 0)
        self.tell(dose & (amount == 0) & ~endless, "is a dose (EVID 1 or 4) with AMT 0")
        self.tell(
            endless & ((interval > 0) | (more > 0)),
            "is an infusion that never ended (SS with RATE, AMT 0): II and ADDL must be 0",
        )
        self.tell(~dose & (amount > 0), "has an AMT but is no dose; say EVID = 1")
        self.tell(
            (rate < 0) & dose & ~np.isin(rate, (-1, -2)),
            "RATE is negative; -1 says a modelled rate (R), -2 a modelled duration (D)",
        )
        self.tell((more < 0) | (more % 1 != 0), "ADDL must be a whole number of 0 or more")
        self.tell((more > 0) & (interval <= 0), "ADDL needs an interval II above 0")
        self.tell(~np.isin(steady, (0, 1, 2)), "SS must be 0, 1 or 2 (adding to what is there)")
        self.tell(
            (steady > 0) & (interval <= 0) & ~endless,
            "SS needs an interval II above 0, or a RATE with AMT 0 (an infusion that never ended)",
        )
        number = self.column("CMT")
        self.tell((number < 0) | (number % 1 != 0), "CMT must be a whole number of 0 or more")

    def _censoring(
        self, seen: np.ndarray, value: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Side of the limit, the limit, and the other end of the interval (nan: none)."""
        flag = self.column("CENS") if "CENS" in self.columns else self.column("BLQ")
        self.tell(
            ~np.isin(flag, (-1, 0, 1)), "CENS must be 0, 1 (below the limit) or -1; BLQ 0 or 1"
        )
        flag, none = np.where(seen, flag, 0), np.full(len(value), np.nan)
        limit = self.columns.get("LLOQ", none)
        self.tell(
            (flag == 1) & (value == 0) & np.isnan(limit),
            "lies below a limit of 0; the limit of quantification stands in DV or LLOQ",
        )
        limit = np.where(np.isnan(limit), value, limit)
        self.tell((flag != 0) & np.isnan(limit), "is censored but has no limit in DV or LLOQ")
        bound = np.where(flag != 0, self.columns.get("LIMIT", none), np.nan)
        self.tell(
            flag * (limit - bound) <= 0,
            "LIMIT is the other end of a censored value's interval: below the limit of "
            "quantification in DV or LLOQ for CENS 1, above it for -1",
        )
        return flag, np.where(flag != 0, np.nan_to_num(limit), 0.0), bound

    def _times(self, subject: np.ndarray, event: np.ndarray) -> np.ndarray:
        time, shift = np.nan_to_num(self.columns["TIME"]).copy(), 0.0
        for i in range(1, len(time)):
            if subject[i] != subject[i - 1]:
                shift = 0.0
                continue
            if time[i] + shift < time[i - 1] and event[i] in (3, 4):
                shift = time[i - 1] - time[i]  # a reset may begin to count anew
            elif time[i] + shift < time[i - 1]:
                self.problems.add(
                    self.rows[i],
                    f"TIME {time[i]:g} goes back behind {time[i - 1] - shift:g} "
                    f"of line {self.rows[i - 1]} (patient {self.labels[i]})",
                )
            time[i] += shift
        return time

    def _filled(self, name: str, subject: np.ndarray, carry: str) -> np.ndarray:
        column = self.columns[name].copy()
        for s in np.unique(subject):
            own = np.flatnonzero(subject == s)
            known = own[~np.isnan(column[own])]
            if not len(known):
                self.problems.add(
                    self.rows[own[0]], f"patient {self.labels[own[0]]} has no value of {name}"
                )
                continue
            for i in own[np.isnan(column[own])]:
                before, after = known[known < i], known[known > i]
                first, second = (
                    (before[-1:], after[:1]) if carry == "locf" else (after[:1], before[-1:])
                )
                column[i] = column[np.concatenate([first, second])[0]]
        return column

    def _warn_outside(
        self, carried: Mapping[str, np.ndarray], ranges: Mapping[str, tuple[float, float]]
    ) -> None:
        for name, (low, high) in ranges.items():
            out = np.flatnonzero((carried[name] < low) | (carried[name] > high))
            if len(out):
                lines = ", ".join(str(self.rows[i]) for i in out[:_MOST])
                warnings.warn(
                    f"{self.problems.file}: {name} lies outside its checked range {low:g} to "
                    f"{high:g} in lines {lines}{' and more' if len(out) > _MOST else ''}.",
                    ValidityWarning,
                    stacklevel=5,
                )
