r"""Tumour burden and serum M-protein of multiple myeloma under irradiation.

With burden *T* in parts of the baseline and :math:`x = M_0 T`, the M-protein that such a burden
would hold (docs/theory/biology.md, section 5):

.. math::
   T' &= g(x)\,T - h(t)\,T, \qquad g(x) = k_g \frac{x}{x + A_{50}}\left(1-\frac{x}{K}\right) \\
   M' &= k_{deg}\,[(1 + g(M_0)/k_{deg})\, M_0 T - M]

The factor before :math:`M_0` makes M-protein grow with the tumour from the first day, as it does
in the patients from whom :math:`k_g` was estimated. Parts of the tumour differ in dose; all grow
alike, so that :math:`T = e^{\int g} \sum_k w_k e^{-\alpha BED_k(t)}` and only one state is solved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from pdcraft.biology.base import AbstractEffect
from pdcraft.biology.bed import eqd2_Gy, eubed_Gy
from pdcraft.biology.stepping import Grid
from pdcraft.biology.survival import TissueDose, lq_needs, surviving_fraction, tissue_dose
from pdcraft.domain import Amount, DoseRate, Effect, InputError, Patient, Samples, Values
from pdcraft.domain.units import HOURS_PER_DAY

TUMOUR = "tumour"


def growth_per_h(values: Values, m_protein_g_per_L: Array) -> Array:
    r"""Net growth rate of untreated myeloma. 1/h.

    .. math:: g(x) = k_g \frac{x}{x + A_{50}}\left(1-\frac{x}{K}\right) \qquad (B17)

    References
    ----------
    collins2023, Table 1
    """
    x = m_protein_g_per_L
    crowding = 1.0 - x / values["m_protein.capacity"]
    rate = values["tumour.growth_rate"] / HOURS_PER_DAY
    return rate * x / (x + values["m_protein.half_growth"]) * crowding


def dose_parts(gsd: Array, parts: int) -> tuple[Float[Array, "part"], Float[Array, "part"]]:
    r"""Log-normal spread of dose within a tumour, as a few parts of equal dose each.

    Gauss-Hermite nodes of :math:`\ln m \sim N(-s^2/2, s^2)`, :math:`s = \ln GSD`, scaled so that
    the mean multiplier is exactly 1: the mean dose of the tumour is kept.

    Returns
    -------
    tuple[Array, Array]
        Multipliers of the dose and shares of the cells; ``[part]``.

    Examples
    --------
    >>> multiplier, share = dose_parts(1.8, 5)
    >>> round(float(multiplier @ share), 12)
    1.0
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(parts)
    share = jnp.asarray(weights / weights.sum())
    multiplier = jnp.exp(jnp.log(gsd) * jnp.asarray(nodes))
    return multiplier / (multiplier @ share), share


def myeloma_course(
    values: Values, dose: TissueDose, clock: Samples, *, steps: int = 360, parts: int = 7
) -> Float[Array, "marker time"]:
    """Tumour burden (in parts of the baseline) and M-protein (g/L). ``[marker, time]``.

    Parameters
    ----------
    values
        Of the file ``diseases/multiple_myeloma.toml``.
    dose
        Mean dose rate in the tumour.
    clock
        Instants asked for; the solver starts at t = 0. h.
    steps, parts
        Steps of the solver; parts of equal dose.
    """
    grid = Grid.over(clock, steps)
    multiplier, share = dose_parts(values["tumour.dose_gsd"], parts)
    linear, quadratic = (
        d[:, None] for d in dose.by(grid.time_h, values["tumour.repair_half_time"])
    )
    bed_by = multiplier * linear + multiplier**2 * quadratic / values["tumour.alpha_beta"]
    log_survival = logsumexp(-values["tumour.alpha"] * bed_by, b=share, axis=-1)

    state = grid.solve(
        lambda t, y: _slope(values, y, grid.read(log_survival, t)), jnp.array([0.0, 1.0]), clock
    )
    burden = jnp.exp(state[:, 0] + grid.read(log_survival, clock.time_h))
    return jnp.stack([burden, values["m_protein.baseline"] * state[:, 1]])


class Myeloma(AbstractEffect):
    r"""Myeloma: BED and survival of the tumour, tumour burden and M-protein over time.

    ``Effect.BED_Gy`` is the equivalent uniform BED of the unevenly irradiated tumour (equal to the
    BED where ``tumour.dose_gsd`` is 1).

    Attributes
    ----------
    steps
        Steps of the solver over the follow-up; 360 are 12 h each over 180 d.
    parts
        Parts of equal dose that stand for the spread of dose within the tumour.

    References
    ----------
    collins2023, Table 1 (growth); poels2025 (turnover of M-protein); odonoghue1999 (EUBED)
    """

    steps: int = eqx.field(static=True, default=360)
    parts: int = eqx.field(static=True, default=7)

    def __check_init__(self) -> None:
        """Refuse a model without steps or parts."""
        if self.steps < 1 or self.parts < 1:
            raise InputError(
                f"steps = {self.steps} and parts = {self.parts} must be at least 1; 360 and 7 suit."
            )

    tissues: ClassVar[tuple[str, ...]] = (TUMOUR,)
    markers: ClassVar[tuple[str, ...]] = ("tumour burden", "M-protein")
    marker_units: ClassVar[tuple[str, ...]] = ("1", "g/L")

    @property
    def needs(self) -> Mapping[str, str]:
        """Parameters of the library file ``diseases/multiple_myeloma.toml``."""
        return {
            "tumour.alpha": "1/Gy",
            **lq_needs(TUMOUR),
            "tumour.dose_gsd": "1",
            "tumour.growth_rate": "1/d",
            "m_protein.baseline": "g/L",
            "m_protein.loss_rate": "1/h",
            "m_protein.half_growth": "g/L",
            "m_protein.capacity": "g/L",
        }

    def effect(
        self, dose_rate: DoseRate, amount: Amount, patient: Patient, clock: Samples
    ) -> Effect:
        """Equivalent uniform BED, EQD2 and survival; tumour burden and M-protein over time."""
        values = patient.parameters
        alpha, alpha_beta = values["tumour.alpha"], values["tumour.alpha_beta"]
        dose = tissue_dose(dose_rate, TUMOUR, rbe_alpha=values["tumour.rbe_alpha"])
        multiplier, share = dose_parts(values["tumour.dose_gsd"], self.parts)
        linear, quadratic = dose.total(values["tumour.repair_half_time"])
        parts = multiplier * linear + multiplier**2 * quadratic / alpha_beta
        bed = eubed_Gy(parts, share, alpha_per_Gy=alpha)
        return Effect(
            self.tissues, bed[None], eqd2_Gy(bed, alpha_beta)[None],
            surviving_fraction(alpha, bed)[None], self.markers, self.marker_units, clock,
            myeloma_course(values, dose, clock, steps=self.steps, parts=self.parts),
        )  # fmt: skip


def _slope(
    values: Values, state: Float[Array, "state"], log_survival: Array
) -> Float[Array, "state"]:
    """Rates of the growth integral and of M-protein (in parts of its baseline)."""
    burden = jnp.exp(state[0] + log_survival)
    baseline, loss = values["m_protein.baseline"], values["m_protein.loss_rate"]
    made = loss + growth_per_h(values, baseline)
    return jnp.stack([growth_per_h(values, baseline * burden), made * burden - loss * state[1]])
