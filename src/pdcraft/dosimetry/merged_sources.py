"""An engine for a body with fewer regions than the kinetics: each source counts to its nearest."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp

from pdcraft.domain import Activity, Anatomy, DoseRate, Regions
from pdcraft.dosimetry.base import AbstractEngine
from pdcraft.dosimetry.mird import Mird


class MergedSources(AbstractEngine):
    """`Mird` for activity in regions of which some are no regions of its body.

    Attributes
    ----------
    engine
        What irradiates.
    into
        Pairs (source that the body lacks, region to which its activity counts).
    """

    engine: Mird
    into: tuple[tuple[str, str], ...] = eqx.field(static=True)

    def dose_rate(self, activity: Activity, anatomy: Anatomy) -> DoseRate:
        """Dose rate of the merged activity. Gy/h; errors as of `Mird`."""
        to, names = dict(self.into), activity.space.names
        kept = tuple(dict.fromkeys(to.get(n, n) for n in names))
        sums = jnp.array([[to.get(n, n) == k for n in names] for k in kept], float)
        space = Regions(kept, sums @ activity.space.mass_g)
        MBq = jnp.einsum("kp,pnm->knm", sums, activity.MBq)
        merged = Activity(space, activity.nuclides, activity.clock, MBq)
        return self.engine.dose_rate(merged, anatomy)
