"""A dose record to steps: what happens at its instant, and the further steps that it brings.

A step whose instant or rate depends on parameters (lag, bioavailability, modelled duration or rate)
is *moved*: it says which dose it belongs to, and `Absorbed` puts it where it comes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pdcraft.domain import InputError
from pdcraft.domain.records import Records

IMPLIED = 2
"""Doses before one at steady state that may still run, where parameters say how long."""

_MODELLED = {-1: ("R", "rate"), -2: ("D", "duration")}


@dataclass
class Step:
    """What happens after which time; see `Schedule` for the fields that it shares with it."""

    time_h: float
    rank: float  # what comes first at one instant; a record's is 3 and its place in the file
    record: int = -1
    forgets: bool = False
    place: int = 0
    bolus: float = 0.0
    rate_change: float = 0.0
    steady_interval_h: float = 0.0
    steady_amount: float = 0.0
    steady_rate: float = 0.0
    given: tuple[float, float] = (0.0, 0.0)  # time and rank of the dose it is written out for
    is_moved: bool = False
    origin: Step | None = None  # the step of its dose; None: itself
    begins_h: float = 0.0
    amount: float = 0.0
    rate: float = 0.0
    sign: float = 0.0


def check_rates(records: Records, absorbs: frozenset[str]) -> None:
    """Refuse modelled rates and durations without their parameter, and the parameter without them.

    Raises
    ------
    InputError
        With the lines.
    """
    doses = np.isin(records.event, (1, 4))
    for code, (name, words) in _MODELLED.items():
        rows = np.flatnonzero(doses & (records.rate_per_h == code))
        told = ", ".join(records.row(int(r)) for r in rows[:20])
        if len(rows) and name not in absorbs:
            raise InputError(
                f"RATE {code} (a modelled {words}): {told}. The model has no theta {name}, the "
                f"{words} of these infusions. Give [theta] {name}, or a RATE above 0."
            )
        if name in absorbs and not len(rows):
            raise InputError(
                f"Theta {name} is the {words} of doses with RATE {code}, and the data have none. "
                f"Say RATE = {code} in their lines, or leave {name} out."
            )
        if len(np.unique(records.compartment[rows])) > 1:
            raise InputError(
                f"RATE {code} stands in several compartments: {told}. There is one {name}, for "
                "doses into one compartment."
            )


def steps_of(
    records: Records, own: np.ndarray, places: int, default: int, absorbs: frozenset[str]
) -> list[Step]:
    """All steps of one patient, in order; ``own`` are the indices of the patient's records."""
    steps: list[Step] = []
    for order, r in enumerate(own):
        event, number = int(records.event[r]), int(records.compartment[r])
        place = default if number == 0 else number - 1
        step = Step(float(records.time_h[r]), 3 + order, int(r), forgets=event in (3, 4))
        if event in (1, 4):
            if not 0 <= place < places:
                raise InputError(
                    f"{records.row(r)}: compartment {number} does not exist; the model "
                    f"has {places}."
                )
            step.place = place
            step.forgets |= int(records.steady_state[r]) == 1
            is_absorbed = place == default and bool(absorbs & {"ALAG", "F"})
            steps += _dose(records, int(r), step, is_absorbed=is_absorbed)
        steps.append(step)
    ends = [(s.time_h, s.rank) for s in steps if s.forgets]
    kept = [s for s in steps if s.record >= 0 or not _is_cancelled(s, ends)]
    return sorted(kept, key=lambda s: (s.time_h, s.rank))


def _is_cancelled(step: Step, ends: list[tuple[float, float]]) -> bool:
    """Whether a reset came after a dose and not after what was written out for it."""
    return any(step.given < end and end[0] <= step.time_h for end in ends)


def _dose(records: Records, r: int, step: Step, *, is_absorbed: bool) -> list[Step]:
    """What a dose does at its own step, and the further steps that it brings."""
    amount, rate = float(records.amount[r]), float(records.rate_per_h[r])
    interval, settled = float(records.interval_h[r]), bool(records.steady_state[r])
    step.amount, step.rate = amount, rate
    if settled:
        step.steady_interval_h, step.steady_amount = interval, amount
        step.steady_rate = max(rate, 0.0)
        if amount == 0 and is_absorbed:
            raise InputError(
                f"{records.row(r)}: an infusion that never ended (SS with AMT 0) into a "
                "compartment with ALAG or F is not available. Give it in another one (CMT)."
            )
        if amount == 0:
            return []  # an infusion that never ended, and ends here
    later = [step.time_h + k * interval for k in range(1, int(records.additional[r]) + 1)]
    if is_absorbed or rate < 0:
        return _moved(step, interval, later)
    extra = [Step(t, 2, place=step.place, given=(step.time_h, step.rank)) for t in later]
    if rate == 0:
        for s in (step, *extra):
            s.bolus = amount
        return extra
    length = amount / rate
    # at steady state, infusions longer than their interval that began before and are running
    running = max(int(np.ceil(length / interval - 1e-9)) - 1, 0) if settled else 0
    begins = [step.time_h - k * interval for k in range(1, running + 1)]
    for s in (step, *extra):
        s.rate_change = rate
        begins.append(s.time_h)
    step.rate_change += running * rate
    given = step.time_h, step.rank
    return extra + [
        Step(t + length, 1, place=step.place, rate_change=-rate, given=given) for t in begins
    ]


def implied(amount: float, rate: float, interval_h: float) -> int:
    """How many infusions before one at steady state may still run when it is given."""
    if interval_h == 0 or rate == 0:
        return 0
    return IMPLIED if rate < 0 else int(np.ceil(amount / rate / interval_h - 1e-9))


def _moved(dose: Step, interval_h: float, later: list[float]) -> list[Step]:
    """Beginnings and ends of a dose and of its additional ones, for `Absorbed` to place."""
    before = implied(dose.amount, dose.rate, dose.steady_interval_h)
    every = [(dose.time_h, dose.rank + 0.5, dose, k) for k in range(before, -1, -1)]
    every += [(t, 2.0, None, 0) for t in later]
    steps = []
    for time_h, rank, origin, k in every:
        begin = Step(
            time_h, rank, place=dose.place, given=(dose.time_h, dose.rank), is_moved=True,
            origin=origin, begins_h=time_h - k * interval_h, amount=dose.amount, rate=dose.rate,
            sign=float(dose.rate != 0),
        )  # fmt: skip
        steps.append(begin)
        if dose.rate != 0:
            steps.append(replace(begin, origin=origin or begin, sign=-1.0))
    return steps
