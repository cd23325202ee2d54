"""`Records` to steps: every dose written out, one padded row of steps for each patient.

A step says what happens after which time: a reset, a bolus, a change of an infusion's rate, an
observation. Additional doses and the ends of infusions become steps of their own; at the same
instant ends come first, then additional doses, then the records in the order of the file.
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
        Interval of a dose that is one of infinitely many (0: none), and that dose: its amount
        and rate. ``[patient, step]``, ``[patient, step, place]``.
    value, is_observed, censoring, limit
        As in `Records`, 0 where nothing was observed.
    covariates
        Columns, ``[patient, step, covariate]``; constant over the wait before the step.
    record
        Index of the record, -1 for a step that was written out.
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
    covariates: Float[Array, "patient step covariate"]
    time_h: Float[Array, "patient step"]
    record: Int[Array, "patient step"]
    names: tuple[str, ...] = eqx.field(static=True)
    has_infusion: bool = eqx.field(static=True)
    has_steady_state: bool = eqx.field(static=True)


@dataclass
class _Step:
    time_h: float
    rank: int
    record: int = -1
    reset: float = 0.0
    place: int = 0
    bolus: float = 0.0
    rate_change: float = 0.0
    steady_interval_h: float = 0.0
    steady_amount: float = 0.0
    steady_rate: float = 0.0
    given_h: float = 0.0  # time of the record that a written-out step belongs to


def schedule(
    records: Records,
    places: tuple[str, ...],
    *,
    default: int = 0,
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
    covariates
        Columns that the model reads.
    carry
        Which record a covariate is taken from between two records: ``"locf"`` the one before,
        ``"nocb"`` the one after (as NONMEM does).

    Raises
    ------
    InputError
        With the line: an unknown compartment, or a dose that cannot be written out.
    """
    for name in covariates:
        if name not in records.covariates:
            raise InputError(
                f"The model reads covariate '{name}', which the data lack. They have "
                f"{', '.join(records.covariates) or 'none'}."
            )
    measured = np.unique(records.compartment[records.is_observed])
    if len(measured[measured > 0]) > 1:
        raise InputError(
            f"Observations are of compartments {', '.join(map(str, measured))}; a structure is "
            "measured in one. Fit them one after the other (MDV = 1 hides the others)."
        )
    if carry not in ("locf", "nocb"):
        raise InputError(f"carry = '{carry}' must be 'locf' or 'nocb'.")
    steps = [
        _steps_of(records, records.of(i), len(places), default)
        for i in range(len(records.subjects))
    ]
    return _padded(records, steps, len(places), covariates, carry)


def _steps_of(records: Records, own: np.ndarray, places: int, default: int) -> list[_Step]:
    steps: list[_Step] = []
    for order, r in enumerate(own):
        t, event = float(records.time_h[r]), int(records.event[r])
        number = int(records.compartment[r])
        place = default if number == 0 else number - 1
        step = _Step(t, 3 + order, int(r), reset=float(event in (3, 4)), place=place)
        if event in (1, 4):
            if not 0 <= place < places:
                raise InputError(
                    f"{records.row(r)}: compartment {number} does not exist; the model "
                    f"has {places}."
                )
            steps += _dose(records, int(r), step)
        steps.append(step)
    # the sort is stable: at one instant ends of infusions, then additional doses, then records
    ends = [s.time_h for s in steps if s.reset]
    kept = [s for s in steps if s.record >= 0 or not _cancelled(s, ends)]
    return sorted(kept, key=lambda s: (s.time_h, s.rank))


def _cancelled(step: _Step, resets: list[float]) -> bool:
    """Whether a reset came between a dose and what was written out for it."""
    return any(step.given_h < t <= step.time_h for t in resets)


def _dose(records: Records, r: int, step: _Step) -> list[_Step]:
    amount, rate = float(records.amount[r]), float(records.rate_per_h[r])
    more, interval = int(records.additional[r]), float(records.interval_h[r])
    length = amount / rate if rate > 0 else 0.0
    if rate > 0:
        step.rate_change = rate
    else:
        step.bolus = amount
    if records.steady_state[r]:
        if length > interval:
            raise InputError(
                f"{records.row(r)}: at steady state the infusion of {length:g} h is longer than "
                f"the interval of {interval:g} h. Write the doses out with ADDL."
            )
        step.steady_interval_h, step.steady_amount, step.steady_rate = interval, amount, rate
    extra = []
    for k in range(more + 1):
        begin = step.time_h + k * interval
        if k:
            again = _Step(begin, 2, place=step.place, given_h=step.time_h)
            again.bolus, again.rate_change = step.bolus, step.rate_change
            extra.append(again)
        if rate > 0:
            end = _Step(begin + length, 1, place=step.place, given_h=step.time_h)
            end.rate_change = -rate
            extra.append(end)
    return extra


def _padded(
    records: Records, steps: list[list[_Step]], places: int, names: tuple[str, ...], carry: str
) -> Schedule:
    n, longest = len(steps), max(len(s) for s in steps)
    flat = {
        what: np.zeros((n, longest))
        for what in ("wait", "reset", "interval", "value", "censoring", "limit", "time")
    }
    by_place = {what: np.zeros((n, longest, places)) for what in ("bolus", "rate", "sa", "sr")}
    seen = np.zeros((n, longest), bool)
    record = np.full((n, longest), -1)
    columns = np.zeros((n, longest, len(names)))
    for i, own in enumerate(steps):
        before = own[0].time_h
        for j, s in enumerate(own):
            flat["wait"][i, j], flat["time"][i, j], before = s.time_h - before, s.time_h, s.time_h
            flat["reset"][i, j], record[i, j] = s.reset, s.record
            by_place["bolus"][i, j, s.place] = s.bolus
            by_place["rate"][i, j, s.place] = s.rate_change
            if s.record >= 0:
                r = s.record
                flat["interval"][i, j] = s.steady_interval_h
                by_place["sa"][i, j, s.place] = s.steady_amount
                by_place["sr"][i, j, s.place] = s.steady_rate
                seen[i, j] = records.is_observed[r]
                for what in ("value", "censoring", "limit"):
                    flat[what][i, j] = np.nan_to_num(getattr(records, what)[r])
        columns[i, : len(own)] = _carried(records, own, names, carry)
        columns[i, len(own) :] = columns[i, len(own) - 1]
        flat["time"][i, len(own) :] = own[-1].time_h
    f = {key: jnp.asarray(x) for key, x in (flat | by_place).items()}
    return Schedule(
        f["wait"], f["reset"], f["bolus"], f["rate"], f["interval"], f["sa"], f["sr"], f["value"],
        jnp.asarray(seen), f["censoring"], f["limit"], jnp.asarray(columns), f["time"],
        jnp.asarray(record), names, bool((by_place["rate"] != 0).any()),
        bool((flat["interval"] > 0).any()),
    )  # fmt: skip


def _carried(records: Records, own: list[_Step], names: tuple[str, ...], carry: str) -> np.ndarray:
    at = [j for j, s in enumerate(own) if s.record >= 0]
    source = []
    for j in range(len(own)):
        later = [k for k in at if k >= j]
        earlier = [k for k in at if k < j]
        if carry == "nocb":
            source.append(later[0] if later else at[-1])
        else:
            source.append(earlier[-1] if earlier else at[0])
    rows = [own[k].record for k in source]
    return (
        np.stack([records.covariates[n][rows] for n in names], -1)
        if names
        else np.zeros((len(own), 0))
    )
