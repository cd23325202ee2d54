"""Single-arm trials with looks at the responses so far, exactly."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import binom

from pdcraft.domain import InputError


class SingleArmCharacteristics(NamedTuple):
    """What a trial does at one rate of response; no Monte Carlo error.

    Attributes
    ----------
    succeeds
        Probability of success, at a look or at the end.
    expected_n
        Expected number of patients.
    stops_for_futility, stops_for_efficacy
        Probability of an end before the last look.
    """

    succeeds: float
    expected_n: float
    stops_for_futility: float
    stops_for_efficacy: float


@dataclass(frozen=True)
class SingleArm:
    """Responses that end the trial at each look.

    Attributes
    ----------
    looks
        Patients at each look, rising; the last is the end.
    futile_at_most
        Responses with which the trial fails, at each look; -1 where it goes on with any.
    success_at_least
        Responses with which it succeeds; one above ``looks`` where it never does. At the end
        every count must be one or the other.

    Raises
    ------
    InputError
        If looks do not rise, there is not one boundary for each, or boundaries cross.

    Examples
    --------
    >>> simon = SingleArm((10, 29), (1, 5), (11, 6))
    >>> round(simon.characteristics(0.1).expected_n, 2)
    15.01
    """

    looks: tuple[int, ...]
    futile_at_most: tuple[int, ...]
    success_at_least: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.looks or any(a >= b for a, b in itertools.pairwise((0, *self.looks))):
            raise InputError(f"looks = {self.looks} must rise from at least 1, as (10, 20, 40).")
        if not len(self.looks) == len(self.futile_at_most) == len(self.success_at_least):
            raise InputError(
                f"{len(self.looks)} looks, {len(self.futile_at_most)} boundaries of futility and "
                f"{len(self.success_at_least)} of success are given; one of each is needed."
            )
        bounds = zip(self.looks, self.futile_at_most, self.success_at_least, strict=True)
        for n, low, high in bounds:
            if low >= high:
                raise InputError(
                    f"At the look after {n} patients at most {low} are futile and at least {high} "
                    "a success; the first must be below the second."
                )
        if self.success_at_least[-1] != self.futile_at_most[-1] + 1:
            raise InputError(
                f"At the end at most {self.futile_at_most[-1]} are futile and at least "
                f"{self.success_at_least[-1]} a success; no count may be left between."
            )

    def characteristics(self, p: float) -> SingleArmCharacteristics:
        """Probabilities and expected patients at a rate of response.

        Raises
        ------
        InputError
            If the rate is no probability.
        """
        if not 0 <= p <= 1:
            raise InputError(f"p = {p:g} must lie between 0 and 1.")
        going, before = np.ones(1), 0
        expected = failed = succeeded = early_failed = early_succeeded = 0.0
        for n, low, high in zip(
            self.looks, self.futile_at_most, self.success_at_least, strict=True
        ):
            added = binom.pmf(np.arange(n - before + 1), n - before, p)
            expected += (n - before) * going.sum()
            going, before = np.convolve(going, added), n
            early_failed, early_succeeded = failed, succeeded
            failed += going[: low + 1].sum()
            succeeded += going[high:].sum()
            going[: low + 1] = 0.0
            going[high:] = 0.0
        return SingleArmCharacteristics(*map(float, (
            succeeded, expected, early_failed, early_succeeded)))  # fmt: skip

    def advise(self, n: int, responses: int) -> str:
        """What to do after ``n`` patients of whom some responded, and why.

        Raises
        ------
        InputError
            If the counts cannot be.
        """
        if not 0 <= responses <= n <= self.looks[-1]:
            raise InputError(
                f"{responses} responses of {n} patients do not fit into {self.looks[-1]}."
            )
        seen = f"{responses} of {n} responded"
        if n not in self.looks:
            following = next(look for look in self.looks if look > n)
            return f"go on: {seen}, the next look is at {following} patients"
        at = self.looks.index(n)
        if responses <= self.futile_at_most[at]:
            return f"stop: {seen}, at most {self.futile_at_most[at]} are futile"
        if responses >= self.success_at_least[at]:
            return f"success: {seen}, at least {self.success_at_least[at]} are one"
        return f"go on: {seen}, neither futile nor a success"
