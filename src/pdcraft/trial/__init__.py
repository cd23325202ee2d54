"""Asks the river: what does a design do to many patients.

In: a `Design` (rules that say why), a population of `Patient`, the river as a function `Treat`.
Out: `TrialResult`, one trial with a reason for every cohort; `OperatingCharacteristics`, exact.
Choices: `ThreePlusThree` (variants A, B, C), `BOIN`, `Keyboard`, `MTPI`, `MTPI2`, `I3Plus3`; with
them `NoSkipping`, `StopAt`, `StopWhenTooToxic`, or any rule of your own (`AbstractRule`). This room
asks the river questions and does not learn how it works. Read first ``design.py``, then the file
named like the design.
"""

from pdcraft.trial.beta_binomial import toxic_probability
from pdcraft.trial.blrm import BLRM, BivariateNormal, Toxicity
from pdcraft.trial.boin import BOIN
from pdcraft.trial.boin12 import BOIN12, Desirability
from pdcraft.trial.coherence import Coherent, OneLevelUp
from pdcraft.trial.conduct import TrialCohort, TrialResult, conduct
from pdcraft.trial.crm import CRM, ESTIMATORS
from pdcraft.trial.decision_table import DecisionTable
from pdcraft.trial.design import AbstractRule, Advice, Design, Pathway
from pdcraft.trial.history import Cohort, History
from pdcraft.trial.i3plus3 import I3Plus3
from pdcraft.trial.isotonic import estimated_rates, overdose_probabilities
from pdcraft.trial.keyboard import Keyboard
from pdcraft.trial.model_assisted import AbstractModelAssisted
from pdcraft.trial.mtpi import MTPI, MTPI2
from pdcraft.trial.oc import OperatingCharacteristics, operating_characteristics
from pdcraft.trial.rules import NoSkipping, StopAt, StopWhenTooToxic
from pdcraft.trial.simulated import SimulatedTrials
from pdcraft.trial.skeleton import skeleton
from pdcraft.trial.tabulated import AbstractTabulated, Row, Verdict
from pdcraft.trial.three_plus_three import VARIANTS, ThreePlusThree
from pdcraft.trial.tite_boin import TITEBOIN
from pdcraft.trial.tite_crm import TITECRM
from pdcraft.trial.tite_weights import AbstractWeights, AdaptiveWeights, LinearWeights
from pdcraft.trial.utility import Utilities
from pdcraft.trial.working_model import AbstractWorkingModel, Empiric, FixedIntercept, Posterior
