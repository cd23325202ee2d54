r"""Photons from birth to escape in a stylised phantom. Electrons stop where they are set free.

Free paths are sampled by delta (Woodcock) tracking: with :math:`\Sigma_{max}(E)` the largest
attenuation coefficient of all materials, a tentative collision follows after
:math:`s = -\ln\xi/\Sigma_{max}` and is real with probability :math:`\Sigma/\Sigma_{max}`;
no distance to a surface is ever needed.

Energy is scored twice:

* *expected value*: at every tentative collision, real or not, the region receives

  .. math:: w\,E\,\mu_{tr}(E)/\Sigma_{max}(E),\qquad
            \mu_{tr} = \tau + \sigma_{inc}\,\overline{1 - E'/E} + \kappa\,(1 - 2m_ec^2/E),

  the mean energy that photons give to electrons there. It is unbiased for the deposit, because the
  density of tentative collisions is fluence times :math:`\Sigma_{max}`, and has a small variance;
* *analogue*: the energy really left at real collisions; with the escaped energy it adds up to the
  emitted energy in every history, which is the test of energy conservation.

Red marrow is scored as collision kerma of marrow in the fluence inside each bone, per mass of
marrow: :math:`w\,E\,(\mu_{tr}/\rho)_{marrow}\,f_b/(\Sigma_{max} V_b)`, with :math:`f_b` the share
of the marrow in bone b. This neglects photoelectrons that enter the marrow from trabeculae (an
enhancement below about 0.1 MeV), and is the weakest part of the model.

Tables are given on a grid uniform in ln E and interpolated linearly; ``MATERIAL`` names the
columns. Characteristic X rays, bremsstrahlung, Doppler broadening and polarisation are neglected.

References
----------
woodcock1965 (delta tracking); hubbell1975 (form factors, S(x,Z)); butcher1960 (Klein-Nishina
sampling)
"""

import math

import numpy as np
from numba import njit

from pdcraft.dosimetry.core.geometry import OUTSIDE, locate
from pdcraft.dosimetry.core.rng import stream, uniform

MATERIAL = ("total", "photoelectric", "incoherent", "coherent", "pair", "transfer")  # 1/cm
ELECTRON_MEV = 0.51099895
LOWEST_MEV = 1e-3
HC_MEV_ANGSTROM = 0.01239841984
_FAINT = 0.02
_REVIVAL = 5.0


@njit(cache=True, nogil=True)
def grid_place(energy_MeV, grid):
    """Interval and fraction of an energy on the grid [ln lowest energy, step of ln E, nodes]."""
    place = (math.log(energy_MeV) - grid[0]) / grid[1]
    i = min(max(int(place), 0), int(grid[2]) - 2)
    return i, place - i


@njit(cache=True, nogil=True)
def between(column, i, f):
    """Linear interpolation between node i and the next."""
    return column[i] + f * (column[i + 1] - column[i])


@njit(cache=True, nogil=True)
def isotropic(state):
    """Unit vector, uniform on the sphere."""
    w = 2.0 * uniform(state) - 1.0
    s = math.sqrt(max(0.0, 1.0 - w * w))
    phi = 2.0 * math.pi * uniform(state)
    return s * math.cos(phi), s * math.sin(phi), w


@njit(cache=True, nogil=True)
def turn(u, v, w, cosine, phi):
    """Direction after a deflection by ``cosine`` at azimuth ``phi`` (rad)."""
    sine = math.sqrt(max(0.0, 1.0 - cosine * cosine))
    a = sine * math.cos(phi)
    b = sine * math.sin(phi)
    r = math.sqrt(max(0.0, 1.0 - w * w))
    if r < 1e-9:
        sense = 1.0 if w > 0.0 else -1.0
        return a, b * sense, cosine * sense
    u2 = u * cosine + (u * w * a - v * b) / r
    v2 = v * cosine + (v * w * a + u * b) / r
    w2 = w * cosine - a * r
    n = math.sqrt(u2 * u2 + v2 * v2 + w2 * w2)
    return u2 / n, v2 / n, w2 / n


@njit(cache=True, nogil=True)
def klein_nishina(energy_MeV, state):
    """Ratio E'/E and cosine of the scattering angle on a free electron at rest."""
    k = energy_MeV / ELECTRON_MEV
    least = 1.0 / (1.0 + 2.0 * k)
    a1 = -math.log(least)
    a2 = 0.5 * (1.0 - least * least)
    while True:
        if uniform(state) * (a1 + a2) < a1:
            ratio = math.exp(-a1 * uniform(state))
        else:
            ratio = math.sqrt(least * least + (1.0 - least * least) * uniform(state))
        t = min(2.0, (1.0 - ratio) / (k * ratio))
        if uniform(state) <= 1.0 - ratio * t * (2.0 - t) / (1.0 + ratio * ratio):
            return ratio, 1.0 - t


@njit(cache=True, nogil=True)
def transfer_node(x, nodes):
    """Interval and fraction of x (1/angstrom) on the grid ``nodes`` = [ln x0, step, n]."""
    if x <= 0.0:
        return 0, 0.0
    place = (math.log(x) - nodes[0]) / nodes[1]
    i = min(max(int(place), 0), int(nodes[2]) - 2)
    return i, min(max(place - i, 0.0), 1.0)


@njit(cache=True, nogil=True)
def incoherent(energy_MeV, binding, nodes, state):
    """Ratio E'/E and cosine of bound-electron scattering: Klein-Nishina times S(x)/S(x_max)."""
    x_max = energy_MeV / HC_MEV_ANGSTROM
    i, f = transfer_node(x_max, nodes)
    s_max = between(binding, i, f)
    while True:
        ratio, cosine = klein_nishina(energy_MeV, state)
        i, f = transfer_node(x_max * math.sqrt(0.5 * (1.0 - cosine)), nodes)
        if uniform(state) * s_max <= between(binding, i, f):
            return ratio, cosine


@njit(cache=True, nogil=True)
def bisect(rising, wanted):
    """Number of entries that are not above ``wanted``; at most the last position."""
    low, high = 0, len(rising) - 1
    while low < high:
        middle = (low + high) // 2
        if rising[middle] > wanted:
            high = middle
        else:
            low = middle + 1
    return low


@njit(cache=True, nogil=True)
def coherent(energy_MeV, form, nodes, state):
    """Cosine of coherent scattering: x² from the integral of F² (``form``), then (1+cos²)/2."""
    x_max = energy_MeV / HC_MEV_ANGSTROM
    i, f = transfer_node(x_max, nodes)
    ceiling = between(form, i, f)
    while True:
        wanted = uniform(state) * ceiling
        i = max(bisect(form, wanted) - 1, 0)
        f = (wanted - form[i]) / max(form[i + 1] - form[i], 1e-300)
        low = math.exp(2.0 * (nodes[0] + i * nodes[1]))
        square = low + min(max(f, 0.0), 1.0) * low * (math.exp(2.0 * nodes[1]) - 1.0)
        if i == 0 and f < 0.0:
            square = low * wanted / max(form[0], 1e-300)
        cosine = max(-1.0, 1.0 - 2.0 * square / (x_max * x_max))
        if uniform(state) <= 0.5 * (1.0 + cosine * cosine):
            return cosine


@njit(cache=True, nogil=True)
def sample_point(source, geometry, state):
    """Point of a source: a region by its probability, then uniform in it by rejection. cm."""
    regions, cumulative, boxes = source
    chosen = np.searchsorted(cumulative, uniform(state) * cumulative[-1], side="right")
    chosen = min(chosen, len(regions) - 1)
    b = boxes[chosen]
    while True:
        x = b[0] + (b[1] - b[0]) * uniform(state)
        y = b[2] + (b[3] - b[2]) * uniform(state)
        z = b[4] + (b[5] - b[4]) * uniform(state)
        if locate(x, y, z, geometry) == regions[chosen]:
            return x, y, z


@njit(cache=True, nogil=True)
def scatter(photon, i, f, table, matter, state):
    """One scattering or pair production of a photon that survives. Returns the energy left, MeV.

    ``photon`` is [x, y, z, u, v, w, energy, weight, pending]; pair production turns it into one
    annihilation quantum and leaves its partner ``pending``.
    """
    binding, form, nodes = matter
    energy = photon[6]
    inc = between(table[:, 2], i, f)
    coh = between(table[:, 3], i, f)
    pair = between(table[:, 4], i, f) if energy > 2.0 * ELECTRON_MEV else 0.0
    pick = uniform(state) * (inc + coh + pair)
    left = 0.0
    if pick < pair:
        photon[3], photon[4], photon[5] = isotropic(state)
        photon[6] = ELECTRON_MEV
        photon[8] = 1.0
        return energy - 2.0 * ELECTRON_MEV
    if pick < pair + coh:
        cosine = coherent(energy, form, nodes, state)
    else:
        ratio, cosine = incoherent(energy, binding, nodes, state)
        photon[6] = energy * ratio
        left = energy - photon[6]
    phi = 2.0 * math.pi * uniform(state)
    photon[3], photon[4], photon[5] = turn(photon[3], photon[4], photon[5], cosine, phi)
    return left


@njit(cache=True, nogil=True)
def score_expected(photon, r, i, f, majorant, tables, medium, marrow, score):
    """Expected deposit at a tentative collision in region r, and marrow kerma if r is a bone."""
    m = medium[r]
    track = photon[7] * photon[6] / majorant
    score[0, r] += track * between(tables[m, :, 5], i, f)
    if marrow[r] > 0.0:
        soft = tables[0, :, 5]
        score[2, 0] += track * between(soft, i, f) * marrow[r]


@njit(cache=True, nogil=True)
def collide(photon, r, i, f, table, matter, analogue, score, state):
    """One real collision in region r. Returns whether the photon lives on."""
    if analogue:
        absorbed = uniform(state) * between(table[:, 0], i, f) < between(table[:, 1], i, f)
        lost = photon[7] if absorbed else 0.0
    else:
        lost = photon[7] * between(table[:, 1], i, f) / between(table[:, 0], i, f)
    score[1, r] += lost * photon[6]
    photon[7] -= lost
    if photon[7] <= 0.0:
        return False
    partner = photon[8]
    score[1, r] += photon[7] * scatter(photon, i, f, table, matter, state)
    if partner < photon[8]:
        photon[9:12] = photon[0:3]
        photon[12] = photon[7]
        photon[13:16] = -photon[3:6]
    if photon[6] < LOWEST_MEV:
        score[0, r] += photon[7] * photon[6]
        score[1, r] += photon[7] * photon[6]
        return False
    if not analogue and photon[7] < _FAINT:
        if uniform(state) * _REVIVAL >= 1.0:
            return False
        photon[7] *= _REVIVAL
    return True


@njit(cache=True, nogil=True)
def follow(photon, geometry, physics, medium, marrow, analogue, score, state):
    """One photon to its end: escape (to score[2, 1]), absorption, roulette, or less than 1 keV."""
    grid, ceiling, tables, bindings, forms, nodes = physics
    i, f = grid_place(photon[6], grid)
    energy = photon[6]
    while True:
        if photon[6] != energy:
            energy = photon[6]
            i, f = grid_place(energy, grid)
        majorant = between(ceiling, i, f)
        step = -math.log(1.0 - uniform(state)) / majorant
        for axis in range(3):
            photon[axis] += step * photon[3 + axis]
        r = locate(photon[0], photon[1], photon[2], geometry)
        if r == OUTSIDE:
            score[2, 1] += photon[7] * energy
            return
        if r < 0:
            continue
        score_expected(photon, r, i, f, majorant, tables, medium, marrow, score)
        m = medium[r]
        if uniform(state) * majorant < between(tables[m, :, 0], i, f):
            matter = (bindings[m], forms[m], nodes)
            if not collide(photon, r, i, f, tables[m], matter, analogue, score, state):
                return


@njit(cache=True, nogil=True)
def histories(key, begin, end, energy_MeV, source, geometry, physics, medium, marrow, analogue):
    """Sum of the scores of histories ``begin`` ... ``end - 1``, one photon of ``energy_MeV`` each.

    Parameters
    ----------
    key
        Key of the random streams, see :func:`pdcraft.dosimetry.core.rng.key`.
    source
        (regions, cumulative probabilities, boxes [region, 6] in cm).
    geometry
        The arrays named in :data:`pdcraft.dosimetry.core.geometry.GEOMETRY`.
    physics
        (energy grid, majorant 1/cm, tables [material, node, ``MATERIAL``] 1/cm, S(x) and integral
        of F² [material, node of x], grid of x). Material 0 is soft tissue.
    medium
        Material of each region.
    marrow
        Marrow weight of each region, f_b / (V_b rho_soft), 1/g; zero outside bones.
    analogue
        Absorb photons as nature does (exact energy balance) instead of by weight (smaller
        variance).

    Returns
    -------
    ndarray
        [3, regions]: expected deposit, analogue deposit (MeV), and [marrow kerma MeV/g, escaped
        MeV, 0...].
    """
    score = np.zeros((3, max(len(medium), 2)))
    photon = np.zeros(16)
    for history in range(begin, end):
        state = stream(key, history)
        photon[:] = 0.0
        photon[0], photon[1], photon[2] = sample_point(source, geometry, state)
        photon[3], photon[4], photon[5] = isotropic(state)
        photon[6] = energy_MeV
        photon[7] = 1.0
        follow(photon, geometry, physics, medium, marrow, analogue, score, state)
        if photon[8] > 0.0:
            photon[0:3] = photon[9:12]
            photon[3:6] = photon[13:16]
            photon[6] = ELECTRON_MEV
            photon[7] = photon[12]
            follow(photon, geometry, physics, medium, marrow, analogue, score, state)
    return score
