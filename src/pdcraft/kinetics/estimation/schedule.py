"""`Records` to steps: every dose written out, one padded row of steps for each patient.

A step says what happens after which time: a reset, a bolus, a change of an infusion's rate, an
observation. Additional doses and the ends of infusions become steps of their own; at the same
instant ends come first, then additional doses, then the records in the order of the file. A reset
(EVID 3 or 4) and a dose at steady state with SS = 1 forget all amounts, end what is running and
cancel additional doses that were still to come; SS = 2 adds to what is there. What a dose brings
is written out in `doses.py`.
"""

from __future__ import annotations

from typing import Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from pdcraft.domain import InputError
from pdcraft.domain.records import Records
from pdcraft.kinetics.estimation.doses import Step, check_rates, steps_of


class Moved(eqx.Module):
    """Doses whose instants or rates depend on parameters; arrays are ``[patient, step]``.

    Attributes
    ----------
    is_moved
        Whether the step comes when parameters say so.
    origin
        Index of the step of its dose, whose parameters hold; its own for all others.
    begins_h
        When that dose was given. h.
    place, amount, rate
        Compartment, amount and RATE of the dose: -1 a modelled rate, -2 a modelled duration.
    sign
        1 where an infusion begins, -1 where it ends, 0 otherwise.
    """

    is_moved: Bool[Array, "patient step"]
    origin: Int[Array, "patient step"]
    begins_h: Float[Array, "patient step"]
    place: Int[Array, "patient step"]
    amount: Float[Array, "patient step"]
    rate: Float[Array, "patient step"]
    sign: Float[Array, "patient step"]


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
    moved
        Doses that parameters move; None where there are none.
    steady_lag_h
        How much later the doses of a steady state come; None: not at all.
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
    moved: Moved | None = None
    steady_lag_h: Float[Array, "patient step"] | None = None


def schedule(
    records: Records,
    places: tuple[str, ...],
    *,
    default: int = 0,
    measured: tuple[int | None, ...] = (0,),
    absorbs: frozenset[str] = frozenset(),
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
    absorbs
        Parameters of doses that the structure has, among ALAG, F, D, R; see `Absorbed`.
    covariates
        Columns that the model reads.
    carry
        Which record a covariate is taken from between two records: ``"locf"`` the one before,
        ``"nocb"`` the one after (as NONMEM does).

    Raises
    ------
    InputError
        With the line: a dose into an unknown compartment, an observation of another one than is
        measured, a modelled rate or duration (RATE -1, -2) without its parameter.
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
    check_rates(records, absorbs)
    steps = [
        steps_of(records, records.of(i), len(places), default, absorbs)
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


def _padded(
    records: Records, steps: list[list[Step]], places: int, names: tuple[str, ...], carry: str,
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
        has_infusion=any(s.rate_change or s.sign for own in steps for s in own),
        has_steady_state=bool(settles.any()),
        has_bound=bool((seen & np.isfinite(flat["bound"])).any()),
        changes_at_records=not np.array_equal(during, now), moved=_moved(steps, longest),
    )  # fmt: skip


def _moved(steps: list[list[Step]], longest: int) -> Moved | None:
    """Doses of all patients that parameters move."""
    if not any(s.is_moved for own in steps for s in own):
        return None
    names = ("is_moved", "begins_h", "place", "amount", "rate", "sign")
    found = {
        name: np.array([[getattr(s, name) for s in own] + [0] * (longest - len(own))
                        for own in steps]) for name in names
    }  # fmt: skip
    origin = np.tile(np.arange(longest), (len(steps), 1))
    for i, own in enumerate(steps):
        at = {id(s): j for j, s in enumerate(own)}
        origin[i, : len(own)] = [at[id(s.origin or s)] for s in own]
    return Moved(
        jnp.asarray(found["is_moved"] == 1), jnp.asarray(origin), jnp.asarray(found["begins_h"]),
        jnp.asarray(found["place"]), *(jnp.asarray(found[n], float) for n in names[3:]),
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
    records: Records, own: list[Step], names: tuple[str, ...], carry: str
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
