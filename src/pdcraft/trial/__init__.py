"""Asks the river: what does a design do to many patients.

In: a `Design` (rules that say why), a population of `Patient`, the river as a function `Treat`.
Out: `TrialResult`, one trial with a reason for every cohort; `OperatingCharacteristics`, exact.
Choices: `ThreePlusThree` (variants A, B, C), `BOIN`; with them `NoSkipping`, `StopAt`,
`StopWhenTooToxic`, or any rule of your own (`AbstractRule`). This room asks the river questions and
does not learn how it works. Read first ``design.py``, then the file named like the design.
"""

from pdcraft.trial.boin import BOIN, estimated_rates, overdose_probabilities, toxic_probability
from pdcraft.trial.conduct import TrialCohort, TrialResult, conduct
from pdcraft.trial.design import AbstractRule, Advice, Design, Pathway
from pdcraft.trial.history import Cohort, History
from pdcraft.trial.oc import OperatingCharacteristics, operating_characteristics
from pdcraft.trial.rules import NoSkipping, StopAt, StopWhenTooToxic
from pdcraft.trial.three_plus_three import VARIANTS, ThreePlusThree

__all__ = [
    "BOIN", "VARIANTS", "AbstractRule", "Advice", "Cohort", "Design", "History", "NoSkipping",
    "OperatingCharacteristics", "Pathway", "StopAt", "StopWhenTooToxic", "ThreePlusThree",
    "TrialCohort", "TrialResult", "conduct", "estimated_rates", "operating_characteristics",
    "overdose_probabilities", "toxic_probability",
]  # fmt: skip
