r"""What an electron does on its way through a medium: cross sections, split into hard and soft.

Hard events are sampled one by one: a Møller collision that frees an electron above ``hard_MeV``, a
bremsstrahlung photon above ``hard_MeV``, an elastic deflection beyond :math:`\mu_c`, with
:math:`\mu = (1-\cos\theta)/2`. All the rest is soft and acts through its moments: mean energy loss,
straggling, first and second transport coefficient.

* *Elastic*: first Born approximation, screened, times the ratio of Mott to Rutherford scattering of
  McKinley and Feshbach,

  .. math:: \frac{d\Sigma}{d\mu} = \sum_i n_i\frac{\pi r_e^2 Z_i^2}{(p\beta)^2}
            \frac{1 - \beta^2\mu + \pi\alpha Z_i\beta\sqrt\mu\,(1-\sqrt\mu)}{(\mu+\eta_i)^2},

  with :math:`\eta_i = c_i/4p^2` and :math:`c_i` such that the transport cross section is that of
  the atom's form factor.
* *Collisions with electrons*: Møller; the deflections that belong to soft collisions are Rutherford
  with a screening from the incoherent scattering function.
* *Radiation*: shape of the Bethe-Heitler spectrum without screening (3BN), scaled to the radiative
  stopping power.

The restricted stopping power is the tabulated one less what hard events take, so the mean loss per
path is that of the tables. p in units of mc, energies in MeV, lengths in cm. Only NumPy here.

References
----------
moller1932 (collisions); mckinley1948 (Mott ratio); koch1959, formula 3BN (radiation);
salvat2011, Chap. 4 (mixed simulation: choice of the cut, moments of soft events)
"""

import numpy as np
from numpy.typing import ArrayLike

from pdcraft.dosimetry.core.photon import ELECTRON_MEV
from pdcraft.dosimetry.core.positron import annihilation, bhabha, collision_difference

ELECTRON = ("soft_loss", "straggling", "moller", "brems", "elastic", "bound",
            "turn1", "turn2", "least_mu", "eta",
            "soft_loss_positron", "bhabha", "annihilation", "bound_positron")  # fmt: skip
RADIUS_CM = 2.8179403262e-13
FINE_STRUCTURE = 7.2973525693e-3
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(96)


def momentum_and_beta(energy_MeV):
    """Momentum in mc and speed in c of an electron."""
    tau = np.asarray(energy_MeV, float) / ELECTRON_MEV
    p = np.sqrt(tau * (tau + 2.0))
    return p, p / (tau + 1.0)


def integral(function, low, high):
    """Gauss-Legendre integral over each interval [low, high]; ``function`` maps [..., point]."""
    low, high = np.broadcast_arrays(np.asarray(low, float), np.asarray(high, float))
    half = 0.5 * (high - low)
    x = 0.5 * (high + low)[..., None] + half[..., None] * _POINTS
    return (function(x) * _WEIGHTS).sum(-1) * half


def log_integral(function, low, high):
    """As :func:`integral`, with points even in the logarithm of a positive variable."""
    return integral(lambda t: function(np.exp(t)) * np.exp(t), np.log(low), np.log(high))


def moller(loss_MeV, energy_MeV):
    r"""Møller cross section of one free electron at rest, cm²/MeV, for losses up to E/2.

    .. math:: \frac{d\sigma}{dW} = \frac{2\pi r_e^2 mc^2}{\beta^2W^2}\left[1 + x^2 - x +
              a\left(x + \frac{W^2}{E^2}\right)\right],\quad x = \frac{W}{E-W},\;
              a = \left(\frac{\gamma-1}{\gamma}\right)^2

    References
    ----------
    moller1932; salvat2011, Chap. 3
    """
    _, beta = momentum_and_beta(energy_MeV)
    a = (energy_MeV / (energy_MeV + ELECTRON_MEV)) ** 2
    x = loss_MeV / (energy_MeV - loss_MeV)
    shape = 1.0 + x * x - x + a * (x + (loss_MeV / energy_MeV) ** 2)
    return 2.0 * np.pi * RADIUS_CM**2 * ELECTRON_MEV / beta**2 / loss_MeV**2 * shape


def bethe_heitler(photon_MeV, energy_MeV):
    r"""Shape of the bremsstrahlung spectrum, :math:`k\,d\sigma/dk`, relative.

    Formula 3BN: Born approximation without screening.

    References
    ----------
    koch1959, formula 3BN
    """
    k = photon_MeV / ELECTRON_MEV
    before = energy_MeV / ELECTRON_MEV + 1.0
    after = np.maximum(before - k, 1.0 + 1e-12)
    p0, p = np.sqrt(before**2 - 1.0), np.sqrt(after**2 - 1.0)
    e0 = 2.0 * np.log(before + p0)
    e = 2.0 * np.log(after + p)
    log = 2.0 * np.log((before * after + p0 * p - 1.0) / k)
    product = before * after
    head = 4.0 / 3.0 - 2.0 * product * (p * p + p0 * p0) / (p * p0) ** 2
    head += e0 * after / p0**3 + e * before / p**3 - e * e0 / (p * p0)
    tail = 8.0 * product / (3.0 * p0 * p)
    tail += k * k * (product**2 + (p0 * p) ** 2) / (p0 * p) ** 3
    tail += (
        k
        / (2.0 * p0 * p)
        * (
            (product + p0 * p0) / p0**3 * e0
            - (product + p * p) / p**3 * e
            + 2.0 * k * product / (p * p0) ** 2
        )
    )
    return p / p0 * (head + log * tail)


def straggling(energy_MeV, oscillators, hard_MeV):
    r"""Variance of the energy lost per path in soft collisions. MeV²/cm.

    .. math:: \Omega^2 = \frac{2\pi r_e^2mc^2}{\beta^2}\sum_k n_k\left\{W_k\ln\frac{W_k(Q_k+2mc^2)}
              {Q_k(W_k+2mc^2)} + \int_{W_k}^{W_c} F\,dW\right\}

    Distant collisions lose the resonance energy :math:`W_k` of a shell, with the least recoil
    energy :math:`Q_k`; close ones follow Møller above it.

    References
    ----------
    salvat2011, Chap. 3 (oscillator model, without the transverse term)
    """
    E, rest = np.asarray(energy_MeV, float), 2.0 * ELECTRON_MEV
    _, beta = momentum_and_beta(E)
    top, total = np.minimum(hard_MeV, 0.5 * E), np.zeros_like(E)
    for density, W in oscillators:
        after = np.maximum(E - W, 1e-9)
        change = np.sqrt(E * (E + rest)) - np.sqrt(after * (after + rest))
        Q = change**2 / (np.hypot(change, ELECTRON_MEV) + ELECTRON_MEV)
        distant = np.where(E > 2.0 * W, np.log(W * (Q + rest) / (Q * (W + rest))), 0.0)
        total += density * 2.0 * np.pi * RADIUS_CM**2 * ELECTRON_MEV / beta**2 * W * distant
        low = np.minimum(W, top)
        total += density * integral(lambda w: w * w * moller(w, E[:, None]), low, top)
    return total


def deflection_of(loss_MeV, energy_MeV):
    """Deflection mu of an electron that loses ``loss_MeV`` to an electron at rest."""
    E, W = energy_MeV, loss_MeV
    square = (E - W) * (E + 2.0 * ELECTRON_MEV) / (E * (E - W + 2.0 * ELECTRON_MEV))
    return 0.5 * (1.0 - square) / (1.0 + np.sqrt(square))


def elastic(mu, energy_MeV, atoms):
    """Elastic scattering per path and deflection, 1/cm; ``mu`` [..., point], energy [...].

    ``atoms`` [element, 4]: Z, atoms per cm³, c of the nucleus and c of the electrons.
    """
    p, beta = (v[..., None] for v in momentum_and_beta(energy_MeV))
    total = np.zeros(np.broadcast_shapes(np.shape(mu), p.shape))
    root = np.sqrt(mu)
    for Z, density, c, _ in atoms:
        mott = 1.0 - beta**2 * mu + np.pi * FINE_STRUCTURE * Z * beta * root * (1.0 - root)
        strength = density * np.pi * (RADIUS_CM * Z / (p * beta)) ** 2
        total += strength * mott / (mu + c / (4.0 * p * p)) ** 2
    return total


def transport(order, energy_MeV, atoms, low: ArrayLike = 1e-12, high: ArrayLike = 1.0):
    """Transport coefficient 1/λ₁ or 1/λ₂ (``order``), or 1/λ (0), of deflections low … high."""
    weight = (lambda m: 1.0, lambda m: 2.0 * m, lambda m: 6.0 * m * (1.0 - m))[order]
    E = np.asarray(energy_MeV, float)
    p, _ = momentum_and_beta(E)
    shift = atoms[:, 2].min() / (4.0 * p * p)  # even points in ln(mu + eta) resolve the screening

    def of(t):
        mu = np.maximum(t - shift[..., None], 0.0)
        return weight(mu) * elastic(mu, E, atoms)

    return log_integral(of, np.asarray(low) + shift, np.asarray(high) + shift)


def soft_turns(energy_MeV, atoms, highest_mu):
    """First and second transport coefficient of soft collisions with electrons. 1/cm."""
    p, beta = momentum_and_beta(energy_MeV)
    first, second = np.zeros_like(p), np.zeros_like(p)
    for Z, density, _, c in atoms:
        strength = density * Z * np.pi * (RADIUS_CM / (p * beta)) ** 2
        eta = c / (4.0 * p * p)
        top = highest_mu + eta
        mean = np.log(top / eta) + eta / top - 1.0
        square = highest_mu - 2.0 * eta * np.log(top / eta) + highest_mu * eta / top
        first += 2.0 * strength * mean
        second += 6.0 * strength * (mean - square)
    return first, second


def elastic_cut(energy_MeV, atoms, mean_free_path_cm):
    """Least deflection of hard elastic events that leaves this mean free path; 0 if none does."""
    low, high = np.full_like(energy_MeV, 1e-12), np.ones_like(energy_MeV)
    wanted = 1.0 / mean_free_path_cm
    for _ in range(60):
        middle = np.sqrt(low * high)
        many = transport(0, energy_MeV, atoms, middle) > wanted
        low, high = np.where(many, middle, low), np.where(many, high, middle)
    return np.where(low <= 1e-12, 0.0, np.sqrt(low * high))


def one_screening(energy_MeV, atoms, least):
    r"""One atom in place of the mixture for hard elastic events: eta and :math:`\pi\alpha Z`.

    Z is the mean weighted by scattering; eta is such that the mean hard deflection is the
    mixture's.
    """
    weight = atoms[:, 1] * atoms[:, 0] ** 2
    Z = (weight * atoms[:, 0]).sum() / weight.sum()
    p, _ = momentum_and_beta(energy_MeV)
    c = np.full_like(energy_MeV, atoms[:, 2].min()), np.full_like(energy_MeV, atoms[:, 2].max())
    low, high = c[0] / 2.0, c[1] * 2.0
    wanted = transport(1, energy_MeV, atoms, least) / transport(0, energy_MeV, atoms, least)
    for _ in range(50):
        middle = np.sqrt(low * high)
        less = _mean_deflection(energy_MeV, Z, middle, least) < wanted
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    return np.sqrt(low * high) / (4.0 * p * p), np.pi * FINE_STRUCTURE * Z


def _mean_deflection(energy_MeV, Z, c, least):
    """Ratio of transport(1) to transport(0) beyond ``least`` of an atom with screening c[node]."""
    p, beta = (v[:, None] for v in momentum_and_beta(energy_MeV))
    eta = c / (4.0 * p[:, 0] ** 2)

    def density(t):
        mu = np.maximum(t - eta[:, None], 0.0)
        root = np.sqrt(mu)
        mott = 1.0 - beta**2 * mu + np.pi * FINE_STRUCTURE * Z * beta * root * (1.0 - root)
        return mu, mott / t**2

    def moment(order):
        return log_integral(lambda t: density(t)[1] * density(t)[0] ** order, least + eta, 1 + eta)

    return 2.0 * moment(1) / moment(0)


def brems_table(energy_MeV, radiative, hard_MeV, points=65):
    """Hard photons per path, energy lost to soft ones, and the inverse of the hard spectrum.

    Returns ``[node]``, ``[node]`` and ln k at even steps of the cumulative probability.
    """
    many, soft = np.zeros_like(energy_MeV), radiative.copy()
    inverse = np.full((len(energy_MeV), points), np.log(hard_MeV))
    for i, E in enumerate(energy_MeV):
        if E <= hard_MeV * 1.0001:
            continue
        k = np.exp(np.linspace(np.log(1e-6 * E), np.log(E * (1 - 1e-9)), 2000))
        shape = bethe_heitler(k, E)
        scale = radiative[i] / np.trapezoid(shape, k)
        fine = np.exp(np.linspace(np.log(hard_MeV), np.log(E * (1 - 1e-9)), 600))
        hard = bethe_heitler(fine, E)
        steps = 0.5 * (hard[1:] + hard[:-1]) * np.diff(np.log(fine))
        cumulative = np.concatenate([[0.0], np.cumsum(steps)])
        many[i] = scale * cumulative[-1]
        soft[i] = max(0.0, radiative[i] - scale * np.trapezoid(hard, fine))
        inverse[i] = np.interp(np.linspace(0, 1, points), cumulative / cumulative[-1], np.log(fine))
    return many, soft, inverse


def _highest(rate, reach):
    """Largest rate of hard events within one step below each node and at the next."""
    return np.array([rate[max(0, i - reach) : i + 2].max() for i in range(len(rate))])


def _bhabha_events(energy_MeV, electrons_per_cm3, hard_MeV):
    """Hard collisions of positrons per path (1/cm) and the energy that they take (MeV/cm)."""
    hard = energy_MeV > hard_MeV * 1.0001
    low, E = np.minimum(hard_MeV, energy_MeV * (1 - 1e-12)), energy_MeV[:, None]
    many = log_integral(lambda w: bhabha(w, E), low, energy_MeV)
    taken = log_integral(lambda w: w * bhabha(w, E), low, energy_MeV)
    return electrons_per_cm3 * hard * many, electrons_per_cm3 * hard * taken


def electron_tables(
    energy_MeV,
    collision,
    radiative,
    atoms,
    oscillators,
    *,
    hard_MeV,
    photon_MeV=None,
    C1=0.05,
    C2=0.05,
):
    r"""Everything that ``core.electron`` needs to know about a medium.

    The mean free path between hard elastic events is
    :math:`\max\{\lambda_{el}, \min[C_1\lambda_1, C_2E/S]\}`.

    Parameters
    ----------
    energy_MeV
        Even in ln E, from the lowest energy that is followed. MeV, ``[node]``.
    collision, radiative
        Stopping powers. MeV/cm, ``[node]``.
    atoms
        ``[element, 4]``: Z, atoms per cm³, screening c of nucleus and of electrons.
    oscillators
        ``[shell, 2]``: electrons per cm³, resonance energy in MeV.
    hard_MeV
        Losses above it are events of their own.
    photon_MeV
        The same for bremsstrahlung, at most ``hard_MeV``; None: ``hard_MeV``.
    C1, C2
        Largest mean deflection and relative energy loss between hard elastic events.

    Returns
    -------
    tuple
        grid [ln E0, step, nodes]; table [node, ``ELECTRON``] (1/cm, MeV/cm, MeV²/cm); ln k of hard
        photons [node, probability]; [hard_MeV, C2, pi alpha Z].

    References
    ----------
    salvat2011, Chap. 4
    """
    E, n_e = np.asarray(energy_MeV, float), (atoms[:, 0] * atoms[:, 1]).sum()
    half, column = 0.5 * E, E[:, None]
    hard = half > hard_MeV * 1.0001
    low = np.minimum(hard_MeV, half * (1 - 1e-12))
    many = n_e * hard * log_integral(lambda w: moller(w, column), low, half)
    taken = n_e * hard * log_integral(lambda w: w * moller(w, column), low, half)
    spread = straggling(E, oscillators, hard_MeV)
    photons, soft_radiation, inverse = brems_table(
        E, radiative, hard_MeV if photon_MeV is None else photon_MeV
    )
    free = np.minimum(C1 / transport(1, E, atoms), C2 * E / (collision + radiative))
    cut = elastic_cut(E, atoms, np.maximum(free, 1.0 / transport(0, E, atoms)))
    least = np.maximum(cut, 1e-12)
    knocked = soft_turns(E, atoms, deflection_of(np.minimum(hard_MeV, half), E))
    turns = [
        np.where(cut > 0, transport(n, E, atoms, 1e-12, least), 0.0) + knocked[n - 1]
        for n in (1, 2)
    ]
    events = transport(0, E, atoms, least)
    reach = int(np.ceil(4 * C2 / np.log(E[1] / E[0])))
    bound = _highest(events + many + photons, reach)
    eta, mott = one_screening(E, atoms, least)
    struck, lost = _bhabha_events(E, n_e, hard_MeV)
    vanish = n_e * annihilation(E)
    soft = collision + collision_difference(E, n_e) - lost + soft_radiation
    table = np.stack([collision - taken + soft_radiation, spread, many, photons, events, bound,
                      *turns, cut, eta, soft, struck, vanish,
                      _highest(events + struck + photons + vanish, reach)], axis=1)  # fmt: skip
    grid = np.array([np.log(E[0]), np.log(E[1] / E[0]), len(E)])
    return grid, table, inverse, np.array([hard_MeV, C2, mott])
