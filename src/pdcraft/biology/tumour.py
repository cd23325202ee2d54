r"""Survival of a tumour whose cells differ in dose and sensitivity; what every disease shares.

Parts of the tumour differ in dose and all grow alike, so that the living burden is
:math:`T = e^{\int g}\sum_k w_k\,e^{-\alpha BED_k(t)}` and survival needs no solver: it is known at
every instant from the dose delivered so far (theory page *biology*, equation B19).
"""

from __future__ import annotations

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from pdcraft.biology.bed import Real, eqd2_Gy, eubed_Gy
from pdcraft.biology.stepping import Grid
from pdcraft.biology.survival import TissueDose, lq_needs, surviving_fraction
from pdcraft.domain import InputError, Values
from pdcraft.domain.units import HOURS_PER_DAY

TUMOUR = "tumour"

NEEDS: Mapping[str, str] = {
    "tumour.alpha": "1/Gy",
    **lq_needs(TUMOUR),
    "tumour.dose_gsd": "1",
    "tumour.dose_factor": "1",
    "tumour.resistant_share": "1",
    "tumour.resistant_alpha": "1",
    "tumour.growth_rate": "1/d",
    "dexamethasone.kill_rate": "1/d",
    "dexamethasone.until": "d",
}
"""Parameters of a tumour in every file of ``diseases/``."""


def check_solver(steps: int, parts: int) -> None:
    """Refuse a model of a tumour without steps or parts."""
    if steps < 1 or parts < 1:
        raise InputError(f"steps = {steps} and parts = {parts} must be at least 1; 360 and 7 suit.")


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


def log_survival(
    values: Values, dose: TissueDose, grid: Grid, *, parts: int, dose_ratio: Real = 1.0
) -> Float[Array, "step"]:
    r"""Logarithm of the surviving share, growth left aside, at every point of a grid.

    .. math::
       S = e^{-k_{dex}\min(t, t_{dex})}
           \sum_k w_k\,[(1-r)\,e^{-\alpha B_k} + r\,e^{-q\alpha B_k}], \quad
       B_k = m_k D + m_k^2\,G D^2/(\alpha/\beta)

    Parameters
    ----------
    values
        Of a file of ``diseases/``: *r* is ``tumour.resistant_share``, *q* ``resistant_alpha``.
    dose, grid
        Mean dose rate in the tumour, and the instants.
    parts
        Parts of equal dose.
    dose_ratio
        Of this tumour to that of ``dose``.
    """
    multiplier, share = dose_parts(values["tumour.dose_gsd"], parts)
    multiplier = multiplier * dose_ratio * values["tumour.dose_factor"]
    linear, quadratic = (
        d[:, None] for d in dose.along(grid.time_h, values["tumour.repair_half_time"])
    )
    bed = multiplier * linear + multiplier**2 * quadratic / values["tumour.alpha_beta"]
    alpha, resistant = values["tumour.alpha"], values["tumour.resistant_share"]
    killed = jnp.concatenate([alpha * bed, alpha * values["tumour.resistant_alpha"] * bed], axis=-1)
    weights = jnp.concatenate([(1.0 - resistant) * share, resistant * share])
    days = jnp.minimum(grid.time_h / HOURS_PER_DAY, values["dexamethasone.until"])
    return logsumexp(-killed, b=weights, axis=-1) - values["dexamethasone.kill_rate"] * days


def tumour_doses(
    values: Values, dose: TissueDose, *, parts: int
) -> tuple[Float[Array, "1"], Float[Array, "1"], Float[Array, "1"]]:
    """Equivalent uniform BED (Gy), its EQD2 (Gy) and survival, to infinity and without drug.

    The share that resists is left aside, so that the three belong together.
    """
    alpha, alpha_beta = values["tumour.alpha"], values["tumour.alpha_beta"]
    multiplier, share = dose_parts(values["tumour.dose_gsd"], parts)
    multiplier = multiplier * values["tumour.dose_factor"]
    linear, quadratic = dose.total(values["tumour.repair_half_time"])
    each = multiplier * linear + multiplier**2 * quadratic / alpha_beta
    bed = eubed_Gy(each, share, alpha_per_Gy=alpha)
    return bed[None], eqd2_Gy(bed, alpha_beta)[None], surviving_fraction(alpha, bed)[None]
