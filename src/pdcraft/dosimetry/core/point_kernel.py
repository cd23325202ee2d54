r"""Electrons from region to region by the point kernel of water, along straight rays.

Energy of an electron is left at distance r with the density :math:`J(r/r_0)/r_0` of the scaled
dose-point kernel, whatever its direction. So a deposit is sampled as a point of the source, a
direction and a mass distance :math:`x\,r_0`; the ray is followed through the regions until it has
crossed that mass per area. Scattering in the kernel is that of water everywhere.

References
----------
berger1973 (scaling by the range)
"""

import numpy as np
from numba import njit

from pdcraft.dosimetry.core.geometry import locate
from pdcraft.dosimetry.core.photon import isotropic, sample_point
from pdcraft.dosimetry.core.rng import stream, uniform

STEPS = 16


@njit(cache=True, nogil=True)
def end_of_ray(at, direction, mass_g_per_cm2, region, density, geometry):
    """Region in which a ray has crossed a mass per area; negative outside the body."""
    x, y, z = at[0], at[1], at[2]
    step = mass_g_per_cm2 / STEPS
    for _ in range(STEPS):
        length = step / density[region]
        x += length * direction[0]
        y += length * direction[1]
        z += length * direction[2]
        region = locate(x, y, z, geometry)
        if region < 0:
            return region
    return region


@njit(cache=True, nogil=True)
def deposits(key, begin, end, source, kernels, density, geometry, regions):
    """Number of deposits of histories ``begin`` … ``end - 1`` in every region. [energy, region].

    Parameters
    ----------
    source
        (regions, cumulative probabilities, boxes), as for the photon transport.
    kernels
        (ranges, g/cm2 [energy]; cumulative kernels [energy, shell], last 1; width of a shell).
    density
        Of every region. g/cm3.
    geometry
        As `core.geometry` describes it.
    """
    reach, cumulative, width = kernels
    score = np.zeros((len(reach), regions))
    for history in range(begin, end):
        state = stream(key, history)
        at = sample_point(source, geometry, state)
        here = locate(at[0], at[1], at[2], geometry)
        direction = isotropic(state)
        for e in range(len(reach)):
            u = uniform(state)
            shell = np.searchsorted(cumulative[e], u, side="right")
            below = cumulative[e, shell - 1] if shell > 0 else 0.0
            share = (u - below) / (cumulative[e, shell] - below)
            x = (shell + share) * width
            r = end_of_ray(at, direction, x * reach[e], here, density, geometry)
            if r >= 0:
                score[e, r] += 1.0
    return score
