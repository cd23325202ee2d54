"""Where the molecule goes: patient, regimen and agent in, `Amount` out.

In: a `Patient` with individual rates, a `Regimen` (what is given, when), an `Agent`.
Out: labelled molecules in every region over time (nmol), as a few exponential modes.
Choices: `PBPK` (the whole body of man or mouse), `TwoPool` (plasma and tissue with marrow, tumour,
iodide, thyroid and urine) and `IodineICRP137` (radioiodide after ICRP Publication 137);
`CytotoxicConjugate` follows what a linker sets free from one of them, by `Paclitaxel` in patients
and `PaclitaxelInMouse` in mice. All carriers are linear, so time-integrated amounts are one linear
solve and courses a few modes: no ODE solver.
For many patients on one graph there are an `Elimination` with `time_integrated_many` and
`trajectory_contour`; `trajectory_ladder` is the reference they are checked against.
What was measured: `fit_curves` (sums of exponentials, their weights, time integrals with
uncertainty), `haenscheid`, `madsen` and `MonoPrior` (one point), `hybrid` (planar with SPECT).
Read first: `linear.py` (the engine), then `two_pool.py`; for measurements `measured.py`.
"""

from __future__ import annotations

from pdcraft.domain import Agent, Amount, Patient, Regimen
from pdcraft.kinetics.base import AbstractModel
from pdcraft.kinetics.circulation import unbound_fraction
from pdcraft.kinetics.common_modes import CommonModes, common_modes
from pdcraft.kinetics.contour import trajectory_contour
from pdcraft.kinetics.cytotoxic_conjugate import CytotoxicConjugate
from pdcraft.kinetics.disposition import AbstractDisposition, infusion_ug_per_h
from pdcraft.kinetics.elimination import Elimination, time_integrated_many
from pdcraft.kinetics.exponential_fit import SHAPES, ExponentialFit, Shape, fit_shape
from pdcraft.kinetics.iodine import IodineICRP137
from pdcraft.kinetics.ladder import trajectory_ladder
from pdcraft.kinetics.linear import eigenmodes, rate_matrix, time_integrated, trajectory
from pdcraft.kinetics.measured import (
    CurveChoice,
    fit_curves,
    hybrid,
    hybrid_cv,
    measured_activity,
    resample,
)
from pdcraft.kinetics.paclitaxel import Paclitaxel
from pdcraft.kinetics.paclitaxel_mouse import PaclitaxelInMouse
from pdcraft.kinetics.pbpk import PBPK, moves_as_iodide
from pdcraft.kinetics.saturation import (
    SaturableTransfer,
    saturated_course,
    trajectory_saturable,
)
from pdcraft.kinetics.schedule import (
    before_next_dose,
    refuse_unreached,
    steady_state,
    time_integrated_intervals,
    trajectory_intervals,
)
from pdcraft.kinetics.single_time_point import MonoPrior, haenscheid, madsen
from pdcraft.kinetics.subject import MASS_PER_ACTIVITY, carrier_nmol, subject
from pdcraft.kinetics.two_pool import TwoPool, biexponential_micro_rates, plasma_ng_per_mL

__all__ = [
    "MASS_PER_ACTIVITY", "PBPK", "SHAPES", "AbstractDisposition", "AbstractModel", "CommonModes",
    "CurveChoice", "CytotoxicConjugate", "Elimination", "ExponentialFit", "IodineICRP137",
    "MonoPrior", "Paclitaxel", "PaclitaxelInMouse", "SaturableTransfer", "Shape", "TwoPool",
    "before_next_dose", "biexponential_micro_rates", "carrier_nmol",
    "common_modes", "eigenmodes",
    "fit_curves", "fit_shape", "haenscheid", "hybrid", "hybrid_cv", "infusion_ug_per_h", "madsen",
    "measured_activity", "moves_as_iodide", "plasma_ng_per_mL", "rate_matrix", "refuse_unreached",
    "resample", "saturated_course", "simulate", "steady_state", "subject",
    "time_integrated", "time_integrated_intervals", "time_integrated_many", "trajectory",
    "trajectory_contour", "trajectory_intervals", "trajectory_ladder", "trajectory_saturable",
    "unbound_fraction",
]  # fmt: skip


def simulate(model: AbstractModel, patient: Patient, regimen: Regimen, agent: Agent) -> Amount:
    """Labelled molecules of one patient over time.

    Parameters
    ----------
    model
        How the molecule moves.
    patient, regimen
        Whose rates, and what is given when.
    agent
        What is given; its parent nuclide turns activity into molecules.

    Returns
    -------
    Amount
        nmol, ``[place, species, mode]``.
    """
    return model.amount(patient, regimen, agent)
