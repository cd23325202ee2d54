"""The contract of every dosimetry engine."""

from __future__ import annotations

import abc
from typing import Generic, TypeVar

import equinox as eqx

from pdcraft.domain import Activity, DoseRate

RADIATIONS = ("photon", "electron", "alpha")
"""The radiation axis of every dose rate; RBE needs it."""

Body = TypeVar("Body")
"""What an engine irradiates: `Anatomy` (regions) or `Voxels` (a grid)."""


class AbstractEngine(eqx.Module, Generic[Body]):
    """Turns activity into dose rate. One question, one answer."""

    @abc.abstractmethod
    def dose_rate(self, activity: Activity, anatomy: Body) -> DoseRate:
        """Absorbed dose rate on the space of ``anatomy``. Gy/h."""
