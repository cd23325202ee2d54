r"""Plasma and tissue, with marrow, tumour, iodide, thyroid and urine: the small CLR1404 model.

A carrier leaves plasma for tissue, marrow and tumour and comes back; plasma loses it for good, in
part as free iodide. Without tumour, plasma is exactly bi-exponential (theory page *kinetics*,
equations 5-8).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.domain import Agent, Amount, InputError, Patient, Regimen, Regions
from pdcraft.kinetics.base import AbstractModel, course
from pdcraft.kinetics.linear import rate_matrix

_PLACES = (
    "plasma", "tissue", "red marrow", "tumour", "iodide", "thyroid", "urinary bladder contents",
    "excreta",
)  # fmt: skip
_TRANSFERS = (
    ("plasma", "tissue"), ("tissue", "plasma"), ("plasma", "red marrow"), ("red marrow", "plasma"),
    ("plasma", "tumour"), ("tumour", "plasma"), ("plasma", "iodide"),
    ("plasma", "urinary bladder contents"), ("iodide", "thyroid"), ("thyroid", "iodide"),
    ("iodide", "urinary bladder contents"), ("urinary bladder contents", "excreta"),
)  # fmt: skip


class TwoPool(AbstractModel):
    r"""Two-pool plasma kinetics with the regions that matter for CLR1404 around them.

    Tissue of mass :math:`m` takes up :math:`k_{12}\,(m/m_\mathrm{body})`; marrow does so times a
    partition factor, tumour times a further uptake ratio, and tumour gives back at its own rate.

    References
    ----------
    grudzinski2014, abstract (bi-exponential plasma); the regions are an assumption
    """

    places: ClassVar[tuple[str, ...]] = _PLACES
    needs: ClassVar[Mapping[str, str]] = {
        "plasma.to_tissue_rate": "1/h",
        "tissue.to_plasma_rate": "1/h",
        "plasma.loss_rate": "1/h",
        "plasma.loss_as_iodide": "1",
        "marrow.partition": "1",
        "tumour.uptake_ratio": "1",
        "tumour.release_rate": "1/h",
        "iodide.to_thyroid_rate": "1/h",
        "iodide.to_urine_rate": "1/h",
        "thyroid.release_rate": "1/h",
        "thyroid.blockade": "1",
        "bladder.emptying_rate": "1/h",
    }

    def matrix_per_h(self, patient: Patient) -> Float[Array, "to from"]:
        """Rate matrix of one patient. 1/h."""
        p, space = patient.parameters, patient.anatomy.space
        share = space.mass_g / space.mass_g[space.index("total body")]
        marrow = share[space.index("red marrow")] * p["marrow.partition"]
        tumour = share[space.index("tumour")] * p["marrow.partition"] * p["tumour.uptake_ratio"]
        k12, k21, k10 = (
            p["plasma.to_tissue_rate"],
            p["tissue.to_plasma_rate"],
            p["plasma.loss_rate"],
        )
        as_iodide = p["plasma.loss_as_iodide"]
        rates = [
            k12 * (1.0 - marrow), k21, k12 * marrow, k21, k12 * tumour, p["tumour.release_rate"],
            k10 * as_iodide, k10 * (1.0 - as_iodide),
            p["iodide.to_thyroid_rate"] * (1.0 - p["thyroid.blockade"]), p["thyroid.release_rate"],
            p["iodide.to_urine_rate"], p["bladder.emptying_rate"],
        ]  # fmt: skip
        return rate_matrix(_PLACES, _TRANSFERS, jnp.stack(rates))

    def amount(self, patient: Patient, regimen: Regimen, agent: Agent) -> Amount:
        """Labelled conjugate and iodide (with other metabolites) in every region. nmol."""
        entry = jnp.zeros(len(_PLACES)).at[0].set(1.0)
        carried = jnp.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
        return course(
            self.matrix_per_h(patient), entry, regimen, agent,
            space=self._space(patient), species=("conjugate", "iodide"),
            form=jnp.stack([carried, 1.0 - carried], axis=-1),
        )  # fmt: skip

    @property
    def blood_region(self) -> str:
        """Plasma, all of it."""
        return "plasma"

    def plasma_mL(self, patient: Patient) -> Float[Array, ""]:
        """The patient's plasma volume. mL."""
        return patient.parameters["plasma.volume"]

    def _space(self, patient: Patient) -> Regions:
        known = patient.anatomy.space
        mass = [known.mass_g[known.index(n)] if n in known.names else 0.0 for n in _PLACES]
        return Regions(_PLACES, jnp.stack([jnp.asarray(m, float) for m in mass]))


def plasma_ng_per_mL(
    amount: Amount,
    regimen: Regimen,
    t_h: Float[Array, "time"],
    *,
    carrier_ug: Float[Array, ""],
    plasma_mL: Float[Array, ""],
    region: str = "plasma",
) -> Float[Array, "time"]:
    r"""Mass concentration of the carrier in plasma, labelled and unlabelled together.

    .. math:: C(t) = \frac{m}{V_p}\,\frac{n_\mathrm{plasma}(t)}{\sum_a n_a}

    Parameters
    ----------
    amount, regimen
        Result of a model and what was given.
    t_h
        Instants. h.
    carrier_ug
        Carrier mass given with all administrations together. ug.
    plasma_mL
        Volume of plasma in the region. mL.
    region
        Region that holds plasma and nothing else.

    Returns
    -------
    Array
        ng/mL, ``[time]``.
    """
    given = amount.nmol[..., 0, :].sum() + amount.nmol[..., 1, :].sum()  # all modes, all places
    plasma = amount.at(t_h)[..., amount.space.index(region), 0]
    # Nobody was given anything in an untreated control.
    return 1e3 * carrier_ug / plasma_mL * plasma / jnp.maximum(given, 1e-300)


def biexponential_micro_rates(
    *,
    cmax: float,
    auc: float,
    auc_until_h: float,
    terminal_half_life_h: float,
    fast_half_life_h: float,
    infusion_h: float,
) -> dict[str, float]:
    r"""Two-pool rates whose plasma curve has a given peak, area, and two half-lives.

    With :math:`C(t)=A e^{-\alpha t}+B e^{-\beta t}` after a bolus, a constant infusion of length
    :math:`T` has its peak :math:`A f(\alpha)+B f(\beta)`, :math:`f(r)=(1-e^{-rT})/(rT)`, at
    :math:`T`. Peak and area give :math:`A, B` by two linear equations, and

    .. math:: k_{21}=\frac{A\beta+B\alpha}{A+B},\quad k_{10}=\frac{\alpha\beta}{k_{21}},\quad
              k_{12}=\alpha+\beta-k_{21}-k_{10}.

    Parameters
    ----------
    cmax, auc
        Peak and area from 0 to ``auc_until_h``, in one concentration unit (and times h).
    auc_until_h, terminal_half_life_h, fast_half_life_h, infusion_h
        h, > 0.

    Returns
    -------
    dict
        ``k10, k12, k21`` (1/h), ``A, B`` (concentration of a bolus), ``volume_per_dose``
        (1/concentration of a bolus at time 0).

    Raises
    ------
    InputError
        If no two-pool model has these four numbers.

    References
    ----------
    gibaldi1982, two-compartment model, intravenous infusion

    Examples
    --------
    >>> r = biexponential_micro_rates(cmax=72.2, auc=15753.0, auc_until_h=1008.0,
    ...     terminal_half_life_h=822.0, fast_half_life_h=24.0, infusion_h=0.5)
    >>> round(r["k10"], 5), round(r["B"], 1)
    (0.00277, 20.5)
    """
    import numpy as np

    a, b = np.log(2.0) / fast_half_life_h, np.log(2.0) / terminal_half_life_h
    T, end = infusion_h, auc_until_h

    def peak(r: float) -> float:
        return float(-np.expm1(-r * T) / (r * T))

    def area(r: float) -> float:
        # rising part of the infusion, then the decline from its end to `end`
        rise = (1.0 - peak(r)) / r
        return float(rise + peak(r) * -np.expm1(-r * (end - T)) / r)

    A, B = np.linalg.solve([[peak(a), peak(b)], [area(a), area(b)]], [cmax, auc])
    k21 = (A * b + B * a) / (A + B)
    k10 = a * b / k21
    k12 = a + b - k21 - k10
    if min(A, B, k21, k10, k12) <= 0:
        raise InputError(
            f"No two-pool model has Cmax {cmax:g}, AUC {auc:g} and half-lives {fast_half_life_h:g} "
            f"and {terminal_half_life_h:g} h (A = {A:.3g}, B = {B:.3g}). Choose another fast "
            "half-life."
        )
    return {
        "k10": float(k10), "k12": float(k12), "k21": float(k21), "A": float(A), "B": float(B),
        "volume_per_dose": float(1.0 / (A + B)),
    }  # fmt: skip
