"""Mice with a xenograft: body, tumour and individual parameters from one seed."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from pdcraft.domain import Anatomy, ParameterSet, Patient, Regions, Values
from pdcraft.domain.random import normals
from pdcraft.trial.individual import individual_values
from pdcraft.trial.population import outside_checked

XENOGRAFT = "lesion 1"
"""The region that the tumour under the skin is, for kinetics and dosimetry."""
XENOGRAFT_MASS = f"{XENOGRAFT}.mass"


class Mice(eqx.Module):
    """Draws mice. Mouse 17 is the same animal in every group.

    Attributes
    ----------
    parameters
        Everything that is drawn, with its spread; ``mouse.body_mass`` (kg) and ``xenograft.mass``
        (g) among it.
    places, reference_g
        Target regions of the reference mouse and their masses, which go with the body's. g,
        ``[place]``.
    seed
        Of the study.
    """

    parameters: ParameterSet = eqx.field(static=True)
    places: tuple[str, ...] = eqx.field(static=True)
    reference_g: Float[Array, "place"]
    seed: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        """Refuse a set without a mouse or without its tumour."""
        for name in ("mouse.body_mass", "xenograft.mass"):
            self.parameters[name]

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions of the mice's anatomy, in order."""
        return (*self.places, XENOGRAFT)

    def draw(self, numbers: Int[Array, "n"]) -> Patient:
        """The mice with these numbers, as one `Patient` with a leading axis ``[n]``."""
        names, numbers = list(self.parameters), jnp.asarray(numbers)
        z = np.asarray(normals(self.seed, names, numbers))
        drawn = individual_values(list(self.parameters.values()), z, None, np.asarray(numbers))
        kg, tumour_g = (drawn[names.index(n)] for n in ("mouse.body_mass", "xenograft.mass"))
        reference = np.asarray(self.reference_g)
        mass = np.outer(1e3 * kg / reference[self.places.index("total body")], reference)
        mass_g = jnp.asarray(np.concatenate([mass, tumour_g[:, None]], axis=1))
        values = jnp.asarray(np.concatenate([drawn, tumour_g[None]]).T)
        unknown = jnp.full(kg.shape, jnp.nan)  # height, surface and age mean nothing here
        return Patient(
            numbers, Anatomy(Regions(self.regions, mass_g), jnp.zeros_like(numbers)),
            jnp.asarray(kg), unknown, unknown, unknown,
            Values((*names, XENOGRAFT_MASS), values),
        )  # fmt: skip

    def outside(self, patients: Patient) -> dict[str, Int[Array, ""]]:
        """How many of the mice have a parameter outside its checked range, by name."""
        return outside_checked(self.parameters, patients)
