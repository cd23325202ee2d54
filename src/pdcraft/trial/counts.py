"""Many histories at once, each by its counts: what makes exact characteristics fast."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int


class Counts(NamedTuple):
    """Histories by what rules that read counts need of them.

    Attributes
    ----------
    n, dlt
        Patients and toxicities at every level. ``[state, level]``
    level
        Level of the last cohort. ``[state]``
    last_n, last_dlt
        Of the last cohort. ``[state]``
    """

    n: Int[np.ndarray, "state level"]
    dlt: Int[np.ndarray, "state level"]
    level: Int[np.ndarray, "state"]
    last_n: Int[np.ndarray, "state"]
    last_dlt: Int[np.ndarray, "state"]

    @property
    def total(self) -> Int[np.ndarray, "state"]:
        """Patients at all levels."""
        return self.n.sum(axis=1)

    @property
    def highest(self) -> Int[np.ndarray, "state"]:
        """Highest level treated."""
        levels = self.n.shape[1]
        return levels - np.argmax(self.n[:, ::-1] > 0, axis=1)

    def at(self, level: Int[np.ndarray, "state"]) -> tuple[np.ndarray, np.ndarray]:
        """Patients and toxicities at one level of each state."""
        rows = np.arange(len(level))
        return self.n[rows, level - 1], self.dlt[rows, level - 1]

    def part(self, which: Bool[np.ndarray, "state"]) -> Counts:
        """Some of the states."""
        return Counts(*(a[which] for a in self))


@dataclass(frozen=True)
class Moves:
    """What follows in each state; `Advice` for many.

    Attributes
    ----------
    level
        Level of the next cohort; 0 where the trial stops. ``[state]``
    size
        Patients of the next cohort. ``[state]``
    ceiling
        Highest level that may still be given. ``[state]``
    barred
        Where the trial stops without MTD. ``[state]``
    """

    level: Int[np.ndarray, "state"]
    size: Int[np.ndarray, "state"]
    ceiling: Int[np.ndarray, "state"]
    barred: Bool[np.ndarray, "state"]

    @classmethod
    def none_yet(cls, states: int, size: int, levels: int) -> Moves:
        """Before the first rule speaks."""
        return cls(
            np.ones(states, int), np.full(states, size), np.full(states, levels),
            np.zeros(states, bool),
        )  # fmt: skip

    def part(self, which: Bool[np.ndarray, "state"]) -> Moves:
        """Some of the states."""
        return Moves(self.level[which], self.size[which], self.ceiling[which], self.barred[which])

    def go(self, level: Int[np.ndarray, "state"]) -> Moves:
        """Changed copy: another level where the trial has not stopped."""
        return replace(self, level=np.where(self.level == 0, 0, level))

    def stop(
        self, where: Bool[np.ndarray, "state"], *, barred: bool | Bool[np.ndarray, "state"] = False
    ) -> Moves:
        """Changed copy: treat nobody more in these states that have not stopped before."""
        newly = where & (self.level > 0)
        return replace(
            self, level=np.where(newly, 0, self.level), barred=self.barred | (newly & barred)
        )
