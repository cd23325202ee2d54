"""The contract of every kinetic model, and what linear models share."""

from __future__ import annotations

import abc
from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.domain import Agent, Amount, Exponentials, Patient, Regimen, Regions
from pdcraft.kinetics.linear import eigenmodes


class AbstractModel(eqx.Module):
    """Moves the molecules of one administration course through one patient."""

    @property
    @abc.abstractmethod
    def places(self) -> tuple[str, ...]:
        """Regions of the amounts that come out."""

    @property
    @abc.abstractmethod
    def needs(self) -> Mapping[str, str]:
        """Names and units of the individual parameters that the model reads."""

    @property
    @abc.abstractmethod
    def blood_region(self) -> str:
        """Region of the amounts that holds plasma and nothing else."""

    @abc.abstractmethod
    def plasma_mL(self, patient: Patient) -> Float[Array, ""]:
        """Volume of plasma in that region. mL."""

    @abc.abstractmethod
    def amount(self, patient: Patient, regimen: Regimen, agent: Agent) -> Amount:
        """Labelled molecules, as if nothing decayed. nmol."""


def course(
    matrix_per_h: Float[Array, "to from"],
    entry: Float[Array, "place"],
    regimen: Regimen,
    agent: Agent,
    *,
    space: Regions,
    species: tuple[str, ...],
    form: Float[Array, "place species"],
) -> Amount:
    r"""Amount of a linear model after a regimen, by superposing its eigenmodes.

    .. math:: x(t) = \sum_a n_a \sum_m c_m\,\varphi_{am}(t)

    Parameters
    ----------
    matrix_per_h
        Rate matrix :math:`K`, :math:`\dot x = Kx`. 1/h.
    entry
        Where one molecule enters, sum 1.
    regimen, agent
        What is given when, and of what.
    space, species, form
        Axes of the result; ``form`` says which chemical form a compartment holds.

    Returns
    -------
    Amount
        nmol, ``[place, species, mode]``, modes = administrations x compartments.
    """
    rate, share = eigenmodes(matrix_per_h, entry)
    given = regimen.given_nmol(agent.payload)
    n, k = given.shape[0], rate.shape[0]
    nmol = (share[:, None, :] * given[None, :, None]).reshape(-1, n * k)
    clock = Exponentials(
        jnp.tile(rate, n), jnp.repeat(regimen.time_h, k), jnp.repeat(regimen.duration_h, k)
    )
    return Amount(space, species, clock, form[:, :, None] * nmol[:, None, :])
