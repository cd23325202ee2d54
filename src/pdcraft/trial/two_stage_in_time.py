"""Simon's two stages in calendar time, on patients whose responses come when they come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from pdcraft.domain import InputError
from pdcraft.trial.accrual import AbstractAccrual
from pdcraft.trial.pool import Pool
from pdcraft.trial.simon import TwoStage


class TwoStageTrials(NamedTuple):
    """Trials of one design. ``[trial]``.

    Attributes
    ----------
    success
        More responses than the design asks for.
    n
        Patients treated.
    early
        Stopped after the first stage.
    duration_d
        From the start of recruitment until the last response is known.
    responses
        Responses counted.
    """

    success: Bool[np.ndarray, "trial"]
    n: Int[np.ndarray, "trial"]
    early: Bool[np.ndarray, "trial"]
    duration_d: Float[np.ndarray, "trial"]
    responses: Int[np.ndarray, "trial"]


@dataclass(frozen=True)
class TwoStageConduct:
    """A two-stage design in time.

    Recruitment is held after the first stage until it is known whether the second follows: as soon
    as there are enough responses, or when all of the first stage have been assessed. Who leaves
    without a response has not responded.

    Attributes
    ----------
    design
        Stages and boundaries.
    accrual
        How patients come.
    assessed_by_d
        Days within which a response counts.

    Raises
    ------
    InputError
        If nobody is assessed.
    """

    design: TwoStage
    accrual: AbstractAccrual
    assessed_by_d: float

    def __post_init__(self) -> None:
        if not self.assessed_by_d > 0:
            raise InputError(f"assessed_by_d = {self.assessed_by_d:g} d must be above 0 d.")

    def simulate(
        self,
        response_d: Float[np.ndarray, "patient"],
        leaves_d: Float[np.ndarray, "patient"],
        *,
        pool: Pool,
        trials: int,
    ) -> TwoStageTrials:
        """Trials on a pool of patients.

        Parameters
        ----------
        response_d
            Day of response of every patient of the pool; ``inf`` for none.
        leaves_d
            Death or leaving.
        pool
            Who is in which trial.
        trials
            How many.
        """
        every = [self._one(response_d, leaves_d, pool, t) for t in range(trials)]
        return TwoStageTrials(*(np.array(column) for column in zip(*every, strict=True)))

    def _one(
        self, response_d: np.ndarray, leaves_d: np.ndarray, pool: Pool, trial: int
    ) -> tuple[bool, int, bool, float, int]:
        design, who = self.design, pool.order(trial)[: self.design.n]
        within = np.minimum(self.assessed_by_d, leaves_d[who])
        responded = response_d[who] <= within
        known = np.where(responded, response_d[who], within)
        n1 = design.n1
        come = self.accrual.arrivals_d(n1, seed=pool.seed, trial=trial)
        day = np.sort(come[:n1] + known[:n1])
        first = int(responded[:n1].sum())
        if first <= design.r1:
            return False, n1, True, float(day[-1]), first
        enough = np.sort((come[:n1] + known[:n1])[responded[:n1]])[design.r1]
        second = self._after(enough, n1, design.n - n1, pool.seed, trial)
        responses = int(responded.sum())
        end = max(float(day[-1]), float((second + known[n1:]).max(initial=0.0)))
        return responses > design.r, design.n, False, end, responses

    def _after(
        self, day: float, gone: int, n: int, seed: int, trial: int
    ) -> Float[np.ndarray, "n"]:
        """Arrivals of ``n`` patients from a day on, of those who come after the first ``gone``."""
        many = gone + n
        while True:
            come = self.accrual.arrivals_d(many, seed=seed, trial=trial)[gone:]
            come = come[come >= day]
            if len(come) >= n:
                return come[:n]
            many *= 2
