"""One person or animal with typical values, and the cold carrier that comes with an activity."""

from __future__ import annotations

from collections.abc import Mapping

import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.domain import (
    Agent,
    Anatomy,
    InputError,
    ParameterSet,
    Patient,
    Regimen,
    Regions,
    Values,
)
from pdcraft.domain.physiology import Physiology

MASS_PER_ACTIVITY = "carrier.mass_per_activity"
"""Carrier, labelled and not, that comes with a unit of activity. ug/MBq."""


def carrier_nmol(
    patient: Patient, regimen: Regimen, agent: Agent
) -> Float[Array, "administration"]:
    """Carrier of every administration, labelled and not. nmol, ``[administration]``."""
    ug = regimen.activity_MBq * patient.parameters[MASS_PER_ACTIVITY]
    return 1e3 * ug / agent.carrier.molar_mass_g_per_mol


def subject(
    body: Physiology,
    parameters: ParameterSet,
    values: Mapping[str, float] | None = None,
    *,
    sex: int = 0,
    body_mass_kg: float | None = None,
    infiltration: float = 0.0,
) -> Patient:
    """A subject with the masses of a reference body and the typical values of a set.

    Parameters
    ----------
    body, parameters
        Masses, and everything the model needs.
    values
        Values to use instead or in addition, by name.
    sex
        Index of the body in the model.
    body_mass_kg
        Of this subject; the reference body's if not given.
    infiltration
        Part of the active marrow that is tumour. 0 to 1.

    Raises
    ------
    InputError
        If the infiltration is not a share, or the mass not positive.

    Examples
    --------
    >>> from pdcraft import library
    >>> mouse = library.physiology("mouse")
    >>> m = subject(mouse, library.parameters("kinetics/clr1404_pbpk"), infiltration=0.25)
    >>> [round(float(g), 6) for g in m.anatomy.space.mass_g]
    [0.3, 0.1, 25.0]
    """
    if not 0.0 <= infiltration <= 1.0:
        raise InputError(f"infiltration = {infiltration:g} must lie between 0 and 1.")
    kg = body.body_mass_kg if body_mass_kg is None else body_mass_kg
    if not kg > 0:
        raise InputError(f"body_mass_kg = {kg:g} must be greater than 0 kg.")
    marrow = body.mass_g[body.tissues.index("red marrow")] * kg / body.body_mass_kg
    mass = jnp.asarray([(1.0 - infiltration) * marrow, infiltration * marrow, 1e3 * kg])
    given = {**{name: p.value for name, p in parameters.items()}, **(values or {})}
    unknown_ = jnp.asarray(jnp.nan)  # height, surface and age are not part of a reference body
    space = Regions(("red marrow", "tumour", "total body"), mass)
    return Patient(
        jnp.asarray(0), Anatomy(space, jnp.asarray(sex)),
        jnp.asarray(kg), unknown_, unknown_, unknown_,
        Values(tuple(given), jnp.asarray(list(given.values()), float)),
    )  # fmt: skip
