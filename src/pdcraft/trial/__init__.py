"""Asks the river: what does a design do to many patients.

In: a `Design` (rules that say why), a population of `Patient`, the river as a function `Treat`.
Out: `TrialResult`, one trial with a reason for every cohort; `OperatingCharacteristics`, exact;
`SimulatedTrials` with their Monte Carlo errors, where exact is not possible.
Phase I: `ThreePlusThree`, `BOIN`, `Keyboard`, `MTPI`, `MTPI2`, `I3Plus3`, `DecisionTable`, `CRM`,
`TITECRM`, `TITEBOIN`, `BLRM`; with efficacy `BOIN12`; rules beside them: `NoSkipping`,
`OneLevelUp`, `Coherent`, `AcceleratedTitration`, `StopAt`, `StopWhenTooToxic`, or your own
`AbstractRule`. Accrual: `Poisson` from sites, `Uniform`, `Regular`.
Phase II and III: `simon_designs`, `BOP2`, `GroupSequential`, `schoenfeld_events`.
Read first ``design.py``, then the file named like the design.
"""

from pdcraft.trial.accelerated_titration import AcceleratedTitration
from pdcraft.trial.accrual import (
    AbstractAccrual,
    Poisson,
    Regular,
    Site,
    TrialDuration,
    Uniform,
)
from pdcraft.trial.beta_binomial import toxic_probability
from pdcraft.trial.blrm import BLRM
from pdcraft.trial.blrm_posterior import BivariateNormal, Toxicity
from pdcraft.trial.boin import BOIN
from pdcraft.trial.boin12 import BOIN12, Desirability
from pdcraft.trial.bop2 import BOP2, calibrate_bop2
from pdcraft.trial.coherence import Coherent, OneLevelUp
from pdcraft.trial.compare import compare, simulate
from pdcraft.trial.conduct import TrialCohort, TrialResult, conduct
from pdcraft.trial.crm import CRM, ESTIMATORS
from pdcraft.trial.decision_table import DecisionTable
from pdcraft.trial.design import AbstractRule, Advice, Design, Pathway
from pdcraft.trial.group_sequential import (
    GroupSequential,
    error_spending,
    obrien_fleming,
    pocock,
)
from pdcraft.trial.history import Cohort, History
from pdcraft.trial.i3plus3 import I3Plus3
from pdcraft.trial.isotonic import estimated_rates, overdose_probabilities
from pdcraft.trial.keyboard import Keyboard
from pdcraft.trial.model_assisted import AbstractModelAssisted
from pdcraft.trial.mtpi import MTPI, MTPI2
from pdcraft.trial.oc import OperatingCharacteristics, operating_characteristics
from pdcraft.trial.rules import NoSkipping, StopAt, StopWhenTooToxic
from pdcraft.trial.simon import SimonDesigns, TwoStage, simon_designs
from pdcraft.trial.simulated import SimulatedTrials
from pdcraft.trial.single_arm import SingleArm, SingleArmCharacteristics
from pdcraft.trial.skeleton import skeleton
from pdcraft.trial.spending import AbstractSpending, OBrienFlemingLike, PocockLike
from pdcraft.trial.survival import event_probability, patients_for_events, schoenfeld_events
from pdcraft.trial.tabulated import AbstractTabulated, Row, Verdict
from pdcraft.trial.three_plus_three import VARIANTS, ThreePlusThree
from pdcraft.trial.tite_boin import TITEBOIN
from pdcraft.trial.tite_crm import TITECRM
from pdcraft.trial.tite_weights import AbstractWeights, AdaptiveWeights, LinearWeights
from pdcraft.trial.utility import Utilities
from pdcraft.trial.working_model import AbstractWorkingModel, Empiric, FixedIntercept, Posterior

__all__ = [
    "BLRM", "BOIN", "BOIN12", "BOP2", "CRM", "ESTIMATORS", "MTPI", "MTPI2", "TITEBOIN",
    "TITECRM", "VARIANTS", "AbstractAccrual", "AbstractModelAssisted", "AbstractRule",
    "AbstractSpending", "AbstractTabulated", "AbstractWeights", "AbstractWorkingModel",
    "AcceleratedTitration", "AdaptiveWeights", "Advice", "BivariateNormal", "Coherent",
    "Cohort", "DecisionTable", "Design", "Desirability", "Empiric", "FixedIntercept",
    "GroupSequential", "History", "I3Plus3", "Keyboard", "LinearWeights", "NoSkipping",
    "OBrienFlemingLike", "OneLevelUp", "OperatingCharacteristics", "Pathway", "PocockLike",
    "Poisson", "Posterior", "Regular", "Row", "SimonDesigns", "SimulatedTrials", "SingleArm",
    "SingleArmCharacteristics", "Site", "StopAt", "StopWhenTooToxic", "ThreePlusThree",
    "Toxicity", "TrialCohort", "TrialDuration", "TrialResult", "TwoStage", "Uniform",
    "Utilities", "Verdict", "calibrate_bop2", "compare", "conduct", "error_spending",
    "estimated_rates", "event_probability", "obrien_fleming", "operating_characteristics",
    "overdose_probabilities", "patients_for_events", "pocock", "schoenfeld_events",
    "simon_designs", "simulate", "skeleton", "toxic_probability",
]  # fmt: skip
