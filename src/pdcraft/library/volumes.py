"""Caliper volumes of a growth-delay experiment: a CSV file in, checked rows out."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from pdcraft.domain import InputError
from pdcraft.library.own_file import own_text

COLUMNS = ("animal", "arm", "day", "volume_mm3")
Rows = tuple[tuple[str, ...], tuple[str, ...], list[float], list[float]]


def tumour_volumes(path: str | Path) -> Rows:
    """Animals, arms, days and volumes (mm3) of one experiment, a row each.

    Parameters
    ----------
    path
        CSV with the columns ``animal, arm, day, volume_mm3``; lines that begin with # are comments.

    Raises
    ------
    InputError
        With the number of every line that cannot be right: a number that is none, a volume of 0 or
        less, a day before 0, a day twice for one animal, an animal in two arms. Nothing is read
        then.
    """
    numbered = [
        (i, line) for i, line in enumerate(own_text(path).splitlines(), 1)
        if line and not line.startswith("#")
    ]  # fmt: skip
    reader = csv.DictReader(line for _, line in numbered)
    lost = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
    if lost:
        raise InputError(
            f"{path}: lacks the column(s) {', '.join(lost)}. A table of volumes has the columns "
            f"{', '.join(COLUMNS)}; days from the start of treatment, volumes in mm3."
        )
    rows = list(reader)
    faults, arm_of, seen = [], {}, set()
    for (line, _), row in zip(numbered[1:], rows, strict=False):
        animal, arm = ((row[c] or "").strip() for c in ("animal", "arm"))
        day, volume = _number(row["day"]), _number(row["volume_mm3"])
        if not animal or not arm:
            faults.append(f"line {line}: animal and arm must be named")
        if day is None or day < 0:
            faults.append(f"line {line}: day = '{row['day']}' must be a number, 0 or more")
        if volume is None or volume <= 0:
            faults.append(
                f"line {line}: volume_mm3 = '{row['volume_mm3']}' must be a number greater than 0; "
                "leave out a tumour that cannot be measured"
            )
        if arm_of.setdefault(animal, arm) != arm:
            faults.append(f"line {line}: animal {animal} is in arm {arm} and in {arm_of[animal]}")
        if (animal, day) in seen:
            faults.append(f"line {line}: animal {animal} has day {row['day']} twice")
        seen.add((animal, day))
    if faults or not rows:
        said = "\n  ".join(faults[:20]) or "holds no rows"
        raise InputError(f"{path}: nothing was read.\n  {said}")
    return (
        tuple(r["animal"].strip() for r in rows), tuple(r["arm"].strip() for r in rows),
        [float(r["day"]) for r in rows], [float(r["volume_mm3"]) for r in rows],
    )  # fmt: skip


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
