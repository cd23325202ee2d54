"""Doses and observations of many patients, one record each, in the field's event format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EVENTS = {0: "observation", 1: "dose", 2: "other", 3: "reset", 4: "reset and dose"}
"""What a record can be (EVID)."""


@dataclass(frozen=True)
class Records:
    """Event records in the order of the file; columns have one entry for each record.

    Attributes
    ----------
    subjects
        Labels of the patients.
    subject
        Index into ``subjects``.
    time_h, event
        Time since the patient's first record's clock (h), and one of `EVENTS`.
    amount, rate_per_h
        Dose, and its rate if it is an infusion: 0 for a bolus, -1 where the rate is a parameter
        of the model, -2 where the duration is one.
    additional, interval_h, steady_state
        Further doses after this one, their interval, and whether the dose is one of infinitely
        many: 1 (and nothing else was given), 2 (besides what was given). With amount 0 and no
        interval it is an infusion that never ended.
    compartment
        Number of the compartment, from 1; 0 for the model's own.
    value, is_observed
        What was measured, and whether it counts.
    censoring, limit
        1 where the value lies below ``limit`` (0: measured; -1: above it).
    bound
        The other end of where a censored value lies, nan where there is none; None: nowhere.
    kind
        What was measured, from 0, where there are several; None: read from the compartment.
    covariates
        Further columns by name.
    amount_unit, value_unit
        Units of ``amount`` and ``value``.
    rows
        Line of the file of each record.
    """

    subjects: tuple[str, ...]
    subject: Ints
    time_h: Floats
    event: Ints
    amount: Floats
    rate_per_h: Floats
    additional: Ints
    interval_h: Floats
    steady_state: Ints
    compartment: Ints
    value: Floats
    is_observed: NDArray[np.bool_]
    censoring: Ints
    limit: Floats
    covariates: Mapping[str, Floats] = field(default_factory=dict)
    amount_unit: str = "1"
    value_unit: str = "1"
    rows: tuple[int, ...] = ()
    bound: Floats | None = None
    kind: Ints | None = None

    def of(self, subject: int) -> Ints:
        """Indices of one patient's records, in the order of the file."""
        return np.flatnonzero(self.subject == subject)

    def row(self, record: int) -> str:
        """Words for one record in a message."""
        line = f"line {self.rows[record]}" if self.rows else f"record {record + 1}"
        return f"{line} (patient {self.subjects[self.subject[record]]})"

    @property
    def observations(self) -> int:
        """Number of values that count."""
        return int(self.is_observed.sum())
