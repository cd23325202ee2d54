"""What a study does not know: draws of typical values, of posteriors and of its own parameters."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from pdcraft import library
from pdcraft.domain.random import normals
from pdcraft.kinetics import MASS_PER_ACTIVITY
from pdcraft.study.spec import Study
from pdcraft.trial.population import Beliefs

_LENT = ("tumour.alpha", "tumour.alpha cv", "tumour.dose_factor")


_KINETICS = "kinetics/clr1404_pbpk"
_DOSE = "tumour.dose_factor"


def beliefs(study: Study) -> Beliefs | None:
    """Draws of the typical values that calibration left undecided; None if none are asked for.

    What the study file sets is known and not drawn, unless it gives a CV: then it is log-normal
    around its value, with evenly spaced probabilities in an order of its own. Kinetics, marrow and
    tumour were calibrated apart, so their draws are paired by order. A disease that was not
    calibrated itself takes sensitivity and dose from the one that was, and keeps its own growth.
    """
    n, disease = study.uncertainty.draws, library.disease(study.study.disease)
    if n == 0:
        return None
    columns = _drawn("tissues/marrow", n)
    tumour = _drawn(f"diseases/{disease.calibration}", n)
    lent = disease.calibration != disease.name
    columns |= {name: v for name, v in tumour.items() if not lent or name in _LENT}
    kinetics = _kinetics(study, n)
    if _DOSE in kinetics:  # responses bound the dose of tumour cells, not what makes it
        kinetics[_DOSE] = kinetics[_DOSE] * columns[_DOSE]
    columns |= kinetics
    columns = {k: v for k, v in columns.items() if k.removesuffix(" cv") not in study.parameters}
    for name, given in study.parameters.items():
        if given.cv:
            order = np.argsort(
                normals(study.study.seed, [f"{name} of the study"], jnp.arange(n))[0]
            )
            z = norm.ppf((np.argsort(order) + 0.5) / n)
            columns[name] = given.value * np.exp(np.sqrt(np.log1p(given.cv**2)) * z)
    return Beliefs(tuple(columns), np.stack(list(columns.values()), axis=1))


def _drawn(path: str, n: int) -> dict[str, NDArray]:
    """So many of a posterior's draws, evenly taken, by parameter."""
    names, draws = library.posterior(path)
    rows = np.linspace(0, len(draws) - 1, n).astype(int)
    return dict(zip(names, draws[rows].T, strict=True))


def _kinetics(study: Study, n: int) -> dict[str, NDArray]:
    """Draws of the whole body's kinetics; none if the study sets one, as they hang together.

    The carrier's mass for an activity is a matter of the preparation: it alone is left out where
    the study says it.
    """
    if study.kinetics.model != "pbpk":
        return {}
    columns = _drawn(_KINETICS, n)
    own = set(study.parameters)
    if study.kinetics.specific_activity is not None or MASS_PER_ACTIVITY in own:
        del columns[MASS_PER_ACTIVITY]
    return {} if own & (set(columns) - {_DOSE}) else columns
