"""`Records` to steps: every dose written out, one padded row of steps for each patient.

A step says what happens after which time: a reset, a bolus, a change of an infusion's rate, an
observation. Additional doses and the ends of infusions become steps of their own; at the same
instant ends come first, then additional doses, then the records in the order of the file. A reset
(EVID 3 or 4) and a dose at steady state with SS = 1 forget all amounts, end what is running and
cancel additional doses that were still to come; SS = 2 adds to what is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from pdcraft.domain import InputError
from pdcraft.domain.records import Records


class Schedule(eqx.Module):
    """Steps of all patients; arrays are ``[patient, step]`` unless said otherwise.

    Attributes
    ----------
    wait_h
        Time since the step before. h.
    reset
        1 where the model starts anew.
    bolus, rate_change
        What enters at once, and by how much infusion rates change. ``[patient, step, place]``.
    steady_interval_h, steady_amount, steady_rate
        Interval of a dose that is one of infinitely many, and that dose: its amount and rate. All
        are 0 where there is none; interval and amount are for an infusion that never ended.
        ``[patient, step]``, ``[patient, step, place]``.
    value, is_observed, censoring, limit, bound
        As in `Records`, 0 where nothing was observed (``bound`` nan where there is none).
    covariates, covariates_now
        Columns over the wait before the step, and at its instant. ``[patient, step, covariate]``.
    record
        Index of the record, -1 for a step that was written out.
    kind
        Which of the model's kinds of observation it is, from 0.
    """

    wait_h: Float[Array, "patient step"]
    reset: Float[Array, "patient step"]
    bolus: Float[Array, "patient step place"]
    rate_change: Float[Array, "patient step place"]
    steady_interval_h: Float[Array, "patient step"]
    steady_amount: Float[Array, "patient step place"]
    steady_rate: Float[Array, "patient step place"]
    value: Float[Array, "patient step"]
    is_observed: Bool[Array, "patient step"]
    censoring: Float[Array, "patient step"]
    limit: Float[Array, "patient step"]
    bound: Float[Array, "patient step"]
    covariates: Float[Array, "patient step covariate"]
    covariates_now: Float[Array, "patient step covariate"]
    time_h: Float[Array, "patient step"]
    record: Int[Array, "patient step"]
    kind: Int[Array, "patient step"]
    names: tuple[str, ...] = eqx.field(static=True)
    has_infusion: bool = eqx.field(static=True)
    has_steady_state: bool = eqx.field(static=True)
    has_bound: bool = eqx.field(static=True)
    changes_at_records: bool = eqx.field(static=True)


@dataclass
class _Step:
    time_h: float
    rank: int  # what comes first at one instant; a record's is 3 and its place in the file
    record: int = -1
    forgets: bool = False
    place: int = 0
    bolus: float = 0.0
    rate_change: float = 0.0
    steady_interval_h: float = 0.0
    steady_amount: float = 0.0
    steady_rate: float = 0.0
    given: tuple[float, int] = (0.0, 0)  # time and rank of the dose that it is written out for


def schedule(
    records: Records,
    places: tuple[str, ...],
    *,
    default: int = 0,
    measured: tuple[int | None, ...] = (0,),
    covariates: tuple[str, ...] = (),
    carry: Literal["locf", "nocb"] = "locf",
) -> Schedule:
    """All steps of all patients.

    Parameters
    ----------
    records
        What was given and measured.
    places
        Compartments of the model; a record's number counts from 1 in this order.
    default
        Index of the compartment of doses that name none.
    measured
        Index of the compartment that is measured, for each kind of observation; None for a
        response, which the data may give any number above those of the compartments. Records that
        do not say their kind are told apart by their compartment.
    covariates
        Columns that the model reads.
    carry
        Which record a covariate is taken from between two records: ``"locf"`` the one before,
        ``"nocb"`` the one after (as NONMEM does).

    Raises
    ------
    InputError
        With the line: a dose into an unknown compartment, an observation of another one than is
        measured.
    """
    for name in covariates:
        if name not in records.covariates:
            raise InputError(
                f"The model reads covariate '{name}', which the data lack. They have "
                f"{', '.join(records.covariates) or 'none'}."
            )
    if carry not in ("locf", "nocb"):
        raise InputError(f"carry = '{carry}' must be 'locf' or 'nocb'.")
    kinds = _kinds(records, places, measured)
    steps = [
        _steps_of(records, records.of(i), len(places), default)
        for i in range(len(records.subjects))
    ]
    return _padded(records, steps, len(places), covariates, carry, kinds)


def _kinds(
    records: Records, places: tuple[str, ...], measured: tuple[int | None, ...]
) -> np.ndarray:
    """Which kind of observation every record is; refuse those of a compartment without one."""
    kinds = np.zeros(len(records.time_h), int) if records.kind is None else records.kind.copy()
    for r in np.flatnonzero(records.is_observed):
        number = int(records.compartment[r])
        if number == 0:
            continue
        fits = [
            number > len(places) if place is None else number == place + 1 for place in measured
        ]
        if records.kind is None and any(fits):
            kinds[r] = fits.index(True)
        elif not fits[kinds[r]]:
            asked = measured if records.kind is None else (measured[kinds[r]],)
            told = " or ".join(
                "the response" if place is None else f"{place + 1} ({places[place]})"
                for place in asked
            )
            raise InputError(
                f"{records.row(int(r))}: an observation of compartment {number}; this structure is "
                f"measured in {told}. Leave CMT out (0), or hide what is not fitted with MDV = 1."
            )
    return kinds


def _steps_of(records: Records, own: np.ndarray, places: int, default: int) -> list[_Step]:
    steps: list[_Step] = []
    for order, r in enumerate(own):
        event, number = int(records.event[r]), int(records.compartment[r])
        place = default if number == 0 else number - 1
        step = _Step(float(records.time_h[r]), 3 + order, int(r), forgets=event in (3, 4))
        if event in (1, 4):
            if not 0 <= place < places:
                raise InputError(
                    f"{records.row(r)}: compartment {number} does not exist; the model "
                    f"has {places}."
                )
            step.place = place
            step.forgets |= int(records.steady_state[r]) == 1
            steps += _dose(records, int(r), step)
        steps.append(step)
    ends = [(s.time_h, s.rank) for s in steps if s.forgets]
    kept = [s for s in steps if s.record >= 0 or not _is_cancelled(s, ends)]
    return sorted(kept, key=lambda s: (s.time_h, s.rank))


def _is_cancelled(step: _Step, ends: list[tuple[float, int]]) -> bool:
    """Whether a reset came after a dose and not after what was written out for it."""
    return any(step.given < end and end[0] <= step.time_h for end in ends)


def _dose(records: Records, r: int, step: _Step) -> list[_Step]:
    """What a dose does at its own step, and the further steps that it brings."""
    amount, rate = float(records.amount[r]), float(records.rate_per_h[r])
    interval, given = float(records.interval_h[r]), (step.time_h, step.rank)
    settled = bool(records.steady_state[r])
    if settled:
        step.steady_interval_h, step.steady_amount, step.steady_rate = interval, amount, rate
        if amount == 0:
            return []  # an infusion that never ended, and ends here
    extra = []
    for k in range(1, int(records.additional[r]) + 1):
        extra.append(_Step(step.time_h + k * interval, 2, place=step.place, given=given))
    if rate <= 0:
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
    return extra + [
        _Step(t + length, 1, place=step.place, rate_change=-rate, given=given) for t in begins
    ]


def _padded(
    records: Records, steps: list[list[_Step]], places: int, names: tuple[str, ...], carry: str,
    kinds: np.ndarray,
) -> Schedule:  # fmt: skip
    n, longest = len(steps), max(len(s) for s in steps)
    flat = {
        what: np.zeros((n, longest))
        for what in ("wait", "reset", "interval", "value", "censoring", "limit", "bound", "time")
    }
    by_place = {what: np.zeros((n, longest, places)) for what in ("bolus", "rate", "sa", "sr")}
    seen = np.zeros((n, longest), bool)
    record = np.full((n, longest), -1)
    during, now = (np.zeros((n, longest, len(names))) for _ in range(2))
    for i, own in enumerate(steps):
        before = own[0].time_h
        for j, s in enumerate(own):
            flat["wait"][i, j], flat["time"][i, j], before = s.time_h - before, s.time_h, s.time_h
            flat["reset"][i, j], record[i, j] = s.forgets, s.record
            flat["interval"][i, j] = s.steady_interval_h
            by_place["bolus"][i, j, s.place] = s.bolus
            by_place["rate"][i, j, s.place] = s.rate_change
            by_place["sa"][i, j, s.place] = s.steady_amount
            by_place["sr"][i, j, s.place] = s.steady_rate
        _observe(records, record[i], flat, seen, i)
        for columns, place in ((during, 0), (now, 1)):
            columns[i, : len(own)] = _carried(records, own, names, carry)[place]
            columns[i, len(own) :] = columns[i, len(own) - 1]
        flat["time"][i, len(own) :] = own[-1].time_h
    f = {key: jnp.asarray(x) for key, x in (flat | by_place).items()}
    settles = (by_place["sa"] > 0) | (by_place["sr"] > 0)
    return Schedule(
        f["wait"], f["reset"], f["bolus"], f["rate"], f["interval"], f["sa"], f["sr"], f["value"],
        jnp.asarray(seen), f["censoring"], f["limit"], f["bound"], jnp.asarray(during),
        jnp.asarray(now), f["time"], jnp.asarray(record),
        jnp.asarray(np.where(record >= 0, kinds[record], 0)), names,
        has_infusion=bool((by_place["rate"] != 0).any()), has_steady_state=bool(settles.any()),
        has_bound=bool((seen & np.isfinite(flat["bound"])).any()),
        changes_at_records=not np.array_equal(during, now),
    )  # fmt: skip


def _observe(
    records: Records, record: np.ndarray, flat: dict[str, np.ndarray], seen: np.ndarray, i: int
) -> None:
    at = np.flatnonzero(record >= 0)
    rows = record[at]
    seen[i, at] = records.is_observed[rows]
    for what in ("value", "censoring", "limit"):
        flat[what][i, at] = np.nan_to_num(getattr(records, what)[rows])
    flat["bound"][i] = np.nan
    if records.bound is not None:
        flat["bound"][i, at] = records.bound[rows]


def _carried(
    records: Records, own: list[_Step], names: tuple[str, ...], carry: str
) -> tuple[np.ndarray, np.ndarray]:
    """Covariates over the wait before every step, and at its instant."""
    at = np.array([j for j, s in enumerate(own) if s.record >= 0])
    rows = np.array([s.record for s in own])[at]
    table = np.stack([records.covariates[n][rows] for n in names], -1) if names else None
    if table is None:
        return np.zeros((len(own), 0)), np.zeros((len(own), 0))
    steps = np.arange(len(own))
    next_one = np.minimum(np.searchsorted(at, steps), len(at) - 1)
    if carry == "nocb":
        return table[next_one], table[next_one]
    before = np.maximum(np.searchsorted(at, steps) - 1, 0)
    last = np.maximum(np.searchsorted(at, steps, side="right") - 1, 0)
    return table[before], table[last]
