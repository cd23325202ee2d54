r"""Biologically effective dose of decaying dose rates, in closed form, and what is read from it.

The dose rate is a sum of exponential modes, :math:`\dot D(t) = \sum_i R_i\,\varphi_i(t)`, each
begun by a bolus or an infusion at its own time. Equations are numbered as in
``docs/theory/biology.md``.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from pdcraft.domain import Exponentials
from pdcraft.domain.units import LN2

Real = Array | float
"""A number, or an array of them."""


def repair_rate_per_h(half_time_h: Real) -> Array:
    r"""Rate :math:`\mu = \ln 2/T_{rep}` at which sublethal damage is repaired. 1/h.

    Examples
    --------
    >>> round(float(repair_rate_per_h(1.5)), 4)
    0.4621
    """
    return LN2 / jnp.asarray(half_time_h)


def protraction_factor(effective_half_life_h: Real, repair_half_time_h: Real) -> Array:
    r"""Lea-Catcheside factor G of one exponential decay to infinity.

    .. math:: G = \frac{\lambda}{\lambda+\mu} = \frac{T_{rep}}{T_{rep}+T_e} \qquad (B4)

    Parameters
    ----------
    effective_half_life_h, repair_half_time_h
        h, > 0.

    Returns
    -------
    Array
        1 for an acute dose, towards 0 for a very protracted one.

    References
    ----------
    dale1985

    Examples
    --------
    >>> round(float(protraction_factor(156.0, 1.5)), 8)
    0.00952381
    """
    return repair_half_time_h / (repair_half_time_h + jnp.asarray(effective_half_life_h))


def bed_exponential(
    dose_Gy: Real,
    *,
    effective_half_life_h: Real,
    repair_half_time_h: Real,
    alpha_beta_Gy: Real,
) -> Array:
    r"""BED of one exponential decay to infinity. Gy.

    .. math:: BED = D\left(1 + \frac{G D}{\alpha/\beta}\right) \qquad (B5)

    References
    ----------
    dale1985

    Examples
    --------
    >>> bed = bed_exponential(
    ...     20.0, effective_half_life_h=156.0, repair_half_time_h=1.5, alpha_beta_Gy=10.0
    ... )
    >>> round(float(bed), 3)
    20.381
    """
    G = protraction_factor(effective_half_life_h, repair_half_time_h)
    return dose_Gy * (1.0 + G * jnp.asarray(dose_Gy) / alpha_beta_Gy)


def bed_constant_rate(
    rate_Gy_per_h: Real,
    *,
    duration_h: Real,
    repair_half_time_h: Real,
    alpha_beta_Gy: Real,
) -> Array:
    r"""BED of a constant dose rate. Gy.

    .. math:: BED = RT\left\{1 + \frac{2R}{\mu\,\alpha/\beta}
              \left[1 - \frac{1-e^{-\mu T}}{\mu T}\right]\right\} \qquad (B6)

    References
    ----------
    dale1985

    Examples
    --------
    >>> bed = bed_constant_rate(
    ...     0.5, duration_h=80.0, repair_half_time_h=1.5, alpha_beta_Gy=10.0
    ... )
    >>> round(float(bed), 3)
    48.422
    """
    mu = repair_rate_per_h(repair_half_time_h)
    x = mu * duration_h
    rise = 1.0 + jnp.expm1(-x) / x
    return rate_Gy_per_h * duration_h * (1.0 + 2.0 * rate_Gy_per_h * rise / (mu * alpha_beta_Gy))


def eqd2_Gy(bed_Gy: Real, alpha_beta_Gy: Real) -> Array:
    r"""Dose in 2 Gy fractions with the same BED, :math:`BED/(1+2/(\alpha/\beta))`. Gy.

    Examples
    --------
    >>> round(float(eqd2_Gy(20.381, 10.0)), 4)
    16.9842
    """
    return bed_Gy / (1.0 + 2.0 / jnp.asarray(alpha_beta_Gy))


def _average_decay(x: Array) -> Array:
    """Mean of exp(-x s) over s in (0, 1)."""
    safe = jnp.where(jnp.abs(x) < 1e-6, 1.0, x)
    return jnp.where(jnp.abs(x) < 1e-6, 1.0 - 0.5 * x, -jnp.expm1(-safe) / safe)


def _average_wait(x: Array) -> Array:
    """Half the mean of exp(-x |s - s'|) over s, s' in (0, 1)."""
    safe = jnp.where(jnp.abs(x) < 1e-3, 1.0, x)
    series = 0.5 - x / 6.0 + x**2 / 24.0 - x**3 / 120.0
    return jnp.where(jnp.abs(x) < 1e-3, series, (jnp.expm1(-safe) + safe) / safe**2)


def overlap_h(first: Exponentials, second: Exponentials) -> Float[Array, "first second"]:
    r"""Integral over all time of the product of every two modes. h, ``[first, second]``.

    .. math:: P_{ij} = \int_0^\infty \varphi_i\varphi_j\,dt
              = \frac{\langle e^{-\lambda\,|u-v|}\rangle_{u,v}}{\lambda_i+\lambda_j} \qquad (B8)

    with the mean over the moments of entry *u* (of *i*) and *v* (of *j*), and in the exponent the
    rate of the mode that entered first. Exact for boluses and for infusions that are either the
    same one or do not overlap in time.

    References
    ----------
    lea1942; derived in docs/theory/biology.md, section 2
    """
    li, lj = first.rate_per_h[:, None], second.rate_per_h[None, :]
    si, sj = first.start_h[:, None], second.start_h[None, :]
    Ti, Tj = first.duration_h[:, None], second.duration_h[None, :]
    i_first = si <= sj
    lam = jnp.where(i_first, li, lj)
    gap = jnp.where(i_first, sj - si - Ti, si - sj - Tj)
    apart = (
        jnp.exp(-lam * jnp.maximum(gap, 0.0)) * _average_decay(lam * Ti) * _average_decay(lam * Tj)
    )
    together = _average_wait(li * Ti) + _average_wait(lj * Tj)
    return jnp.where(si == sj, together, apart) / (li + lj)


def repair_modes(clock: Exponentials, mu_per_h: Real) -> tuple[Exponentials, Array]:
    r"""Modes that add up to unrepaired damage, and the weight that belongs to each dose-rate mode.

    With :math:`Q' = \dot D - \mu Q`, a dose-rate mode of rate :math:`\lambda` contributes

    .. math:: q(t) = \frac{\varphi(t;\lambda) - \varphi(t;\mu)}{\mu-\lambda}, \qquad (B7)

    for boluses and infusions alike.

    Returns
    -------
    tuple[Exponentials, Array]
        The modes :math:`\varphi(t;\mu)` and :math:`1/(\mu-\lambda)`, h, ``[mode]``. Where
        :math:`\lambda = \mu` to 1 part in 10^5 the two are kept that far apart.
    """
    lam = clock.rate_per_h
    mu = jnp.broadcast_to(jnp.asarray(mu_per_h, lam.dtype), lam.shape)
    gap = mu - lam
    least = 1e-5 * mu
    gap = jnp.where(jnp.abs(gap) < least, least, gap)
    return Exponentials(lam + gap, clock.start_h, clock.duration_h), 1.0 / gap


def quadratic_dose_Gy2(
    clock: Exponentials,
    rate_Gy_per_h: Float[Array, "mode"],
    *,
    repair_half_time_h: Real,
) -> Float[Array, ""]:
    r"""The protracted :math:`G D^2` of any sum of modes, to infinity. Gy^2.

    .. math:: G D^2 = 2\int_0^\infty \dot D\,Q\,dt
              = 2\sum_{ij} R_i R_j\,\frac{P(\lambda_i,\lambda_j)-P(\lambda_i,\mu)}{\mu-\lambda_j}
              \qquad (B9)

    For boluses given together it is
    :math:`2\sum_{ij} R_iR_j/[(\lambda_j+\mu)(\lambda_i+\lambda_j)]`.

    Parameters
    ----------
    clock, rate_Gy_per_h
        Modes of the dose rate and their amplitudes; Gy/h, ``[mode]``, of either sign.
    repair_half_time_h
        h, > 0.

    References
    ----------
    lea1942; baechler2008
    """
    repaired, weight = repair_modes(clock, repair_rate_per_h(repair_half_time_h))
    pairs = (overlap_h(clock, clock) - overlap_h(clock, repaired)) * weight
    return 2.0 * rate_Gy_per_h @ pairs @ rate_Gy_per_h


def bed_net_Gy(bed_Gy: Real, *, alpha_per_Gy: Real, growth_h: Real, doubling_time_h: Real) -> Array:
    r"""BED less what repopulation takes back, :math:`BED - \ln 2\,t/(\alpha T_d)`. Gy.

    References
    ----------
    dale1996
    """
    return jnp.asarray(bed_Gy) - LN2 * growth_h / (jnp.asarray(alpha_per_Gy) * doubling_time_h)


def effective_treatment_h(
    dose_Gy: Real,
    *,
    effective_half_life_h: Real,
    alpha_per_Gy: Real,
    doubling_time_h: Real,
) -> Array:
    r"""Time at which an exponential dose rate no longer outpaces growth. h.

    .. math:: t^* = \frac{T_e}{\ln 2}\ln\frac{\alpha R_0 T_d}{\ln 2},\qquad
              R_0 = D \ln 2/T_e \qquad (B11)

    References
    ----------
    dale1996

    Examples
    --------
    >>> days = effective_treatment_h(
    ...     20.0, effective_half_life_h=156.0, alpha_per_Gy=0.35, doubling_time_h=960.0
    ... ) / 24
    >>> round(float(days), 2)
    35.29
    """
    initial = jnp.asarray(dose_Gy) * LN2 / effective_half_life_h
    ratio = alpha_per_Gy * initial * doubling_time_h / LN2
    return jnp.maximum(0.0, effective_half_life_h / LN2 * jnp.log(ratio))


def eubed_Gy(
    bed_Gy: Float[Array, "part"], share: Float[Array, "part"], *, alpha_per_Gy: Real
) -> Float[Array, ""]:
    r"""Uniform BED that leaves as many cells as a non-uniform one. Gy.

    .. math:: EUBED = -\frac1\alpha \ln \sum_v f_v\,e^{-\alpha\,BED_v} \qquad (B12)

    Parameters
    ----------
    bed_Gy, share
        BED of every part (Gy) and its share of the cells; shares are normalised.

    References
    ----------
    odonoghue1999

    Examples
    --------
    >>> round(float(eubed_Gy(jnp.array([10.0, 30.0]), jnp.ones(2), alpha_per_Gy=0.3)), 4)
    12.3022
    """
    weight = share / jnp.sum(share)
    return -logsumexp(-alpha_per_Gy * bed_Gy, b=weight) / alpha_per_Gy


def eud_Gy(
    dose_Gy: Float[Array, "part"], share: Float[Array, "part"], *, exponent: Real
) -> Float[Array, ""]:
    r"""Generalised equivalent uniform dose :math:`(\sum f_v D_v^a)^{1/a}`. Gy.

    References
    ----------
    niemierko1999

    Examples
    --------
    >>> float(eud_Gy(jnp.array([10.0, 30.0]), jnp.ones(2), exponent=1.0))
    20.0
    """
    weight = share / jnp.sum(share)
    return jnp.sum(weight * dose_Gy**exponent) ** (1.0 / exponent)


def tcp(bed_Gy: Real, *, clonogens: Real, alpha_per_Gy: Real) -> Array:
    r"""Tumour control probability, :math:`\exp(-n\,e^{-\alpha\,BED})`, eq. (B13).

    Examples
    --------
    >>> round(float(tcp(60.0, clonogens=1e9, alpha_per_Gy=0.35)), 4)
    0.4685
    """
    return jnp.exp(-jnp.asarray(clonogens) * jnp.exp(-alpha_per_Gy * jnp.asarray(bed_Gy)))


def alpha_from_sf2_per_Gy(sf2: Real, alpha_beta_Gy: Real) -> Array:
    r"""Alpha from the survival after 2 Gy, :math:`-\ln SF_2/[2(1+2/(\alpha/\beta))]`. 1/Gy.

    Examples
    --------
    >>> round(float(alpha_from_sf2_per_Gy(0.2, 10.0)), 4)
    0.6706
    """
    return -jnp.log(sf2) / (2.0 * (1.0 + 2.0 / jnp.asarray(alpha_beta_Gy)))
