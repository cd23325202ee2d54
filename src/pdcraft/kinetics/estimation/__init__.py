"""Population kinetics read off measurements: `Records` and a `PopulationModel` in, estimates out.

In: records of doses and observations (`library.event_records`), a structure (`one_compartment`,
`two_compartment`, `three_compartment`, any `Linear` graph, `ExponentialSum`, `MichaelisMenten`,
`Friberg`), typical values, variability, error. Out: a `PopulationFit` by FO, FOCE, FOCEI or
Laplace, `most_probable` parameters of one patient, residuals, shrinkage, predictive checks.
Read first: `model.py`, then `likelihood.py`.
"""

from pdcraft.kinetics.estimation.absorption import Absorbed
from pdcraft.kinetics.estimation.bayes import PopulationPosterior, sample_population
from pdcraft.kinetics.estimation.estimates import Estimate
from pdcraft.kinetics.estimation.fit import (
    PopulationFit,
    fit_population,
    objective_at,
    prepare,
)
from pdcraft.kinetics.estimation.individual import (
    Posterior,
    Residuals,
    by_occasion,
    most_probable,
    residuals,
    shrinkage,
)
from pdcraft.kinetics.estimation.likelihood import METHODS, Objective
from pdcraft.kinetics.estimation.model import PopulationModel
from pdcraft.kinetics.estimation.occasions import Occasions
from pdcraft.kinetics.estimation.parameters import Covariate, Theta
from pdcraft.kinetics.estimation.predictive import (
    PredictiveCheck,
    discrepancies,
    predictive_check,
    simulate_values,
    typical_values,
)
from pdcraft.kinetics.estimation.schedule import Schedule, schedule
from pdcraft.kinetics.estimation.solved import Friberg, MichaelisMenten
from pdcraft.kinetics.estimation.structures import (
    AbstractStructure,
    ExponentialSum,
    Linear,
    one_compartment,
    three_compartment,
    two_compartment,
)

__all__ = [
    "METHODS", "Absorbed", "AbstractStructure", "Covariate", "Estimate", "ExponentialSum",
    "Friberg", "Linear", "MichaelisMenten", "Objective", "Occasions", "PopulationFit",
    "PopulationModel", "PopulationPosterior", "Posterior", "PredictiveCheck", "Residuals",
    "Schedule", "Theta", "by_occasion", "discrepancies", "fit_population", "most_probable",
    "objective_at", "one_compartment", "predictive_check", "prepare", "residuals",
    "sample_population", "schedule", "shrinkage", "simulate_values", "three_compartment",
    "two_compartment", "typical_values",
]  # fmt: skip
