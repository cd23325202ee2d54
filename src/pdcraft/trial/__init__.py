"""Asks the river: what does a design do to many patients.

In: a `Design` (rules that say why), a population of `Patient`, the river as a function `Treat`.
Out: `TrialResult`, one trial with a reason for every cohort; `OperatingCharacteristics`, exact;
`SimulatedTrials` with their Monte Carlo errors, where exact is not possible.
Phase I: `ThreePlusThree`, `BOIN`, `Keyboard`, `MTPI`, `MTPI2`, `I3Plus3`, `DecisionTable`, `CRM`,
`TITECRM`, `TITEBOIN`, `BLRM`, `RollingSix`; with efficacy `BOIN12`; rules beside them:
`NoSkipping`, `OneLevelUp`, `Coherent`, `AcceleratedTitration`, `DoseCap`, `StopAt`, `StopAtLevel`,
`StopWhenPrecise`, `StopWhenTooToxic`, `PoolBackfilled` (with `Backfill`), or your own
`AbstractRule`. Accrual: `Poisson` from sites, `Uniform`, `Regular`.
Phase II and III: `simon_designs`, `BOP2`, `BayesianArm`, `ResponseAndToxicity`,
`GroupSequential`, `schoenfeld_events`, `TwoArms`; survival: `KaplanMeier`, `log_rank`.
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
from pdcraft.trial.backfill import Backfill, PoolBackfilled
from pdcraft.trial.bayesian_arm import BayesianArm
from pdcraft.trial.beta_binomial import toxic_probability
from pdcraft.trial.blrm import BLRM
from pdcraft.trial.blrm_posterior import BivariateNormal, Toxicity
from pdcraft.trial.boin import BOIN
from pdcraft.trial.boin12 import BOIN12, Desirability
from pdcraft.trial.bop2 import BOP2, calibrate_bop2
from pdcraft.trial.calendar import Conduct
from pdcraft.trial.coherence import Coherent, OneLevelUp
from pdcraft.trial.compare import compare, simulate
from pdcraft.trial.conduct import TrialCohort, TrialResult, conduct
from pdcraft.trial.crm import CRM, ESTIMATORS
from pdcraft.trial.decision_table import DecisionTable
from pdcraft.trial.design import AbstractRule, Advice, Design, Fitted, Pathway
from pdcraft.trial.dlt import DLT, AbstractToxicityRule, Below, Delayed, NotRecovered
from pdcraft.trial.dose_cap import DoseCap
from pdcraft.trial.dose_unit import AbstractDoseUnit, Fixed, PerMass, PerSurface, Prescribed
from pdcraft.trial.eligibility import Criterion, Funnel
from pdcraft.trial.followed import Followed
from pdcraft.trial.group_sequential import (
    GroupSequential,
    error_spending,
    obrien_fleming,
    pocock,
)
from pdcraft.trial.hazard_ratio import HazardRatios, hazard_ratios
from pdcraft.trial.history import Cohort, History
from pdcraft.trial.i3plus3 import I3Plus3
from pdcraft.trial.isotonic import estimated_rates, overdose_probabilities
from pdcraft.trial.kaplan_meier import KaplanMeier, LogRank, log_rank
from pdcraft.trial.keyboard import Keyboard
from pdcraft.trial.many import ManyTrials, simulate_trials
from pdcraft.trial.mechanistic import AbstractPatients, Trial
from pdcraft.trial.model_assisted import AbstractModelAssisted
from pdcraft.trial.mtpi import MTPI, MTPI2
from pdcraft.trial.next_dose import NextDose
from pdcraft.trial.oc import OperatingCharacteristics, operating_characteristics
from pdcraft.trial.outcomes import Outcomes, known_rates
from pdcraft.trial.pool import Pool
from pdcraft.trial.randomised import (
    Limits,
    admissible,
    choose_regimens,
    differences_seen,
    patients_per_arm,
)
from pdcraft.trial.response_and_toxicity import ResponseAndToxicity, response_and_toxicity
from pdcraft.trial.rolling_six import RollingSix
from pdcraft.trial.rules import (
    NoSkipping,
    StopAt,
    StopAtLevel,
    StopWhenPrecise,
    StopWhenTooToxic,
)
from pdcraft.trial.schedule import Schedule
from pdcraft.trial.simon import SimonDesigns, TwoStage, simon_designs
from pdcraft.trial.simulated import SimulatedTrials, share_error
from pdcraft.trial.single_arm import SingleArm, SingleArmCharacteristics
from pdcraft.trial.skeleton import skeleton
from pdcraft.trial.spending import AbstractSpending, OBrienFlemingLike, PocockLike
from pdcraft.trial.survival import event_probability, patients_for_events, schoenfeld_events
from pdcraft.trial.tabulated import AbstractTabulated, Row, Verdict
from pdcraft.trial.three_plus_three import VARIANTS, ThreePlusThree
from pdcraft.trial.tite_boin import TITEBOIN
from pdcraft.trial.tite_crm import TITECRM
from pdcraft.trial.tite_weights import AbstractWeights, AdaptiveWeights, LinearWeights
from pdcraft.trial.trajectory import Trajectories
from pdcraft.trial.two_arms import ComparedTrials, TwoArms
from pdcraft.trial.two_parameter_crm import TwoParameterCRM
from pdcraft.trial.two_stage_in_time import TwoStageConduct, TwoStageTrials
from pdcraft.trial.utility import Utilities
from pdcraft.trial.ward import Decision, TimedTrial
from pdcraft.trial.weibull import Weibull
from pdcraft.trial.working_model import AbstractWorkingModel, Empiric, FixedIntercept, Posterior

__all__ = [
    "BLRM", "BOIN", "BOIN12", "BOP2", "CRM", "DLT", "ESTIMATORS", "MTPI", "MTPI2", "TITEBOIN",
    "TITECRM", "VARIANTS", "AbstractAccrual", "AbstractDoseUnit", "AbstractModelAssisted",
    "AbstractPatients", "AbstractRule", "AbstractSpending", "AbstractTabulated",
    "AbstractToxicityRule", "AbstractWeights", "AbstractWorkingModel", "AcceleratedTitration",
    "AdaptiveWeights", "Advice", "Backfill", "BayesianArm", "Below", "BivariateNormal", "Coherent",
    "Cohort", "ComparedTrials", "Conduct", "Criterion", "Decision", "DecisionTable", "Delayed",
    "Design", "Desirability", "DoseCap", "Empiric", "Fitted", "Fixed", "FixedIntercept",
    "Followed", "Funnel", "GroupSequential", "HazardRatios", "History", "I3Plus3",
    "KaplanMeier", "Keyboard", "Limits", "LinearWeights", "LogRank", "ManyTrials", "NextDose",
    "NoSkipping", "NotRecovered", "OBrienFlemingLike", "OneLevelUp",
    "OperatingCharacteristics", "Outcomes", "Pathway", "PerMass", "PerSurface", "PocockLike",
    "Poisson", "Pool", "PoolBackfilled", "Posterior", "Prescribed", "Regular",
    "ResponseAndToxicity",
    "RollingSix", "Row", "Schedule", "SimonDesigns", "SimulatedTrials", "SingleArm",
    "SingleArmCharacteristics", "Site", "StopAt", "StopAtLevel", "StopWhenPrecise",
    "StopWhenTooToxic", "ThreePlusThree", "TimedTrial", "Toxicity", "Trajectories", "Trial",
    "TrialCohort", "TrialDuration", "TrialResult", "TwoArms", "TwoParameterCRM", "TwoStage",
    "TwoStageConduct", "TwoStageTrials", "Uniform", "Utilities", "Verdict", "Weibull",
    "admissible", "calibrate_bop2", "choose_regimens", "compare", "conduct",
    "differences_seen", "error_spending", "estimated_rates", "event_probability",
    "hazard_ratios", "known_rates", "log_rank", "obrien_fleming", "operating_characteristics",
    "overdose_probabilities", "patients_for_events", "patients_per_arm", "pocock",
    "response_and_toxicity", "schoenfeld_events", "share_error", "simon_designs", "simulate",
    "simulate_trials", "skeleton", "toxic_probability",
]  # fmt: skip
