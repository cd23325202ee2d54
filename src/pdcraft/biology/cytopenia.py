"""Endpoints read from blood counts: cytopenia with its recovery, dose-limiting toxicity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.biology.base import AbstractEndpoint
from pdcraft.biology.grading import Limits, ctcae_grade
from pdcraft.biology.lineage import LINEAGES, UNITS
from pdcraft.domain import Effect, InputError, Outcome, Patient
from pdcraft.domain.units import HOURS_PER_DAY

NAMES = {
    "platelets": "thrombocytopenia", "neutrophils": "neutropenia", "haemoglobin": "anaemia",
    "lymphocytes": "lymphopenia",
}  # fmt: skip
_RECOVERY = {
    "platelets": "platelet recovery", "neutrophils": "neutrophil recovery",
    "haemoglobin": "haemoglobin recovery", "lymphocytes": "lymphocyte recovery",
}  # fmt: skip


class Cytopenia(AbstractEndpoint):
    """Nadir of one count with its CTCAE grade, and recovery from it.

    Events: ``"thrombocytopenia"`` (``"neutropenia"``, ``"anaemia"``, ``"lymphopenia"``): value =
    nadir, grade = worst grade, time = nadir, happened = grade 1 or worse. ``"platelet recovery"``
    (that of neutrophils, haemoglobin, lymphocytes): first return, after the nadir, to grade 1 or to
    the grade at baseline, whichever asks for less; value = days since the count first fell below
    that level; happened is False where the count never fell below it or did not return during
    follow-up.

    Attributes
    ----------
    lineage
        One of `LINEAGES`.
    limits
        Upper limits of the grades 1 to 4, as `ctcae_limits` reads them from the library.
    ctcae
        Version of the limits, ``"5.0"`` or ``"6.0"``; the two differ in grades 3 and 4.
    """

    lineage: str = eqx.field(static=True)
    limits: Limits = eqx.field(static=True)
    ctcae: str = eqx.field(static=True)

    def __check_init__(self) -> None:
        """Refuse another lineage, or limits that do not fall."""
        if self.lineage not in NAMES:
            raise InputError(
                f"Cytopenia of '{self.lineage}' is not known. Choose from: {', '.join(NAMES)}."
            )
        numbers = [x for x in self.limits if x is not None]
        if len(self.limits) != 4 or numbers != sorted(numbers, reverse=True):
            raise InputError(
                f"CTCAE limits {self.limits} must be four, falling from grade 1 to grade 4."
            )

    @property
    def events(self) -> tuple[str, ...]:
        """The cytopenia and the recovery from it."""
        return (NAMES[self.lineage], _RECOVERY[self.lineage])

    @property
    def units(self) -> tuple[str, ...]:
        """Unit of the count, and days."""
        return (UNITS[LINEAGES.index(self.lineage)], "d")

    @property
    def needs(self) -> Mapping[str, str]:
        """The laboratory's lower limit of normal."""
        return {f"{self.lineage}.lln": self.units[0]}

    def foresee(self, effect: Effect, patient: Patient) -> Outcome:
        """Nadir, grade, recovery."""
        count, t_h = effect.marker(self.lineage), effect.clock.time_h
        lln = patient.parameters[f"{self.lineage}.lln"]
        lowest = jnp.argmin(count)
        grade = ctcae_grade(count[lowest], self.limits, lower_limit_of_normal=lln)

        before = ctcae_grade(count[0], self.limits, lower_limit_of_normal=lln)
        level = jnp.array([*self.limits[1:2], *self.limits[1:], 0.0])[before]
        fell = count[lowest] < level
        fell_h = crossing_h(t_h, level - count, jnp.asarray(0))
        back_h = crossing_h(t_h, count - level, lowest)
        recovered = fell & jnp.isfinite(back_h)
        end_h = t_h[-1]
        back_h = jnp.where(recovered, back_h, end_h)
        return Outcome(
            self.events,
            self.units,
            jnp.stack([count[lowest], jnp.where(fell, back_h - fell_h, 0.0) / HOURS_PER_DAY]),
            jnp.stack([grade, grade]),
            jnp.stack([jnp.where(grade > 0, t_h[lowest], end_h), back_h]),
            jnp.stack([grade > 0, recovered]),
        )


class CountRule(eqx.Module):
    """A count below a limit for at least so many days (0: at any instant)."""

    lineage: str = eqx.field(static=True)
    below: float = eqx.field(static=True)
    days: float = eqx.field(static=True, default=0.0)


class DoseLimitingToxicity(AbstractEndpoint):
    """The first of some rules on counts that is broken within a window from t = 0.

    Event ``"dose-limiting toxicity"``: value = number of rules broken, grade = position (from 1) of
    the rule broken first, 0 if none; time = when it was broken: the moment at which the count has
    been below for as long as the rule says.

    Attributes
    ----------
    rules
        `CountRule` s.
    window_day
        Length of the window. d.
    """

    rules: tuple[CountRule, ...]
    window_day: float = eqx.field(static=True)

    def __check_init__(self) -> None:
        """Refuse a definition without rules or without a window."""
        if not self.rules or not self.window_day > 0:
            raise InputError(
                "Dose-limiting toxicity needs at least one CountRule and a window_day > 0 d; got "
                f"{len(self.rules)} rules and {self.window_day:g} d."
            )

    events: ClassVar[tuple[str, ...]] = ("dose-limiting toxicity",)
    units: ClassVar[tuple[str, ...]] = ("1",)
    needs: ClassVar[Mapping[str, str]] = {}

    def foresee(self, effect: Effect, patient: Patient) -> Outcome:
        """Whether, which rule, when."""
        t_h = effect.clock.time_h
        when = jnp.stack(
            [
                _broken_h(t_h, effect.marker(r.lineage), r.below, r.days * HOURS_PER_DAY)
                for r in self.rules
            ]
        )
        window_h = self.window_day * HOURS_PER_DAY
        broken = when <= window_h
        happened = broken.any()
        end_h = jnp.minimum(window_h, t_h[-1])
        return Outcome(
            self.events,
            self.units,
            broken.sum().astype(float)[None],
            jnp.where(happened, jnp.argmin(when) + 1, 0)[None],
            jnp.where(happened, when.min(), end_h)[None],
            happened[None],
        )


def crossing_h(t_h: Float[Array, "time"], above: Float[Array, "time"], start: Array) -> Array:
    """First instant from sample ``start`` on at which ``above`` >= 0; infinite if never."""
    later = (jnp.arange(t_h.shape[0]) >= start) & (above >= 0)
    i = jnp.argmax(later)
    j = jnp.maximum(i - 1, start)
    rise = above[i] - above[j]
    x = jnp.where(rise > 0, -above[j] / jnp.where(rise > 0, rise, 1.0), 1.0)
    crossing = t_h[j] + jnp.clip(x, 0.0, 1.0) * (t_h[i] - t_h[j])
    return jnp.where(later.any(), crossing, jnp.inf)


def _broken_h(
    t_h: Float[Array, "time"], count: Float[Array, "time"], limit: float, least_h: float
) -> Array:
    """Instant at which the count has been below ``limit`` for ``least_h``; infinite if never."""
    low = count < limit
    step = count[1:] - count[:-1]
    share = jnp.where(step == 0, 0.0, (limit - count[:-1]) / jnp.where(step == 0, 1.0, step))
    crossing = t_h[:-1] + jnp.clip(share, 0.0, 1.0) * jnp.diff(t_h)
    went = jnp.concatenate([t_h[:1], jnp.where(low[:-1], -jnp.inf, crossing)])

    def latest(last: Array, new: Array) -> tuple[Array, Array]:
        return jnp.maximum(last, new), jnp.maximum(last, new)

    _, began = jax.lax.scan(latest, jnp.asarray(-jnp.inf, t_h.dtype), went)
    until = jnp.concatenate([jnp.where(low[1:], t_h[1:], crossing), t_h[-1:]])
    long_enough = low & (until - began >= least_h)
    return jnp.where(long_enough, began + least_h, jnp.inf).min()
