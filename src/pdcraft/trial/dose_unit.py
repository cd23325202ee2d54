"""In what unit a trial doses: by surface, by mass, the same for all, or by prescribed dose."""

from __future__ import annotations

import abc
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from pdcraft.domain import InputError, Patient
from pdcraft.domain.random import normals
from pdcraft.domain.units import MBQ_PER_MCI


class AbstractDoseUnit(abc.ABC):
    """Turns a level in the trial's own unit into each patient's activity."""

    @property
    @abc.abstractmethod
    def unit(self) -> str:
        """As it is written."""

    @abc.abstractmethod
    def activity_MBq(
        self, amount: float, patients: Patient, Gy_per_MBq: Float[np.ndarray, "patient"] | None
    ) -> Float[np.ndarray, "patient"]:
        """Activity of every patient of a batch. MBq.

        Parameters
        ----------
        amount
            In ``unit``.
        patients
            With a leading axis.
        Gy_per_MBq
            Measured with the tracer; units that do not prescribe a dose take None.
        """

    @property
    def place(self) -> str | None:
        """Region whose dose is prescribed; None if it is activity that is."""
        return None


@dataclass(frozen=True)
class PerSurface(AbstractDoseUnit):
    """mCi per m² of body surface (Mosteller), as the trials of CLR 131."""

    unit: str = "mCi/m2"

    def activity_MBq(
        self, amount: float, patients: Patient, Gy_per_MBq: Float[np.ndarray, "patient"] | None
    ) -> Float[np.ndarray, "patient"]:
        """Amount times surface. MBq."""
        return amount * MBQ_PER_MCI * np.asarray(patients.body_surface_m2)


@dataclass(frozen=True)
class PerMass(AbstractDoseUnit):
    """MBq per kg of body mass, as the trials of MIBG or of antibodies."""

    unit: str = "MBq/kg"

    def activity_MBq(
        self, amount: float, patients: Patient, Gy_per_MBq: Float[np.ndarray, "patient"] | None
    ) -> Float[np.ndarray, "patient"]:
        """Amount times mass. MBq."""
        return amount * np.asarray(patients.body_mass_kg)


@dataclass(frozen=True)
class Fixed(AbstractDoseUnit):
    """The same activity for everybody, in MBq."""

    unit: str = "MBq"

    def activity_MBq(
        self, amount: float, patients: Patient, Gy_per_MBq: Float[np.ndarray, "patient"] | None
    ) -> Float[np.ndarray, "patient"]:
        """The amount. MBq."""
        return np.full(len(np.asarray(patients.number)), float(amount))


@dataclass(frozen=True)
class Prescribed(AbstractDoseUnit):
    r"""A dose in Gy to a region, by each patient's own dosimetry after a tracer.

    .. math:: A = \frac{D}{\hat w}, \qquad \ln\hat w = \ln w + \omega z, \quad
              \omega^2 = \ln(1 + cv^2)

    Attributes
    ----------
    region
        As ``"red marrow"`` or ``"total body"``.
    seed
        Of the stream of errors of measurement.
    tracer_cv
        Coefficient of variation of the dose per activity as measured, around the true one.

    Raises
    ------
    InputError
        If the error is negative, or no tracer was measured.
    """

    region: str
    seed: int = 0
    tracer_cv: float = 0.0
    unit: str = "Gy"

    def __post_init__(self) -> None:
        if not 0 <= self.tracer_cv < 2:
            raise InputError(f"tracer_cv = {self.tracer_cv:g} must be 0 or more and below 2.")

    @property
    def place(self) -> str:
        """The region."""
        return self.region

    def activity_MBq(
        self, amount: float, patients: Patient, Gy_per_MBq: Float[np.ndarray, "patient"] | None
    ) -> Float[np.ndarray, "patient"]:
        """Prescribed dose over measured dose per activity. MBq."""
        if Gy_per_MBq is None:
            raise InputError(
                f"A dose to the {self.region} needs the dose per activity of every patient. Treat "
                "them with a tracer first and give Gy_per_MBq."
            )
        z = np.asarray(normals(self.seed, ["tracer measured"], jnp.asarray(patients.number))[0])
        measured = Gy_per_MBq * np.exp(np.sqrt(np.log1p(self.tracer_cv**2)) * z)
        return amount / measured
