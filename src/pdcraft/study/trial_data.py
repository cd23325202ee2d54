"""Kept shards of a trial's pool → arrays by patient and level, and what a trial reads of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from pdcraft.biology import BestResponse, Death, ProgressionFreeSurvival
from pdcraft.biology.imwg import IMWG
from pdcraft.domain.units import HOURS_PER_DAY
from pdcraft.study import shards
from pdcraft.study.trial_prepare import TrialPlan
from pdcraft.trial import Outcomes

RESPONSE = "PR"
"""A response is a partial one or better, by the criteria of the disease."""


@dataclass(frozen=True)
class PoolData:
    """What is kept of all patients of one disease, level by level.

    Attributes
    ----------
    plan
        Schedules, rules, the river.
    kept
        For every level the arrays of `pdcraft.study.trial_shards.compute`, all patients.
    """

    plan: TrialPlan
    kept: tuple[dict[str, NDArray], ...]

    @classmethod
    def of_files(cls, plan: TrialPlan, files: Sequence[Sequence[Path]]) -> PoolData:
        """From the files of every level."""
        return cls(plan, tuple(shards.unpack(list(paths)) for paths in files))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the levels."""
        return tuple(s.name for s in self.plan.schedules)

    def at(self, level: str) -> dict[str, NDArray]:
        """Arrays of one level."""
        return self.kept[self.names.index(level)]

    def event(self, level: str, name: str) -> dict[str, NDArray]:
        """Grade, value, day and whether an event happened, of all patients."""
        events = [e for endpoint in self.plan.river.plan.endpoints for e in endpoint.events]
        kept, i = self.at(level), events.index(name)
        return {
            "grade": kept["event_grade"][:, i], "value": kept["event_value"][:, i],
            "day": kept["event_time_h"][:, i] / HOURS_PER_DAY,
            "happened": kept["event_happened"][:, i],
        }  # fmt: skip

    def response_d(self, level: str, least: str = RESPONSE) -> Float[np.ndarray, "patient"]:
        """Day of the first of the visits that show the best response; ``inf`` for none."""
        best = self.event(level, BestResponse.events[0])
        answered = (best["grade"] >= IMWG.index(least)) & best["happened"]
        return np.where(answered, best["day"], np.inf)

    def responded(self, level: str) -> Bool[np.ndarray, "patient"]:
        """Who has a response during follow-up."""
        return np.isfinite(self.response_d(level))

    def pfs(self, level: str) -> tuple[NDArray, NDArray]:
        """Day of progression or death (or of the end), and whether it happened."""
        found = self.event(level, ProgressionFreeSurvival.events[0])
        return found["day"], found["happened"]

    def death(self, level: str) -> tuple[NDArray, NDArray]:
        """Day of death (or of the end), and whether it happened."""
        found = self.event(level, Death.events[0])
        return found["day"], found["happened"]

    def grade4(self, level: str, event: str) -> Bool[np.ndarray, "patient"]:
        """Who has grade 4 of a cytopenia."""
        return self.event(level, event)["grade"] >= 4

    def outcomes(self, levels: Sequence[str], least: str = RESPONSE) -> Outcomes:
        """What simulated trials read, for these levels and responses of at least this depth."""

        def stacked(name: str) -> NDArray:
            return np.stack([self.at(level)[name] for level in levels], axis=1)

        response = np.stack([self.response_d(level, least) for level in levels], axis=1)
        return Outcomes(
            tuple(levels), stacked("dlt_d"), self.plan.dlt.window_d, stacked("leaves_d"), response
        )
