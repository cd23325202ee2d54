r"""Quality of life: scores of the EORTC QLQ-C30, and a course of its global health status.

Scoring is the manual's. The course is an assumption from end to end: no coefficients for myeloma
were published, so health falls and rises linearly with burden and with the toxicity of the day:

.. math:: H(t) = \mathrm{clip}\,[H_0 - a\,(T(t)^{1/3} - 1) - b\,(10 - Hb)_+ - c\,P(t)]

with *T* the burden in parts of the baseline, *Hb* the haemoglobin (g/dL) beyond what it was at
baseline, and *P* = 1 while platelets are below 50 or neutrophils below 1 x 10^9/L.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from pdcraft.biology.base import AbstractEndpoint
from pdcraft.domain import Effect, InputError, Outcome, Patient
from pdcraft.domain.units import HOURS_PER_DAY

SCALES = {"functional": (4, -1), "symptom": (4, 1), "global health": (7, 1)}
"""Highest answer, and whether a high score is much of it (1) or little (-1)."""


def qlq_c30_score(answers: ArrayLike, scale: str) -> Array:
    r"""Score of one scale of the QLQ-C30 from its answers. 0 to 100.

    .. math:: S = 100\,\frac{\bar x - 1}{m - 1} \text{ (symptom, global health)}, \qquad
              S = 100\left(1 - \frac{\bar x - 1}{m - 1}\right) \text{ (functional)}

    with :math:`\bar x` the mean of the answers 1 to *m*, *m* = 4, or 7 for global health. Answers
    that were not given are ``nan``; the scale counts if at least half were, else it is ``nan``.

    Parameters
    ----------
    answers
        The answers of the scale's items, in the last axis.
    scale
        ``"functional"``, ``"symptom"`` or ``"global health"``.

    Raises
    ------
    InputError
        If there is no such scale.

    References
    ----------
    qlqc30manual

    Examples
    --------
    >>> round(float(qlq_c30_score([1, 2, 2, 1, 1], "functional")), 4)
    86.6667
    >>> float(qlq_c30_score([5, 6], "global health"))
    75.0
    """
    if scale not in SCALES:
        raise InputError(f"Scale '{scale}' is not known. Choose from: {', '.join(SCALES)}.")
    highest, sign = SCALES[scale]
    x = jnp.asarray(answers, float)
    given = ~jnp.isnan(x)
    mean = jnp.where(given, x, 0.0).sum(axis=-1) / jnp.maximum(given.sum(axis=-1), 1)
    part = (mean - 1.0) / (highest - 1.0)
    score = 100.0 * (part if sign > 0 else 1.0 - part)
    return jnp.where(2 * given.sum(axis=-1) >= x.shape[-1], score, jnp.nan)


class QualityOfLife(AbstractEndpoint):
    """Global health status over time, and its first lasting fall.

    Event ``"quality of life"``: value = mean change of the status from baseline, up to the end of
    follow-up; time = first day from which the status stays 10 points or more below the baseline to
    the end; happened = whether there is one; grade 0.

    Attributes
    ----------
    least_change
        A change that matters to patients with myeloma: 6 to 17 points.

    References
    ----------
    kvam2010 (size of a change that matters); the coefficients are assumptions
    """

    least_change: float = eqx.field(static=True, default=10.0)

    events: ClassVar[tuple[str, ...]] = ("quality of life",)
    units: ClassVar[tuple[str, ...]] = ("1",)
    needs: ClassVar[Mapping[str, str]] = {
        "health.baseline": "1",
        "health.loss_by_burden": "1",
        "health.loss_by_haemoglobin": "dL/g",
        "health.loss_by_cytopenia": "1",
    }

    def status(self, effect: Effect, patient: Patient) -> Float[Array, "time"]:
        """Global health status at the instants of the clock. 0 to 100."""
        values = patient.parameters
        burden = jnp.maximum(effect.marker("tumour burden"), 0.0) ** (1.0 / 3.0) - 1.0
        pale = jnp.maximum(10.0 - effect.marker("haemoglobin"), 0.0)
        low = (effect.marker("platelets") < 50.0) | (effect.marker("neutrophils") < 1.0)
        ill = jnp.where(low, values["health.loss_by_cytopenia"], 0.0)
        ill = ill - ill[0]
        health = (
            values["health.baseline"]
            - values["health.loss_by_burden"] * burden
            - values["health.loss_by_haemoglobin"] * (pale - pale[0])
            - ill
        )
        return jnp.clip(health, 0.0, 100.0)

    def foresee(self, effect: Effect, patient: Patient) -> Outcome:
        """Mean change, and the first fall that lasts."""
        status, t_h = self.status(effect, patient), effect.clock.time_h
        fallen = status <= status[0] - self.least_change
        lasting = jnp.flip(jnp.cumprod(jnp.flip(fallen.astype(int)))) > 0
        happened = lasting.any()
        when = jnp.where(happened, t_h[jnp.argmax(lasting)], t_h[-1])
        change = jnp.trapezoid(status - status[0], t_h / HOURS_PER_DAY)
        return Outcome(
            self.events, self.units, (change / (t_h[-1] / HOURS_PER_DAY))[None],
            jnp.zeros(1, int), when[None], happened[None],
        )  # fmt: skip
