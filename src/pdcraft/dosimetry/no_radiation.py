"""A payload that does not radiate: no dose anywhere, on the same anatomy as `Mird`."""

from __future__ import annotations

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.domain import Activity, Anatomy, DoseRate, InputError
from pdcraft.domain.phantom import Phantom
from pdcraft.dosimetry.base import RADIATIONS, AbstractEngine
from pdcraft.dosimetry.mird import TUMOUR


class NoRadiation(AbstractEngine):
    """Dose rate 0 in every region: the engine of a cytotoxic payload.

    Attributes
    ----------
    places
        Target regions, as those of `Mird`.
    reference_g
        Their masses in the reference bodies. g, ``[sex, target]``.
    """

    places: tuple[str, ...] = eqx.field(static=True)
    reference_g: Float[Array, "sex target"]

    @classmethod
    def of(cls, phantoms: Sequence[Phantom]) -> NoRadiation:
        """For reference bodies of adults, and tumour in their marrow."""
        names = [n for n in phantoms[0].targets if all(n in p.targets for p in phantoms)]
        mass = [[float(p.mass_g[p.target(n)]) for n in names] for p in phantoms]
        return cls((*names, TUMOUR), jnp.asarray(mass))

    def dose_rate(self, activity: Activity, anatomy: Anatomy) -> DoseRate:
        """Zero everywhere.

        Raises
        ------
        InputError
            If something does decay.
        """
        if activity.nuclides:
            raise InputError(
                f"{', '.join(activity.nuclides)} radiate; build a Mird engine for their emissions."
            )
        shape = (len(anatomy.space), len(RADIATIONS), activity.MBq.shape[-1])
        return DoseRate(anatomy.space, RADIATIONS, activity.clock, jnp.zeros(shape))
