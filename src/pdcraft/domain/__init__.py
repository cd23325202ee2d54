"""The nouns that flow through pdcraft; imports nobody, is imported by every room.

Read first `fields.py` (what flows: Amount → Activity → DoseRate → Effect), then `patient.py` (to
whom, how it is given), `outcome.py` (what becomes of it). `space.py` and `clock.py` say where and
when, `parameter.py` where numbers come from, `units.py` how they are written, `random.py` how they
are drawn, `errors.py` what can go wrong.
"""

from pdcraft.domain.agent import Agent, Carrier, Chain, Drug, Emissions, Payload
from pdcraft.domain.clock import Exponentials, Samples
from pdcraft.domain.errors import (
    DicomError,
    InputError,
    MissingError,
    NumericalError,
    PdcraftError,
    ValidityWarning,
    unknown,
)
from pdcraft.domain.fields import Activity, Amount, Dose, DoseRate, Effect
from pdcraft.domain.outcome import Course, Outcome, Treat
from pdcraft.domain.parameter import Parameter, ParameterSet, Source, Spread, Values, check_needs
from pdcraft.domain.patient import SEXES, Anatomy, Patient, Regimen
from pdcraft.domain.space import Grid, Regions
from pdcraft.domain.time_activity import TimeActivity
from pdcraft.domain.voxels import Medium, Voxels

__all__ = [
    "SEXES", "Activity", "Agent", "Amount", "Anatomy", "Carrier", "Chain", "Course", "DicomError",
    "Dose", "DoseRate", "Drug", "Effect", "Emissions", "Exponentials", "Grid", "InputError",
    "Medium",
    "MissingError", "NumericalError", "Outcome", "Parameter", "ParameterSet", "Patient",
    "Payload", "PdcraftError", "Regimen", "Regions", "Samples", "Source", "Spread",
    "TimeActivity", "Treat", "ValidityWarning", "Values", "Voxels", "check_needs", "unknown",
]  # fmt: skip
