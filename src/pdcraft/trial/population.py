r"""Virtual patients: covariates, masses and individual parameters from one seed.

Every value is addressed by (seed, parameter, patient number): patient 17 is the same person in
every cohort, design, shard and thread.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from pdcraft.domain import SEXES, Anatomy, ParameterSet, Patient, Regions, Values
from pdcraft.domain.parameter import Parameter
from pdcraft.domain.random import normals

_NEEDS = (
    "population.male_share", "population.age", "marrow.infiltration",
    *(f"{sex}.{what}" for sex in SEXES for what in ("body_mass", "height", "plasma_volume")),
)  # fmt: skip


class Population(eqx.Module):
    r"""Draws virtual patients.

    Body mass goes with the square of height, :math:`m = m_{50}(h/h_{50})^2 e^{\omega z}`; organs go
    with body mass; body surface is that of Mosteller, :math:`\sqrt{hm/3600}`. Myeloma replaces the
    share ``marrow.infiltration`` of the active marrow.

    Attributes
    ----------
    parameters
        Everything that is drawn, with its spread.
    places, reference_g
        Target regions of the phantoms and their masses; g, ``[sex, place]``.
    seed
        Of the study.

    References
    ----------
    mosteller1987, body surface
    """

    parameters: ParameterSet = eqx.field(static=True)
    places: tuple[str, ...] = eqx.field(static=True)
    reference_g: Float[Array, "sex place"]
    seed: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        """Refuse a parameter set without the covariates."""
        for name in _NEEDS:
            self.parameters[name]

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions of the patients' anatomy, in order."""
        return (*self.places, "tumour")

    def draw(self, numbers: Int[Array, "n"]) -> Patient:
        """The patients with these numbers, as one `Patient` with a leading axis ``[n]``."""
        return _draw(self, jnp.asarray(numbers))

    def _drawn(self, numbers: Int[Array, "n"]) -> Patient:
        names = list(self.parameters)
        z = normals(self.seed, ["sex", *names], numbers)
        drawn = _individual(list(self.parameters.values()), z[1:])
        row = names.index
        male = jax.scipy.special.ndtr(z[0]) < drawn[row("population.male_share")]

        def own(what: str) -> Float[Array, "n"]:
            return jnp.where(male, drawn[row(f"male.{what}")], drawn[row(f"female.{what}")])

        def middle(what: str) -> Float[Array, "n"]:
            of_men, of_women = (self.parameters[f"{sex}.{what}"].value for sex in SEXES)
            return jnp.where(male, of_men, of_women)

        height = own("height")
        body_kg = own("body_mass") * (height / middle("height")) ** 2
        plasma = own("plasma_volume") * body_kg / middle("body_mass")
        sex = jnp.where(male, SEXES.index("male"), SEXES.index("female"))
        kept = [n for n in names if not n.startswith(("male.", "female.", "population."))]
        values = jnp.concatenate([drawn[jnp.asarray([row(n) for n in kept])], plasma[None]]).T
        return Patient(
            numbers, self._anatomy(sex, body_kg, drawn[row("marrow.infiltration")]), body_kg,
            height, jnp.sqrt(height * body_kg / 3600.0), drawn[row("population.age")],
            Values((*kept, "plasma.volume"), values),
        )  # fmt: skip

    def _anatomy(
        self, sex: Int[Array, "n"], body_kg: Float[Array, "n"], infiltration: Float[Array, "n"]
    ) -> Anatomy:
        reference = self.reference_g[sex]  # [n, place]
        scale = 1e3 * body_kg / reference[:, self.places.index("total body")]
        mass = reference * scale[:, None]
        at = self.places.index("red marrow")
        tumour = mass[:, at] * infiltration
        mass = mass.at[:, at].add(-tumour)
        return Anatomy(Regions(self.regions, jnp.concatenate([mass, tumour[:, None]], axis=1)), sex)

    def outside(self, patients: Patient) -> dict[str, Int[Array, ""]]:
        """How many of the patients have a parameter outside its checked range, by name."""
        found = {}
        for name, parameter in self.parameters.items():
            if parameter.checked is not None and name in patients.parameters.names:
                column = patients.parameters.value[:, patients.parameters.names.index(name)]
                low, high = parameter.checked
                found[name] = ((column < low) | (column > high)).sum()
        return found


@eqx.filter_jit
def _draw(population: Population, numbers: Int[Array, "n"]) -> Patient:
    return population._drawn(numbers)


def _individual(parameters: list[Parameter], z: Float[Array, "name n"]) -> Float[Array, "name n"]:
    """Individual values of all parameters from standard normal draws."""
    spreads = [p.spread for p in parameters]

    def column(values: Iterable[float]) -> Float[Array, "name 1"]:
        return jnp.asarray(list(values), float)[:, None]

    def of_kind(kind: str) -> Bool[Array, "name 1"]:
        return jnp.asarray([s.kind == kind for s in spreads])[:, None]

    typical = column(p.value for p in parameters)
    omega = column(math.sqrt(math.log1p(s.cv**2)) for s in spreads)
    sd, low, high = (column(getattr(s, what) for s in spreads) for what in ("sd", "low", "high"))
    inside = jnp.where(of_kind("logitnormal"), typical, 0.5)
    return jnp.select(
        [of_kind("uniform"), of_kind("lognormal"), of_kind("logitnormal"), of_kind("normal")],
        [
            low + (high - low) * jax.scipy.special.ndtr(z),
            typical * jnp.exp(omega * z),
            jax.nn.sigmoid(jnp.log(inside / (1.0 - inside)) + sd * z),
            typical + sd * z,
        ],
        jnp.broadcast_to(typical, z.shape),
    )
