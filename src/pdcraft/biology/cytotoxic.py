r"""Kill by a cytotoxic payload: a hazard that saturates with concentration and lasts as long as it.

.. math:: h(C) = k_{max}\,\frac{C}{C_{50} + C}

so that the surviving fraction falls exponentially with the time above :math:`C_{50}`, as
clonogenic assays of paclitaxel find, and more drug beyond saturation adds nothing. Published models
of xenografts (`LinearKill`) and of neutropenia (`CytotoxicNeutropenia`) are linear in the
concentration.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from math import log

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.biology.bed import Real
from pdcraft.biology.lineage import LINEAGES
from pdcraft.biology.marrow import AbstractCytotoxicity
from pdcraft.biology.stepping import Grid
from pdcraft.domain import Amount, InputError, Patient, Samples, Values
from pdcraft.domain.units import HOURS_PER_DAY

NM_PER_NMOL_PER_G = 1e3
"""1 nmol in 1 g of tissue (1 mL) is 1000 nmol/L."""


def kill_hazard_per_h(concentration_nM: Real, *, fastest_per_h: Real, half_nM: Real) -> Array:
    r"""Hazard of death of a cycling cell in drug. 1/h.

    .. math:: h = k_{max}\,C/(C_{50} + C) \qquad (X5)

    Parameters
    ----------
    concentration_nM
        Free drug around the cells. nmol/L, >= 0.
    fastest_per_h, half_nM
        Hazard at saturation (1/h), concentration of half of it (nmol/L).

    References
    ----------
    liebmann1993 (saturation, and growth of the kill with exposure time)

    Examples
    --------
    >>> round(float(kill_hazard_per_h(6.0, fastest_per_h=0.072, half_nM=6.0)), 3)
    0.036
    """
    c = jnp.asarray(concentration_nM)
    return fastest_per_h * c / (half_nM + c)


def saturating_kill(
    *, half_survival_nM: float, exposure_h: float, later_h: float, further_kill: float
) -> tuple[float, float]:
    r"""The two parameters of the hazard from what a clonogenic assay reports.

    Saturated, survival falls by the factor ``further_kill`` between ``exposure_h`` and ``later_h``;
    half of the cells survive ``exposure_h`` in ``half_survival_nM``:

    .. math::
       k_{max} = \frac{\ln f}{t_2 - t_1}, \qquad
       C_{50} = IC_{50}\left(\frac{k_{max}\,t_1}{\ln 2} - 1\right)

    Returns
    -------
    tuple[float, float]
        :math:`k_{max}` (1/h) and :math:`C_{50}` (nmol/L).

    Raises
    ------
    InputError
        If even a saturated hazard could not halve the cells in ``exposure_h``.

    Examples
    --------
    >>> k, half = saturating_kill(
    ...     half_survival_nM=4.33, exposure_h=24.0, later_h=72.0, further_kill=31.6
    ... )
    >>> round(k, 4), round(half, 2)
    (0.0719, 6.46)
    """
    fastest = log(further_kill) / (later_h - exposure_h)
    if fastest * exposure_h <= log(2.0):
        raise InputError(
            f"A {further_kill:g}-fold kill in {later_h - exposure_h:g} h is too slow to halve the "
            f"cells in {exposure_h:g} h at any concentration. Check that the two numbers are of "
            "the same cells."
        )
    return fastest, half_survival_nM * (fastest * exposure_h / log(2.0) - 1.0)


def free_nM(amount: Amount, place: str, species: str, free_share: Real) -> Float[Array, "mode"]:
    """Free drug around the cells of one region, for every mode of the amount. nmol/L, ``[mode]``.

    Parameters
    ----------
    amount
        With the drug among its species.
    place, species
        Region and drug.
    free_share
        Share of the drug in the region that is not bound.
    """
    i, s = amount.space.index(place), amount.species_index(species)
    return NM_PER_NMOL_PER_G * free_share * amount.nmol[i, s] / amount.space.mass_g[i]


def plasma_equivalent_ng_per_mL(
    amount: Amount, place: str, species: str, values: Values
) -> Float[Array, "mode"]:
    r"""Drug in plasma with as much unbound drug as a region holds free. ng/mL, ``[mode]``.

    .. math:: C = \frac{f\,C_{region}}{u}

    Parameters
    ----------
    amount
        With the drug among its species.
    place, species
        Region and drug.
    values
        Free share in tissue *f*, unbound share in plasma *u*, molar mass.

    Raises
    ------
    MissingError
        If the amount holds no such region or species.

    Examples
    --------
    0.1 nmol in 0.1 g of a xenograft:

    >>> from pdcraft.domain import Regions
    >>> tumour, now = Regions(("tumour",), jnp.full(1, 0.1)), Samples(jnp.zeros(1))
    >>> there = Amount(tumour, ("paclitaxel",), now, jnp.full((1, 1, 1), 0.1))
    >>> given = {"paclitaxel.free_fraction": 0.00154, "paclitaxel.unbound_plasma": 0.0023,
    ...          "paclitaxel.molar_mass": 853.9}
    >>> values = Values(tuple(given), jnp.asarray(list(given.values())))
    >>> round(float(plasma_equivalent_ng_per_mL(there, "tumour", "paclitaxel", values)[0]))
    572
    """
    unbound_nM = free_nM(amount, place, species, values[f"{species}.free_fraction"])
    ug_per_L = 1e-3 * values[f"{species}.molar_mass"] * unbound_nM
    return ug_per_L / values[f"{species}.unbound_plasma"]


def _equivalent_needs(species: str) -> dict[str, str]:
    return {
        f"{species}.molar_mass": "g/mol", f"{species}.unbound_plasma": "1",
        f"{species}.free_fraction": "1",
    }  # fmt: skip


def integrated(
    amount: Amount,
    free: Float[Array, "mode"],
    hazard: Callable[[Array], Array],
    t_h: Float[Array, "time"],
) -> Float[Array, "time"]:
    """Integral of a hazard of the free drug from 0 to each instant. ``[time]``.

    Between the instants at which the amount is known (its samples, or ``t_h``) the hazard is taken
    to be straight.
    """
    if isinstance(amount.clock, Samples):
        knots, rate = amount.clock.time_h, hazard(free)
    else:
        knots, rate = t_h, hazard(amount.clock.at(t_h) @ free)
    steps = 0.5 * (rate[1:] + rate[:-1]) * jnp.diff(knots)
    return jnp.interp(t_h, knots, jnp.concatenate([jnp.zeros(1), jnp.cumsum(steps)]))


class AbstractKill(eqx.Module):
    """What a drug kills of the cells of one region, by its concentration there."""

    @property
    @abc.abstractmethod
    def needs(self) -> Mapping[str, str]:
        """Parameters read from the patient: name and unit."""

    @abc.abstractmethod
    def lethal_by(
        self, amount: Amount, place: str, values: Values, grid: Grid
    ) -> Float[Array, "step"]:
        """Lethal events per cell by each instant of the grid; survival is its exponential.

        Raises
        ------
        MissingError
            If the amount holds no such region or species.
        """


class CytotoxicKill(AbstractKill):
    """Kill of the cells of one region by a drug that lies free in it.

    Attributes
    ----------
    species
        The free drug among the amount's species, as ``"paclitaxel"``.
    """

    species: str = eqx.field(static=True, default="paclitaxel")

    @property
    def needs(self) -> Mapping[str, str]:
        """Parameters of the files ``tissues/cytotoxic.toml`` and ``kinetics/paclitaxel.toml``."""
        return {
            f"{self.species}.kill_rate": "1/h",
            f"{self.species}.half_kill": "nM",
            f"{self.species}.cycling_share": "1",
            f"{self.species}.free_fraction": "1",
        }

    def lethal_by(
        self, amount: Amount, place: str, values: Values, grid: Grid
    ) -> Float[Array, "step"]:
        """Lethal events per cell by each instant of the grid."""
        fastest = values[f"{self.species}.kill_rate"] * values[f"{self.species}.cycling_share"]
        half = values[f"{self.species}.half_kill"]
        free = free_nM(amount, place, self.species, values[f"{self.species}.free_fraction"])

        def hazard(nM: Array) -> Array:
            return kill_hazard_per_h(nM, fastest_per_h=fastest, half_nM=half)

        return integrated(amount, free, hazard, grid.time_h)


class LinearKill(AbstractKill):
    r"""Kill of a xenograft's cells, linear in the concentration, as published with plasma.

    .. math:: h = k_2\,\frac{f\,C_{tumour}}{u} \qquad (X5a)

    The published hazard is :math:`k_2` times the total drug in plasma; here that which is in
    equilibrium with the free drug of the tumour. Drug that comes from plasma alone kills as many
    cells in the end as published, later by the washout; drug set free in the tumour adds to it.

    Attributes
    ----------
    species
        The free drug among the amount's species.

    References
    ----------
    simeoni2004, Eq. 1-5 and Table 2
    """

    species: str = eqx.field(static=True, default="paclitaxel")

    @property
    def needs(self) -> Mapping[str, str]:
        """Potency of the file of the xenograft, and parameters of ``kinetics/paclitaxel_mouse``."""
        return {"xenograft.linear_potency": "mL/(ng d)", **_equivalent_needs(self.species)}

    def lethal_by(
        self, amount: Amount, place: str, values: Values, grid: Grid
    ) -> Float[Array, "step"]:
        """Lethal events per cell by each instant of the grid."""
        potency = values["xenograft.linear_potency"] / HOURS_PER_DAY
        plasma = plasma_equivalent_ng_per_mL(amount, place, self.species, values)
        return integrated(amount, plasma, lambda c: potency * c, grid.time_h)


class CytotoxicNeutropenia(AbstractCytotoxicity):
    r"""Kill of neutrophil progenitors in the marrow, linear in the concentration.

    Published models let the drug slow the progenitors' proliferation,
    :math:`k_s P (1 - s\,C)`, which is a hazard :math:`k_s\,s\,C` with the rate of renewal
    :math:`k_s`. *C* is the total drug in plasma that would hold as much unbound drug as the marrow
    holds free,

    .. math:: h = k_s\,s\,\frac{f\,C_{marrow}}{u} .

    The published chain multiplies the hazard by its feedback, too (1.0 to 1.5); here it does not.

    Platelets, red cells and lymphocytes are left alone: paclitaxel's toxicity is to neutrophils,
    and no slope of theirs was found.

    Attributes
    ----------
    species
        The free drug among the amount's species.
    place
        Region that the progenitors lie in.

    References
    ----------
    chen2014, Table 2 (slope and transit time); friberg2002 (structure)
    """

    species: str = eqx.field(static=True, default="paclitaxel")
    place: str = eqx.field(static=True, default="red marrow")

    @property
    def needs(self) -> Mapping[str, str]:
        """Parameters of the files ``tissues/cytotoxic.toml`` and ``kinetics/paclitaxel.toml``."""
        return {
            f"{self.species}.neutrophil_slope": "mL/ng", **_equivalent_needs(self.species),
        }  # fmt: skip

    def lesions(
        self, amount: Amount, patient: Patient, t_h: Float[Array, "time"]
    ) -> Float[Array, "lineage time"]:
        """Mean number of lethal lesions per progenitor so far; 0 but for neutrophils."""
        p, of = patient.parameters, self.species
        plasma = plasma_equivalent_ng_per_mL(amount, self.place, of, p)
        rate = p["neutrophils.renewal_rate"] * p[f"{of}.neutrophil_slope"]
        hit = integrated(amount, plasma, lambda c: rate * c, t_h)
        return jnp.stack([hit if name == "neutrophils" else 0.0 * hit for name in LINEAGES])
