"""From persons with a disease to patients of a trial: criteria, sites, accrual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from pdcraft.domain import InputError
from pdcraft.trial.accrual import Poisson


@dataclass(frozen=True)
class Criterion:
    """One criterion of eligibility, by the share of those left who meet it.

    Raises
    ------
    InputError
        Unless the share lies above 0 and is at most 1.
    """

    name: str
    share: float

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise InputError(
                f"'{self.name}': share = {self.share:g} must lie above 0 and be at most 1. A "
                "criterion that nobody meets leaves no trial."
            )


class Step(NamedTuple):
    """What is left after a criterion."""

    name: str
    share: float
    persons: float


@dataclass(frozen=True)
class Funnel:
    """Persons who may become patients, criterion after criterion.

    Attributes
    ----------
    persons_per_year
        Who come into question in a year: new cases, or those living with the disease who relapse.
    criteria
        Each with the share of those left who meet it.

    Examples
    --------
    >>> funnel = Funnel(30_330, (Criterion("after three lines", 0.2), Criterion("fit", 0.5)))
    >>> round(funnel.eligible_per_year), [round(step.persons) for step in funnel.steps]
    (3033, [6066, 3033])
    """

    persons_per_year: float
    criteria: tuple[Criterion, ...] = ()

    def __post_init__(self) -> None:
        if not self.persons_per_year > 0:
            raise InputError(
                f"persons_per_year = {self.persons_per_year:g} must be greater than 0: who come "
                "into question in a year."
            )

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is left after every criterion."""
        left, steps = float(self.persons_per_year), []
        for criterion in self.criteria:
            left *= criterion.share
            steps.append(Step(criterion.name, criterion.share, left))
        return tuple(steps)

    @property
    def eligible_per_year(self) -> float:
        """Who meet all criteria."""
        return self.steps[-1].persons if self.criteria else float(self.persons_per_year)

    def share_enrolled(self, accrual: Poisson) -> float:
        """Share of all eligible patients that the trial enrols when every site is fully active.

        Raises
        ------
        InputError
            If the sites would enrol more patients than there are.
        """
        wanted = 12 * sum(site.per_month for site in accrual.sites)
        if wanted > self.eligible_per_year:
            raise InputError(
                f"The sites would enrol {wanted:.0f} patients a year, but only "
                f"{self.eligible_per_year:.0f} are eligible. Widen the criteria or lower the rates."
            )
        return wanted / self.eligible_per_year
