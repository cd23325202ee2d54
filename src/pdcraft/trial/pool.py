r"""Which patients are in which simulated trial, and what sharing them costs.

The river is dear and trials are cheap, so trials share a pool of patients. The pool is cut into
groups; every trial draws its patients from one group, without replacement and in random order.
Every single trial then has exactly the law of a trial on new patients, so no estimate is biased;
but trials of one group are alike. The standard error is therefore that of the means of groups,

.. math:: SE = \sqrt{\frac{1}{G(G-1)}\sum_g (\bar x_g - \bar x)^2},

which holds both what more trials and what more patients would make smaller
(docs/theory/trial.md, Eq. 36).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pdcraft.domain import InputError
from pdcraft.trial.simulated import share_error

GROUPS = 20
"""Groups into which a pool is cut where it is large enough: the standard error is then itself
known to one sixth."""
_STREAM = zlib.crc32(b"patients of a trial")


@dataclass(frozen=True)
class Pool:
    """Patients shared by trials.

    Attributes
    ----------
    patients
        Number in the pool.
    per_trial
        Most that one trial may need.
    seed
        Of the draws.

    Raises
    ------
    InputError
        If the pool holds too few for two trials without a common patient.

    Examples
    --------
    >>> pool = Pool(2000, per_trial=40, seed=1)
    >>> pool.groups, pool.order(7).shape, bool(pool.order(7).max() < 8 * 100)
    (20, (100,), True)
    """

    patients: int
    per_trial: int
    seed: int

    def __post_init__(self) -> None:
        if self.per_trial < 1 or self.patients < 2 * self.per_trial:
            raise InputError(
                f"{self.patients} patients are too few for trials that may need "
                f"{self.per_trial}: without two groups of patients there is no Monte Carlo error. "
                f"Simulate at least {2 * self.per_trial}."
            )

    @property
    def groups(self) -> int:
        """Number of groups."""
        return min(GROUPS, self.patients // self.per_trial)

    def group(self, trial: int) -> int:
        """Group of a trial: they take turns."""
        return trial % self.groups

    def order(self, trial: int) -> Int[np.ndarray, "patient"]:
        """Patients of a trial in the order in which they come, whatever else is simulated."""
        size = self.patients // self.groups
        bits = np.random.Philox(key=[self.seed, trial], counter=[0, 0, 0, _STREAM])
        return self.group(trial) * size + np.random.Generator(bits).permutation(size)

    def mean(
        self, values: Float[np.ndarray, "trial *what"]
    ) -> tuple[Float[np.ndarray, "*what"], Float[np.ndarray, "*what"]]:
        """Mean over trials 0, 1, 2, ... and its standard error, both over means of groups.

        Where no trial has what is counted, or every trial meets a condition, groups do not differ;
        the error of numbers and truth values is then that of a share of 0 in so many trials
        (`share_error`), not 0.

        Raises
        ------
        InputError
            If there are fewer trials than groups.
        """
        counted = np.asarray(values)
        values = counted.astype(float)
        if len(values) < self.groups:
            raise InputError(
                f"{len(values)} trials are fewer than the {self.groups} groups of patients. "
                f"Simulate at least {self.groups}."
            )
        of = np.stack([values[g :: self.groups].mean(axis=0) for g in range(self.groups)])
        error = of.std(axis=0, ddof=1) / np.sqrt(self.groups)
        none = counted.dtype.kind in "bui" and ~np.any(counted, axis=0)
        if counted.dtype == bool:
            none = none | np.all(counted, axis=0)
        return of.mean(axis=0), np.where(none, share_error(np.zeros(()), len(values)), error)
