r"""Probability of a complication of a normal organ (NTCP) from its dose.

.. math:: NTCP = \Phi\!\left(\frac{EUD - TD_{50}}{m\,TD_{50}}\right), \qquad
   EUD = \Big(\sum_i v_i D_i^{1/n}\Big)^n

(Lyman 1985 with the reduction of Kutcher and Burman). Doses are those in 2 Gy fractions (EQD2),
since the tolerances come from external beams. A tolerance known at two levels, the doses of 5 % and
of 50 % risk when the whole organ is irradiated, gives :math:`m = (1 - TD_5/TD_{50})/1.645`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from pdcraft.biology.base import AbstractEndpoint
from pdcraft.biology.bed import Real
from pdcraft.domain import Effect, InputError, Outcome, Patient

PROBIT_5 = 1.6448536269514722
"""Minus the 5 % quantile of the standard normal distribution."""


def slope_from_tolerances(td5_Gy: Real, td50_Gy: Real) -> Array:
    r"""Lyman's slope from two tolerance doses, :math:`m = (1 - TD_5/TD_{50})/1.645`.

    Raises
    ------
    InputError
        If the dose of 5 % risk is not below that of 50 %.

    Examples
    --------
    >>> round(float(slope_from_tolerances(23.0, 28.0)), 3)
    0.109
    """
    td5, td50 = jnp.asarray(td5_Gy), jnp.asarray(td50_Gy)
    if bool(jnp.any(td5 <= 0) | jnp.any(td5 >= td50)):
        raise InputError(
            f"TD5 = {td5_Gy} Gy must be greater than 0 and below TD50 = {td50_Gy} Gy. "
            "Check which of the two is which."
        )
    return _slope(td5, td50)


def _slope(td5_Gy: Array, td50_Gy: Array) -> Array:
    return (1.0 - td5_Gy / td50_Gy) / PROBIT_5


def ntcp(eud_Gy: Real, *, td50_Gy: Real, slope: Real) -> Array:
    r"""Probability of the complication. 0 to 1.

    Parameters
    ----------
    eud_Gy
        Equivalent uniform dose of the whole organ, as EQD2: for an organ irradiated evenly its
        EQD2, else `eud_Gy` of the room with the exponent 1/n. Gy.
    td50_Gy, slope
        Dose of 50 % risk (Gy) and Lyman's *m*.

    References
    ----------
    lyman1985; emami1991 for tolerances

    Examples
    --------
    >>> round(float(ntcp(23.0, td50_Gy=28.0, slope=slope_from_tolerances(23.0, 28.0))), 3)
    0.05
    """
    return norm.cdf((jnp.asarray(eud_Gy) - td50_Gy) / (slope * td50_Gy))


class Complication(AbstractEndpoint):
    """Late complication of one organ, from its EQD2.

    Event ``"<organ> complication"``: value = probability in per cent; grade 0; happened is always
    False and the time is the end of follow-up: the tolerances are of risk in five years, which no
    follow-up of ours reaches. It needs an effect that answers for the organ, as
    `LinearQuadratic`.

    Attributes
    ----------
    organ
        As ``"kidneys"``.
    """

    organ: str = eqx.field(static=True)

    @property
    def events(self) -> tuple[str, ...]:
        """The one complication."""
        return (f"{self.organ} complication",)

    units: ClassVar[tuple[str, ...]] = ("%",)

    @property
    def needs(self) -> Mapping[str, str]:
        """Tolerance of the organ, from ``tissues/late_tolerance.toml``."""
        return {f"{self.organ}.td50": "Gy", f"{self.organ}.td5": "Gy"}

    def foresee(self, effect: Effect, patient: Patient) -> Outcome:
        """Probability of the complication."""
        if self.organ not in effect.tissues:
            raise InputError(
                f"No effect answers for '{self.organ}'; there are {', '.join(effect.tissues)}. "
                f"Add LinearQuadratic('{self.organ}') to the effects."
            )
        eqd2: Float[Array, ""] = effect.EQD2_Gy[effect.tissues.index(self.organ)]
        values = patient.parameters
        td5, td50 = values[f"{self.organ}.td5"], values[f"{self.organ}.td50"]
        risk = ntcp(eqd2, td50_Gy=td50, slope=_slope(td5, td50))
        return Outcome(
            self.events, self.units, 100.0 * risk[None],
            jnp.zeros(1, int), effect.clock.time_h[-1:], jnp.zeros(1, bool),
        )  # fmt: skip
