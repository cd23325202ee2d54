r"""Radiation with a radiosensitising drug: the kill of a dose, made larger by a concentration.

.. math:: -\ln S = (\alpha D + \beta D^2)\,(1 + b\,C) \qquad (X6)
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array

from pdcraft.biology.bed import Real


def sensitised_surviving_fraction(
    dose_Gy: Real,
    concentration_ug_per_mL: Real,
    *,
    alpha_per_Gy: Real,
    alpha_beta_Gy: Real,
    synergy_mL_per_ug: Real,
) -> Array:
    r"""Share of cells that survive an acute dose given in a radiosensitiser.

    Parameters
    ----------
    dose_Gy
        Acute dose. Gy.
    concentration_ug_per_mL
        Of the sensitiser when the dose is given. ug/mL.
    alpha_per_Gy, alpha_beta_Gy
        Linear-quadratic parameters without the drug.
    synergy_mL_per_ug
        :math:`b`. mL/ug.

    References
    ----------
    cardilin2018, LQ model with a synergy term

    Examples
    --------
    >>> lq = dict(alpha_per_Gy=0.08, alpha_beta_Gy=10.0, synergy_mL_per_ug=0.45)
    >>> round(float(1 - sensitised_surviving_fraction(2.0, 0.0, **lq)), 4)
    0.1747
    """
    dose = jnp.asarray(dose_Gy)
    lethal = alpha_per_Gy * dose * (1.0 + dose / alpha_beta_Gy)
    return jnp.exp(-lethal * (1.0 + synergy_mL_per_ug * jnp.asarray(concentration_ug_per_mL)))
