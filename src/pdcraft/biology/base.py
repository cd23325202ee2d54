"""The two contracts of the room: what dose does to a tissue, and what becomes of the patient."""

from __future__ import annotations

import abc
from collections.abc import Mapping

import equinox as eqx

from pdcraft.domain import Amount, DoseRate, Effect, Outcome, Patient, Samples


class AbstractEffect(eqx.Module):
    """Turns dose rate (or amount of drug) into what happens to tissues and markers.

    A final class declares the four properties and answers `effect`. It reads individual values
    from ``patient.parameters`` by the names in ``needs`` and holds nothing of the patient itself,
    so it can be mapped over patients.
    """

    @property
    @abc.abstractmethod
    def tissues(self) -> tuple[str, ...]:
        """Tissues answered for, in the order of ``Effect.BED_Gy``."""

    @property
    @abc.abstractmethod
    def markers(self) -> tuple[str, ...]:
        """Markers followed over time, in the order of ``Effect.course``."""

    @property
    @abc.abstractmethod
    def marker_units(self) -> tuple[str, ...]:
        """Unit of every marker."""

    @property
    @abc.abstractmethod
    def needs(self) -> Mapping[str, str]:
        """Parameters read from the patient: name and unit."""

    @abc.abstractmethod
    def effect(
        self, dose_rate: DoseRate, amount: Amount, patient: Patient, clock: Samples
    ) -> Effect:
        """BED, EQD2 and survival of the tissues, and the markers at the instants of ``clock``."""


class AbstractEndpoint(eqx.Module):
    """Reads events from the courses of one patient."""

    @property
    @abc.abstractmethod
    def events(self) -> tuple[str, ...]:
        """Events answered for."""

    @property
    @abc.abstractmethod
    def units(self) -> tuple[str, ...]:
        """Unit of the number behind every event."""

    @property
    @abc.abstractmethod
    def needs(self) -> Mapping[str, str]:
        """Parameters read from the patient: name and unit."""

    @abc.abstractmethod
    def foresee(self, effect: Effect, patient: Patient) -> Outcome:
        """What happened, how bad, and when."""
