"""What has been seen in a trial, written as ``1NNN 2NNT``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from pdcraft.domain import InputError

_COHORT = re.compile(r"([0-9]+)([NTEB]+)")


@dataclass(frozen=True)
class Cohort:
    """Patients of one level with complete outcomes, one letter each.

    Attributes
    ----------
    level
        Dose level, from 1.
    outcomes
        ``N`` neither toxicity nor efficacy, ``T`` dose-limiting toxicity; as ``"NNT"``. Where
        efficacy is watched too, ``E`` efficacy alone and ``B`` both.
    """

    level: int
    outcomes: str

    @classmethod
    @lru_cache(maxsize=4096)
    def of_counts(cls, level: int, n: int, dlt: int) -> Cohort:
        """Cohort of ``n`` patients, those without toxicity first."""
        return cls(level, "N" * (n - dlt) + "T" * dlt)

    @classmethod
    def of_outcomes(
        cls, level: int, toxic: Sequence[bool] | np.ndarray, effective: Sequence[bool] | np.ndarray
    ) -> Cohort:
        """Cohort of patients with and without toxicity and efficacy, by outcome."""
        letters = ("NE"[bool(e)] if not t else "TB"[bool(e)]
                   for t, e in zip(toxic, effective, strict=True))  # fmt: skip
        return cls(level, "".join(sorted(letters)))

    @property
    def n(self) -> int:
        """Patients."""
        return len(self.outcomes)

    @property
    def dlt(self) -> int:
        """Patients with a dose-limiting toxicity."""
        return self.outcomes.count("T") + self.outcomes.count("B")

    def __str__(self) -> str:
        """Notation, as ``2NNT``."""
        return f"{self.level}{self.outcomes}"


@dataclass(frozen=True)
class History:
    """Cohorts in order of treatment.

    The notation gives level and outcomes of each cohort, as in the R package escalation.

    References
    ----------
    escalation

    Examples
    --------
    >>> seen = History.read("1NNN 2NNT")
    >>> seen.level, seen.n(2), seen.dlt(2), str(seen)
    (2, 3, 1, '1NNN 2NNT')
    """

    cohorts: tuple[Cohort, ...] = ()

    @classmethod
    def read(cls, text: str) -> History:
        """History of a text such as ``"1NNN 2NNT"``; an empty text is a trial not yet begun.

        Raises
        ------
        InputError
            If a cohort cannot be read, or its level is 0.
        """
        cohorts = []
        for i, word in enumerate(text.split(), start=1):
            match = _COHORT.fullmatch(word)
            if match is None:
                raise InputError(
                    f"Cohort {i} of '{text}' is '{word}', which cannot be read. Write the level "
                    "and one letter for each patient, N without and T with a dose-limiting "
                    "toxicity, as in '2NNT' (E efficacy alone, B both)."
                )
            if int(match[1]) < 1:
                raise InputError(
                    f"Cohort {i} of '{text}' is at level {match[1]}. Levels count from 1."
                )
            cohorts.append(Cohort(int(match[1]), match[2]))
        return cls(tuple(cohorts))

    @classmethod
    def of_counts(
        cls, n: tuple[int, ...], dlt: tuple[int, ...], *, level: int, last: Cohort | None = None
    ) -> History:
        """History with these counts at levels 1, 2, ... and ``level`` treated last.

        Each level is one cohort, but for ``last``, if given, which stands apart at the end.

        Raises
        ------
        InputError
            If the counts cannot be, or ``level`` has no patient.
        """
        if len(n) != len(dlt) or any(not 0 <= y <= m for m, y in zip(n, dlt, strict=False)):
            raise InputError(
                f"n = {n} and dlt = {dlt} must be of one length, with 0 <= dlt <= n at every level."
            )
        if not 1 <= level <= len(n) or n[level - 1] == 0:
            raise InputError(f"level = {level}, the last one treated, has no patient in n = {n}.")
        order = list(range(len(n)))
        order.append(order.pop(level - 1))
        if last is None:
            return cls(tuple(Cohort.of_counts(j + 1, n[j], dlt[j]) for j in order if n[j]))
        before = [(j + 1, n[j], dlt[j]) for j in order[:-1]]
        before.append((level, n[level - 1] - last.n, dlt[level - 1] - last.dlt))
        return cls((*(Cohort.of_counts(*counts) for counts in before if counts[1]), last))

    @cached_property
    def _counts(self) -> dict[int, tuple[int, int]]:
        counts: dict[int, tuple[int, int]] = {}
        for cohort in self.cohorts:
            n, dlt = counts.get(cohort.level, (0, 0))
            counts[cohort.level] = (n + cohort.n, dlt + cohort.dlt)
        return counts

    @property
    def level(self) -> int:
        """Level of the last cohort; 0 before the first."""
        return self.cohorts[-1].level if self.cohorts else 0

    @property
    def highest(self) -> int:
        """Highest level treated; 0 before the first cohort."""
        return max(self._counts, default=0)

    @cached_property
    def total(self) -> int:
        """Patients treated at all levels."""
        return sum(n for n, _ in self._counts.values())

    def n(self, level: int) -> int:
        """Patients treated at a level."""
        return self._counts.get(level, (0, 0))[0]

    def dlt(self, level: int) -> int:
        """Patients with a dose-limiting toxicity at a level."""
        return self._counts.get(level, (0, 0))[1]

    def count(self, level: int, letter: str) -> int:
        """Patients with this outcome at a level."""
        return sum(c.outcomes.count(letter) for c in self.cohorts if c.level == level)

    def counts(self, levels: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Patients and toxicities at levels 1 to ``levels``."""
        seen = [self._counts.get(level, (0, 0)) for level in range(1, levels + 1)]
        n, dlt = zip(*seen, strict=True)
        return n, dlt

    def describe(self, level: int) -> str:
        """What was seen at a level, in words: the beginning of most reasons."""
        n, dlt = self._counts.get(level, (0, 0))
        patients = "patient" if n == 1 else "patients"
        return f"{dlt} of {n} {patients} with a dose-limiting toxicity at level {level}"

    def then(self, level: int, outcomes: str) -> History:
        """The same history with one more cohort."""
        return History((*self.cohorts, Cohort(level, outcomes)))

    def __str__(self) -> str:
        """Notation, as ``1NNN 2NNT``."""
        return " ".join(map(str, self.cohorts))
