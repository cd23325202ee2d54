"""To whom, and how it is given: anatomy, patient, administrations, regimen."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from pdcraft.domain.agent import Payload
from pdcraft.domain.errors import InputError
from pdcraft.domain.parameter import Values
from pdcraft.domain.space import Regions

SEXES = ("male", "female")


class Anatomy(eqx.Module):
    """A body for dosimetry.

    Attributes
    ----------
    space
        Target regions with this patient's masses.
    sex
        Index into `SEXES`; chooses the reference phantom.
    """

    space: Regions
    sex: Int[Array, ""]


class Patient(eqx.Module):
    """One virtual (or real) patient.

    Attributes
    ----------
    number
        Identifies the patient within the study's random streams.
    anatomy
        Regions and masses.
    body_mass_kg, height_cm, body_surface_m2, age_y
        Covariates.
    parameters
        Individual values of everything the models need.
    """

    number: Int[Array, ""]
    anatomy: Anatomy
    body_mass_kg: Float[Array, ""]
    height_cm: Float[Array, ""]
    body_surface_m2: Float[Array, ""]
    age_y: Float[Array, ""]
    parameters: Values


class Regimen(eqx.Module):
    """What one patient is given, when.

    Attributes
    ----------
    time_h, duration_h
        Begin and length of every infusion after the first patient contact. h, ``[administration]``.
    activity_MBq
        Activity of the parent that enters the patient; 0 for a payload that does not decay. MBq,
        ``[administration]``.
    drug_nmol
        Drug on the carrier that enters the patient; None for a radionuclide. nmol,
        ``[administration]``.
    """

    time_h: Float[Array, "administration"]
    duration_h: Float[Array, "administration"]
    activity_MBq: Float[Array, "administration"]
    drug_nmol: Float[Array, "administration"] | None = None

    def given_nmol(self, payload: Payload) -> Float[Array, "administration"]:
        """Carriers with their payload that enter the patient. nmol, ``[administration]``.

        Raises
        ------
        InputError
            If an activity is given of a drug, or a drug of a radionuclide.
        """
        if payload.drug is None and self.drug_nmol is None:
            return self.activity_MBq * payload.chain.nmol_per_MBq
        if payload.drug is None or self.drug_nmol is None:
            right = "activity_MBq" if payload.drug is None else "drug_nmol"
            raise InputError(f"{payload.name} is given by {right}; the regimen holds the other.")
        return self.drug_nmol

    @classmethod
    def of(
        cls, activity_MBq: Sequence[float], *, time_h: Sequence[float], duration_h: float = 0.5
    ) -> Regimen:
        """Administrations in order of time, checked.

        Raises
        ------
        InputError
            If there is none, one is negative, or one comes before the one before it.

        Examples
        --------
        >>> Regimen.of([740.0], time_h=[0.0]).activity_MBq.tolist()
        [740.0]
        """
        if len(activity_MBq) == 0 or len(activity_MBq) != len(time_h):
            raise InputError(
                f"A regimen needs one time for each activity and at least one of both; it has "
                f"{len(activity_MBq)} activities and {len(time_h)} times."
            )
        if min(activity_MBq) < 0 or duration_h < 0 or min(time_h) < 0:
            raise InputError(
                "Activities (MBq), times (h) and the infusion length (h) must be 0 or more; got "
                f"{list(activity_MBq)} MBq at {list(time_h)} h over {duration_h:g} h."
            )
        for before, after in itertools.pairwise(time_h):
            if after < before:
                raise InputError(
                    f"An administration at {after:g} h follows one at {before:g} h. "
                    "List them in order of time."
                )
        n = len(activity_MBq)
        return cls(
            jnp.asarray(time_h, float), jnp.full(n, float(duration_h)),
            jnp.asarray(activity_MBq, float),
        )  # fmt: skip

    def padded(self, n: int) -> Regimen:
        """The same regimen with empty administrations added, so that shapes agree."""
        more = n - self.time_h.shape[-1]
        last, zero = self.time_h[-1:].repeat(more), jnp.zeros(more)
        return Regimen(
            jnp.concatenate([self.time_h, last]),
            jnp.concatenate([self.duration_h, self.duration_h[-1:].repeat(more)]),
            jnp.concatenate([self.activity_MBq, zero]),
            None if self.drug_nmol is None else jnp.concatenate([self.drug_nmol, zero]),
        )
