"""The contract of every dosimetry engine."""

from __future__ import annotations

import abc

import equinox as eqx

from pdcraft.domain import Activity, Anatomy, DoseRate

RADIATIONS = ("photon", "electron", "alpha")
"""The radiation axis of every dose rate; RBE needs it."""


class AbstractEngine(eqx.Module):
    """Turns activity into dose rate. One question, one answer."""

    @abc.abstractmethod
    def dose_rate(self, activity: Activity, anatomy: Anatomy) -> DoseRate:
        """Absorbed dose rate on the space of ``anatomy``. Gy/h."""
