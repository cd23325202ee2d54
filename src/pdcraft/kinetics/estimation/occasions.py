r"""Variability between occasions: a patient's parameters differ from one occasion to the next.

.. math:: P_{ijk}=g_j\big(\theta_j,\ \eta_{ij}+\kappa_{ijk}\big),\qquad
          \kappa_{ijk}\sim N(0,\pi_j^2)

on occasion :math:`k`, with one variance for all occasions; every :math:`\kappa` is one more random
effect of the patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Array, Float

from pdcraft.domain import InputError
from pdcraft.domain.records import Records


@dataclass(frozen=True)
class Occasions:
    """Which parameters vary between the occasions that a column of the data tells apart.

    Attributes
    ----------
    column
        Column that numbers the occasions, as OCC.
    variances
        Variance between occasions by parameter, on the scale of its shape.
    shapes
        How each varies, in the same order: `SHAPES`.
    labels
        Numbers of the occasions; from the data by `with_occasions`.
    fixed
        Parameters whose variance is not estimated.

    References
    ----------
    karlsson1993, the model of variability between occasions
    """

    column: str
    variances: Mapping[str, float]
    shapes: tuple[str, ...]
    labels: tuple[float, ...] = ()
    fixed: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse a variance that is not above 0."""
        for name, variance in self.variances.items():
            if not variance > 0:
                raise InputError(
                    f"The variance of {name} between occasions = {variance:g} must be above 0. "
                    "Leave it out if there is none."
                )

    @property
    def count(self) -> int:
        """Number of random effects of a patient: parameters times occasions."""
        return len(self.variances) * len(self.labels)

    def check(self, records: Records) -> None:
        """Refuse data of occasions that are not among the labels."""
        column = records.covariates.get(self.column, np.array([]))
        other = sorted({f"{x:g}" for x in column if x not in self.labels})
        if other:
            raise InputError(
                f"The model does not know the occasions {', '.join(other)} of column {self.column}"
                f"; it has {', '.join(f'{x:g}' for x in self.labels) or 'none'}. Use "
                "model.with_occasions(records)."
            )

    def at(
        self, name: str, kappa: Float[Array, "effect"], column: Float[Array, "step"]
    ) -> Float[Array, "step"]:
        """Deviation of a parameter at every step, from all deviations of the patient."""
        first = [*self.variances].index(name) * len(self.labels)
        return sum(
            (kappa[first + k] * (column == label) for k, label in enumerate(self.labels)),
            0.0 * column,
        )


def occasion_labels(occasions: Occasions, records: Records) -> tuple[float, ...]:
    """Numbers of the occasions that the data hold.

    Raises
    ------
    InputError
        If the column lacks, or no patient was observed on two occasions.
    """
    if occasions.column not in records.covariates:
        raise InputError(
            f"Column {occasions.column}, which numbers occasions, was not read; the data have "
            f"{', '.join(records.covariates) or 'no covariates'}."
        )
    column, seen = records.covariates[occasions.column], records.is_observed
    several = any(
        len(np.unique(column[own][seen[own]])) > 1
        for own in (records.of(i) for i in range(len(records.subjects)))
    )
    if not several:
        raise InputError(
            f"No patient was observed on two occasions (column {occasions.column}): variability "
            "between occasions cannot be told from that between patients. Leave [occasion] out."
        )
    return tuple(float(x) for x in np.unique(column))
