r"""Tumour burden, M-protein and light chains of myeloma (or Waldenström) under irradiation.

With burden *T* in parts of the baseline and :math:`x = M_0 T`, the M-protein that such a burden
would hold (docs/theory/biology.md, section 5):

.. math::
   T' &= (1+\epsilon)\,g(x)\,T - h(t)\,T, \qquad
         g(x) = k_g \frac{x}{x + A_{50}}\left(1-\frac{x}{K}\right) \\
   M' &= [k(M_0) + g(M_0)]\, M_0 T - k(M)\,M, \qquad k(M) = k_{deg}\,\varphi(M)/\varphi(M_{ref}) \\
   F' &= [k_F + (1+\epsilon)\,g(M_0)]\,F_0 T - k_F F

:math:`k_g` was estimated from M-protein. Where its loss rises with its concentration, M-protein
grows more slowly than the tumour; with the elasticity :math:`\epsilon = d\ln k/d\ln M` at the
baseline, and the factor before :math:`M_0 T`, it grows at :math:`g` from the first day on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.biology import tumour
from pdcraft.biology.base import AbstractEffect
from pdcraft.biology.cytotoxic import CytotoxicKill
from pdcraft.biology.stepping import Grid, Stage, adams
from pdcraft.biology.survival import TissueDose, tissue_dose
from pdcraft.biology.tumour import TUMOUR, log_survival, tumour_doses
from pdcraft.domain import Amount, DoseRate, Effect, Patient, Samples, Values
from pdcraft.domain.units import HOURS_PER_DAY


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


def loss_per_h(values: Values, m_protein_g_per_L: Array) -> Array:
    r"""Fractional loss of M-protein, faster where there is more of it. 1/h.

    .. math:: k(M) = k_{deg}\,\frac{\varphi(M)}{\varphi(M_{ref})},\qquad
              \varphi(M) = \frac{M + P}{M + P + C_{50}} \qquad (B20)

    IgG that finds a receptor (FcRn) is saved from breakdown; what exceeds them is not. *P* is the
    patient's other IgG. :math:`C_{50}` = 0 makes the loss the same at every concentration.

    References
    ----------
    kendrick2017 (concentration dependence); the numbers are assumptions
    """
    half, other = values["m_protein.catabolism_half"], values["m_protein.polyclonal"]

    def unsaved(x: Array) -> Array:
        total = x + other
        return total / jnp.maximum(total + half, 1e-300)

    at = unsaved(values["m_protein.catabolism_reference"])
    return values["m_protein.loss_rate"] * unsaved(m_protein_g_per_L) / at


def loss_elasticity(values: Values, m_protein_g_per_L: Array) -> Array:
    r"""Relative rise of `loss_per_h` with a relative rise of M-protein. 1.

    .. math:: \epsilon = \frac{M}{M+P}\,\frac{C_{50}}{M+P+C_{50}}
    """
    half = values["m_protein.catabolism_half"]
    total = m_protein_g_per_L + values["m_protein.polyclonal"]
    return m_protein_g_per_L / total * half / (total + half)


def myeloma_course(
    values: Values,
    dose: TissueDose,
    clock: Samples,
    *,
    steps: int = 360,
    parts: int = 7,
    lethal: Float[Array, "step"] | None = None,
) -> Float[Array, "marker time"]:
    """Burden (in parts of the baseline), M-protein (g/L), light chains (mg/L), plasmacytoma (%).

    Parameters
    ----------
    values
        Of the file ``diseases/multiple_myeloma.toml``.
    dose
        Mean dose rate in the tumour.
    clock
        Instants asked for; the first step starts at t = 0. h.
    steps, parts
        Equal steps up to the last instant; parts of equal dose.
    lethal
        What a drug adds to the lethal events per cell so far, on the grid of the steps.

    Returns
    -------
    Array
        ``[marker, time]``. The size of the plasmacytoma is the product of its diameters.
    """
    grid = Grid.over(clock, steps)
    outside = values["plasmacytoma.share"]
    in_marrow = log_survival(values, dose, grid, parts=parts)
    nodule = log_survival(
        values, dose, grid, parts=parts, dose_ratio=values["plasmacytoma.dose_ratio"]
    )
    if lethal is not None:
        in_marrow, nodule = in_marrow - lethal, nodule - lethal
    alive = jnp.log((1.0 - outside) * jnp.exp(in_marrow) + outside * jnp.exp(nodule))
    grown, m_protein, chains = _march(values, grid, alive)
    course = jnp.stack(
        [jnp.exp(grown + alive), m_protein, chains,
         100.0 * jnp.exp((grown + nodule) * (2.0 / 3.0))]
    )  # fmt: skip
    return grid.read(course.T, clock.time_h).T


def _march(
    values: Values, grid: Grid, alive: Float[Array, "step"]
) -> tuple[Float[Array, "step"], Float[Array, "step"], Float[Array, "step"]]:
    """Integral of growth, M-protein and light chains at every point of the grid."""
    M0, F0 = values["m_protein.baseline"], values["light_chains.baseline"]
    loss_F, growth = values["light_chains.loss_rate"], growth_per_h(values, M0)
    made = loss_per_h(values, M0) + growth
    faster = 1.0 + loss_elasticity(values, M0)
    chain, excess = grid.stage(loss_F), 1.0 + faster * growth / loss_F

    def step(carry: tuple[Array, ...], x: Array) -> tuple:
        (grown, slope, M, F, before), now = carry, x
        rate = faster * growth_per_h(values, M0 * before)
        new = grown + adams(grid.step_h, rate, slope)
        burden = jnp.exp(new + now)
        halfway = M + 0.5 * grid.step_h * (made * M0 * before - loss_per_h(values, M) * M)
        loss = loss_per_h(values, jnp.maximum(halfway, 0.0))
        fed = made * M0 / jnp.maximum(loss, 1e-300)
        M = Stage.over(loss * grid.step_h)(M, fed * before, fed * burden)
        F = chain(F, excess * F0 * before, excess * F0 * burden)
        return (new, rate, M, F, burden), (new, M, F)

    zero = jnp.zeros(())
    first = (zero, faster * growth, M0, F0, jnp.exp(alive[0]))
    _, later = jax.lax.scan(step, first, alive[1:])
    starts = (zero, M0, F0)
    return tuple(jnp.concatenate([s[None], y]) for s, y in zip(starts, later, strict=True))  # type: ignore[return-value]


class Myeloma(AbstractEffect):
    r"""Myeloma: BED and survival of the tumour; burden, M-protein and light chains over time.

    ``Effect.BED_Gy`` is the equivalent uniform BED of the unevenly irradiated tumour (equal to the
    BED where ``tumour.dose_gsd`` is 1). Waldenström macroglobulinaemia is the same model with
    IgM as its M-protein.

    Attributes
    ----------
    steps
        Steps over the follow-up; one a day is enough.
    parts
        Parts of equal dose that stand for the spread of dose within the tumour.
    drug
        Kill by a cytotoxic payload; None where the payload only radiates.

    References
    ----------
    collins2023, Table 1 (growth); poels2025 (turnover); odonoghue1999 (EUBED)
    """

    steps: int = eqx.field(static=True, default=360)
    parts: int = eqx.field(static=True, default=7)
    drug: CytotoxicKill | None = None

    def __check_init__(self) -> None:
        """Refuse a model without steps or parts."""
        tumour.check_solver(self.steps, self.parts)

    tissues: ClassVar[tuple[str, ...]] = (TUMOUR,)
    markers: ClassVar[tuple[str, ...]] = (
        "tumour burden", "M-protein", "free light chains", "plasmacytoma",
    )  # fmt: skip
    marker_units: ClassVar[tuple[str, ...]] = ("1", "g/L", "mg/L", "%")

    @property
    def needs(self) -> Mapping[str, str]:
        """Parameters of the library file ``diseases/multiple_myeloma.toml``."""
        return {
            **tumour.NEEDS,
            "plasmacytoma.share": "1",
            "plasmacytoma.dose_ratio": "1",
            "m_protein.baseline": "g/L",
            "m_protein.loss_rate": "1/h",
            "m_protein.half_growth": "g/L",
            "m_protein.capacity": "g/L",
            "m_protein.catabolism_half": "g/L",
            "m_protein.catabolism_reference": "g/L",
            "m_protein.polyclonal": "g/L",
            "light_chains.baseline": "mg/L",
            "light_chains.loss_rate": "1/h",
            **(self.drug.needs if self.drug else {}),
        }

    def effect(
        self, dose_rate: DoseRate, amount: Amount, patient: Patient, clock: Samples
    ) -> Effect:
        """Equivalent uniform BED, EQD2 and survival; burden and serum markers over time."""
        values = patient.parameters
        dose = tissue_dose(dose_rate, TUMOUR, rbe_alpha=values["tumour.rbe_alpha"])
        bed, eqd2, survival = tumour_doses(values, dose, parts=self.parts)
        lethal = None
        if self.drug:
            grid = Grid.over(clock, self.steps)
            lethal = self.drug.lethal_by(amount, TUMOUR, values, grid)
            survival = survival * jnp.exp(-lethal[-1])
        return Effect(
            self.tissues, bed, eqd2, survival, self.markers, self.marker_units, clock,
            myeloma_course(
                values, dose, clock, steps=self.steps, parts=self.parts, lethal=lethal
            ),
        )  # fmt: skip
