r"""Linear-quadratic kill by a changing dose rate: lethal lesions per cell, and surviving fraction.

The kill hazard is :math:`h(t) = \alpha\dot D_\alpha + 2\beta\,\dot D\,Q` with unrepaired damage
:math:`Q' = \dot D - \mu Q`. Its integral is :math:`\alpha` times the BED delivered so far, which
has a closed form for exponential modes, so that no repair state needs to be solved for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from pdcraft.biology.base import AbstractEffect
from pdcraft.biology.bed import (
    Real,
    eqd2_Gy,
    overlap_h,
    quadratic_dose_Gy2,
    repair_modes,
    repair_rate_per_h,
)
from pdcraft.biology.sampled import sampled_dose_by
from pdcraft.domain import (
    Amount,
    DoseRate,
    Effect,
    Exponentials,
    Patient,
    Samples,
    Values,
)


class TissueDose(eqx.Module):
    r"""Dose rate in one tissue, as the linear-quadratic model reads it.

    Attributes
    ----------
    clock
        Exponential modes, or instants between which the dose rate goes in straight lines.
    linear_Gy_per_h
        With alpha particles weighted by their RBE at low dose; Gy/h, ``[mode]``.
    physical_Gy_per_h
        Without weights; Gy/h, ``[mode]``. It makes the quadratic term, whose beta does not depend
        on the radiation.
    """

    clock: Exponentials | Samples
    linear_Gy_per_h: Float[Array, "mode"]
    physical_Gy_per_h: Float[Array, "mode"]

    @classmethod
    def exponential(cls, dose_Gy: Real, half_life_h: Real) -> TissueDose:
        """One exponential from a bolus at t = 0, without alpha particles."""
        lam = jnp.log(2.0) / jnp.asarray(half_life_h, float)[None]
        rate = jnp.asarray(dose_Gy) * lam
        return cls(Exponentials(lam, jnp.zeros(1), jnp.zeros(1)), rate, rate)

    def by(
        self, t_h: Float[Array, "time"], repair_half_time_h: Real
    ) -> tuple[Float[Array, "time"], Float[Array, "time"]]:
        r"""Weighted dose (Gy) and protracted :math:`G D^2` (Gy^2) delivered by given instants."""
        if isinstance(self.clock, Samples):
            return self._sampled_by(t_h, repair_half_time_h)
        return (
            dose_by_Gy(self.clock, self.linear_Gy_per_h, t_h),
            quadratic_dose_by_Gy2(
                self.clock, self.physical_Gy_per_h, t_h, repair_half_time_h=repair_half_time_h
            ),
        )

    def along(
        self, t_h: Float[Array, "time"], repair_half_time_h: Real
    ) -> tuple[Float[Array, "time"], Float[Array, "time"]]:
        r"""As `by`, at many rising instants and for a fifth of the work.

        Where there are more than `MANY` instants, :math:`G D^2` is computed at the first eight and
        then at every eighth; in between it goes with the dose, as both come at the same moments.
        BED is then right to 0.2 % in between (checked), and in full at the end.
        """
        if isinstance(self.clock, Samples):
            return self._sampled_by(t_h, repair_half_time_h)
        linear, among = dose_by_Gy(self.clock, self.linear_Gy_per_h, t_h), _among(t_h.shape[0])
        quadratic = quadratic_dose_by_Gy2(
            self.clock, self.physical_Gy_per_h, t_h[among], repair_half_time_h=repair_half_time_h
        )
        return linear, _spread(quadratic, linear, among)

    def total(self, repair_half_time_h: Real) -> tuple[Array, Array]:
        r"""Weighted dose (Gy) and protracted :math:`G D^2` (Gy^2), to the end."""
        if isinstance(self.clock, Samples):
            linear, quadratic = self._sampled_by(self.clock.time_h[-1:], repair_half_time_h)
            return linear[0], quadratic[0]
        return (
            self.linear_Gy_per_h @ self.clock.integral_h,
            quadratic_dose_Gy2(
                self.clock, self.physical_Gy_per_h, repair_half_time_h=repair_half_time_h
            ),
        )

    def _sampled_by(self, t_h: Array, repair_half_time_h: Real) -> tuple[Array, Array]:
        repair = repair_rate_per_h(repair_half_time_h)
        linear, _ = sampled_dose_by(
            self.clock.time_h, self.linear_Gy_per_h, t_h, repair_rate_per_h=repair
        )
        _, quadratic = sampled_dose_by(
            self.clock.time_h, self.physical_Gy_per_h, t_h, repair_rate_per_h=repair
        )
        return linear, quadratic


_NO_DOSE_GY = 1e-200
MANY = 64
"""Instants up to which every one is computed in full."""


def _among(n: int) -> NDArray[np.int64]:
    """Positions, of ``n`` instants, at which the quadratic dose is computed in full."""
    if n <= MANY:
        return np.arange(n)
    return np.concatenate([np.arange(8), np.arange(8, n - 1, 8), [n - 1]])


def _spread(
    quadratic: Float[Array, "few"], linear: Float[Array, "time"], among: NDArray[np.int64]
) -> Float[Array, "time"]:
    """Quadratic dose at all instants from some of them: in between it goes with the dose."""
    n = linear.shape[0]
    if n == len(among):
        return quadratic
    before = np.clip(np.searchsorted(among, np.arange(n), side="right") - 1, 0, len(among) - 2)
    low, high = linear[among[before]], linear[among[before + 1]]
    gap = high - low
    some = gap > _NO_DOSE_GY  # a difference of denormal numbers is no divisor
    share = jnp.where(some, (linear - low) / jnp.where(some, gap, 1.0), 0.0)
    return quadratic[before] + share * (quadratic[before + 1] - quadratic[before])


def tissue_dose(dose_rate: DoseRate, tissue: str, *, rbe_alpha: Real) -> TissueDose:
    """Dose rate in one tissue with alpha particles weighted by ``rbe_alpha`` at low dose.

    Raises
    ------
    MissingError
        If the dose rate holds no such region.
    """
    rates = dose_rate.Gy_per_h[dose_rate.space.index(tissue)]
    weight = jnp.stack(
        [jnp.asarray(rbe_alpha if r == "alpha" else 1.0, float) for r in dose_rate.radiations]
    )
    return TissueDose(dose_rate.clock, weight @ rates, rates.sum(axis=0))


def dose_by_Gy(
    clock: Exponentials, rate_Gy_per_h: Float[Array, "mode"], t_h: Float[Array, "time"]
) -> Float[Array, "time"]:
    r"""Dose delivered by given instants. Gy, ``[time]``.

    .. math:: D(t) = \sum_i R_i\,\frac{f_i(t) - \varphi_i(t)}{\lambda_i}

    with :math:`f_i` the share of the administration that has entered; exact for infusions.
    """
    since = t_h[:, None] - clock.start_h
    T = clock.duration_h
    entered = jnp.clip(since, 0.0, T) / jnp.where(T > 0, T, 1.0)
    entered = jnp.where(T > 0, entered, (since >= 0).astype(entered.dtype))
    return (entered - _modes(clock, since)) @ (rate_Gy_per_h / clock.rate_per_h)


def _modes(clock: Exponentials, since_h: Float[Array, "time mode"]) -> Float[Array, "time mode"]:
    """Values of decaying modes, as ``clock.at``, with one exponential each: there are many."""
    lam, T = clock.rate_per_h, clock.duration_h
    during = since_h < T
    decayed = jnp.exp(-lam * jnp.where(during, jnp.maximum(since_h, 0.0), since_h - T))
    lam_T = jnp.where(T > 0, lam * T, 1.0)
    whole = jnp.where(T > 0, -jnp.expm1(-lam_T) / lam_T, 1.0)
    return jnp.where(during, jnp.where(T > 0, 1.0 - decayed, 0.0) / lam_T, whole * decayed)


def quadratic_dose_by_Gy2(
    clock: Exponentials,
    rate_Gy_per_h: Float[Array, "mode"],
    t_h: Float[Array, "time"],
    *,
    repair_half_time_h: Real,
) -> Float[Array, "time"]:
    r"""The protracted :math:`G D^2 = 2\int_0^t \dot D\,Q` by given instants. Gy^2, ``[time]``.

    What is still to come after *t* is :math:`\varphi_i(t)\varphi_j(t)/(\lambda_i+\lambda_j)` for
    every pair, and the whole is known from `quadratic_dose_Gy2`. Exact outside infusions; during
    an infusion its share is held back until the end.
    """
    mu = repair_rate_per_h(repair_half_time_h)
    repaired, weight = repair_modes(clock, mu)
    lam, R = clock.rate_per_h[:, None], rate_Gy_per_h
    whole = (overlap_h(clock, clock) - overlap_h(clock, repaired)) * weight
    since = t_h[:, None] - clock.start_h
    given = (since >= clock.duration_h).astype(whole.dtype)
    phi, psi = given * _modes(clock, since), given * _modes(repaired, since)
    so_far = (((given * R) @ whole) * (given * R)).sum(axis=-1)
    # One product of matrices for pairs of every mode with all others, and last with repair.
    left = (phi * R) @ jnp.concatenate([1.0 / (lam + lam.T), 1.0 / (lam + mu)], axis=1)
    return 2.0 * (so_far - (left[:, :-1] * phi - left[:, -1:] * psi) @ (R * weight))


def surviving_fraction(alpha_per_Gy: Real, bed_Gy: Real) -> Array:
    r"""Share of cells without a lethal lesion, :math:`e^{-\alpha\,BED}`.

    Examples
    --------
    >>> round(float(surviving_fraction(0.35, 20.0)), 7)
    0.0009119
    """
    return jnp.exp(-jnp.asarray(alpha_per_Gy) * bed_Gy)


def lq_needs(tissue: str) -> dict[str, str]:
    """Parameters of the linear-quadratic model of one tissue, besides alpha."""
    return {
        f"{tissue}.alpha_beta": "Gy",
        f"{tissue}.repair_half_time": "h",
        f"{tissue}.rbe_alpha": "1",
    }


def lq_doses(dose: TissueDose, tissue: str, values: Values) -> tuple[Array, Array]:
    """BED and EQD2 of one tissue, to infinity. Gy."""
    alpha_beta = values[f"{tissue}.alpha_beta"]
    linear, quadratic = dose.total(values[f"{tissue}.repair_half_time"])
    bed = linear + quadratic / alpha_beta
    return bed, eqd2_Gy(bed, alpha_beta)


class LinearQuadratic(AbstractEffect):
    """BED, EQD2 and survival of one tissue; no marker. For organs that are only watched.

    Attributes
    ----------
    tissue
        A region of the dose rate, as ``"kidneys"``. Parameters: ``kidneys.alpha``,
        ``kidneys.alpha_beta``, ``kidneys.repair_half_time``, ``kidneys.rbe_alpha``.
    """

    tissue: str = eqx.field(static=True)

    @property
    def tissues(self) -> tuple[str, ...]:
        """The one tissue."""
        return (self.tissue,)

    markers: ClassVar[tuple[str, ...]] = ()
    marker_units: ClassVar[tuple[str, ...]] = ()

    @property
    def needs(self) -> Mapping[str, str]:
        """Linear-quadratic parameters of the tissue."""
        return {f"{self.tissue}.alpha": "1/Gy", **lq_needs(self.tissue)}

    def effect(
        self, dose_rate: DoseRate, amount: Amount, patient: Patient, clock: Samples
    ) -> Effect:
        """BED, EQD2 and survival; an empty course."""
        values = patient.parameters
        dose = tissue_dose(dose_rate, self.tissue, rbe_alpha=values[f"{self.tissue}.rbe_alpha"])
        bed, eqd2 = lq_doses(dose, self.tissue, values)
        survival = surviving_fraction(values[f"{self.tissue}.alpha"], bed)
        return Effect(
            self.tissues, bed[None], eqd2[None], survival[None], (), (), clock,
            jnp.zeros((0, clock.time_h.shape[0])),
        )  # fmt: skip
