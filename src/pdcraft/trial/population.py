r"""Virtual patients: covariates, masses and individual parameters from one seed.

Every value is addressed by (seed, parameter, patient number): patient 17 is the same person in
every cohort, design, shard and thread.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray
from scipy.special import ndtr

from pdcraft.domain import SEXES, Anatomy, InputError, ParameterSet, Patient, Regions, Values
from pdcraft.domain.random import normals
from pdcraft.trial.body_surface import body_surface_m2
from pdcraft.trial.individual import Beliefs, correlation_root, individual_values

_NEEDS = (
    "population.male_share", "population.age", "marrow.infiltration",
    *(f"{sex}.{what}" for sex in SEXES for what in ("body_mass", "height", "plasma_volume")),
)  # fmt: skip


class Population(eqx.Module):
    r"""Draws virtual patients.

    Body mass goes with the square of height, :math:`m = m_{50}(h/h_{50})^2 e^{\omega z}`; organs go
    with body mass; body surface is that of a named formula. Myeloma replaces the share
     ``marrow.infiltration`` of the active marrow.

    Attributes
    ----------
    parameters
        Everything that is drawn, with its spread.
    places, reference_g
        Target regions of the phantoms and their masses; g, ``[sex, place]``.
    seed
        Of the study.
    correlations
        Triples (parameter, parameter, correlation of their normal scores); all others are
        independent, and nobody's other values change when one is added.
    surface
        Formula of body surface, see `body_surface_m2`.
    beliefs
        Draws of typical values; None takes the library's for everybody.
    lesions
        Names of lesions, whose masses are the parameters ``"<name>.mass"``. They come on top of the
        body.

    References
    ----------
    mosteller1987, body surface
    """

    parameters: ParameterSet = eqx.field(static=True)
    places: tuple[str, ...] = eqx.field(static=True)
    reference_g: Float[Array, "sex place"]
    seed: int = eqx.field(static=True)
    correlations: tuple[tuple[str, str, float], ...] = eqx.field(static=True, default=())
    surface: str = eqx.field(static=True, default="mosteller")
    beliefs: Beliefs | None = None
    lesions: tuple[str, ...] = eqx.field(static=True, default=())

    def __check_init__(self) -> None:
        """Refuse a set without the covariates, unknown formulas, impossible correlations."""
        for name in (*_NEEDS, *(f"{lesion}.mass" for lesion in self.lesions)):
            self.parameters[name]
        body_surface_m2(170.0, 70.0, self.surface)
        self._mixing()

    def _mixing(self) -> tuple[tuple[str, ...], NDArray]:
        """Parameters that are correlated, and the Cholesky factor of their correlations."""
        names = tuple(dict.fromkeys(n for a, b, _ in self.correlations for n in (a, b)))
        for a, b, _ in self.correlations:
            if a == b or "none" in (self.parameters[a].spread.kind, self.parameters[b].spread.kind):
                raise InputError(
                    f"The correlation of {a} and {b} needs two parameters that differ between "
                    "patients. Give both a spread."
                )
        return names, correlation_root(names, self.correlations)

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions of the patients' anatomy, in order."""
        return (*self.places, "tumour", *self.lesions)

    def draw(self, numbers: Int[Array, "n"]) -> Patient:
        """The patients with these numbers, as one `Patient` with a leading axis ``[n]``."""
        names = list(self.parameters)
        z = np.array(normals(self.seed, ["sex", *names], jnp.asarray(numbers)))
        related, mix = self._mixing()
        if related:
            rows = [1 + names.index(n) for n in related]
            z[rows] = mix @ z[rows]
        drawn = individual_values(
            list(self.parameters.values()), z[1:], self.beliefs, np.asarray(numbers)
        )
        row = names.index
        male = ndtr(z[0]) < drawn[row("population.male_share")]

        def own(what: str) -> Float[np.ndarray, "n"]:
            return np.where(male, drawn[row(f"male.{what}")], drawn[row(f"female.{what}")])

        def middle(what: str) -> Float[np.ndarray, "n"]:
            of_men, of_women = (self.parameters[f"{sex}.{what}"].value for sex in SEXES)
            return np.where(male, of_men, of_women)

        height = own("height")
        body_kg = own("body_mass") * (height / middle("height")) ** 2
        plasma = own("plasma_volume") * body_kg / middle("body_mass")
        sex = np.where(male, SEXES.index("male"), SEXES.index("female"))
        kept = [n for n in names if not n.startswith(("male.", "female.", "population."))]
        values = np.concatenate([drawn[[row(n) for n in kept]], plasma[None]]).T
        surface = np.asarray(body_surface_m2(height, body_kg, self.surface))  # type: ignore[arg-type]
        anatomy = self._anatomy(
            sex, body_kg, drawn[row("marrow.infiltration")],
            [drawn[row(f"{lesion}.mass")] for lesion in self.lesions],
        )  # fmt: skip
        return Patient(
            jnp.asarray(numbers), anatomy, jnp.asarray(body_kg), jnp.asarray(height),
            jnp.asarray(surface), jnp.asarray(drawn[row("population.age")]),
            Values((*kept, "plasma.volume"), jnp.asarray(values)),
        )  # fmt: skip

    def _anatomy(
        self,
        sex: Int[np.ndarray, "n"],
        body_kg: Float[np.ndarray, "n"],
        infiltration: Float[np.ndarray, "n"],
        lesions_g: list[Float[np.ndarray, "n"]],
    ) -> Anatomy:
        reference = np.asarray(self.reference_g)[sex]  # [n, place]
        mass = reference * (1e3 * body_kg / reference[:, self.places.index("total body")])[:, None]
        at = self.places.index("red marrow")
        tumour = mass[:, at] * infiltration
        mass[:, at] -= tumour
        others = np.stack([tumour, *lesions_g], axis=1)
        mass_g = jnp.asarray(np.concatenate([mass, others], axis=1))
        return Anatomy(Regions(self.regions, mass_g), jnp.asarray(sex))

    def outside(self, patients: Patient) -> dict[str, Int[Array, ""]]:
        """How many of the patients have a parameter outside its checked range, by name."""
        return outside_checked(self.parameters, patients)


def outside_checked(parameters: ParameterSet, patients: Patient) -> dict[str, Int[Array, ""]]:
    """How many individuals have a parameter outside its checked range, by name."""
    found = {}
    for name, parameter in parameters.items():
        if parameter.checked is not None and name in patients.parameters.names:
            column = patients.parameters.value[:, patients.parameters.names.index(name)]
            low, high = parameter.checked
            found[name] = ((column < low) | (column > high)).sum()
    return found
