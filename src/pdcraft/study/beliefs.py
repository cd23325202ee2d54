"""What a study does not know: draws of typical values, of posteriors and of its own parameters."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from pdcraft import library
from pdcraft.domain.random import normals
from pdcraft.study.spec import Study
from pdcraft.trial.population import Beliefs

_LENT = ("tumour.alpha", "tumour.alpha cv", "tumour.dose_factor")


def beliefs(study: Study) -> Beliefs | None:
    """Draws of the typical values that calibration left undecided; None if none are asked for.

    What the study file sets is known and not drawn, unless it gives a CV: then it is log-normal
    around its value, with evenly spaced probabilities in an order of its own. Marrow and tumour
    were calibrated apart, so their draws are paired by order. A disease that was not calibrated
    itself takes sensitivity and dose from the one that was, and keeps its own growth.
    """
    n, disease = study.uncertainty.draws, library.disease(study.study.disease)
    if n == 0:
        return None
    names: list[str] = []
    columns: list[NDArray] = []
    for path in ("tissues/marrow", f"diseases/{disease.calibration}"):
        found, draws = library.posterior(path)
        rows = np.linspace(0, len(draws) - 1, n).astype(int)
        lent = path.startswith("diseases/") and disease.calibration != disease.name
        for i, name in enumerate(found):
            known = name.removesuffix(" cv") in study.parameters
            if not known and (not lent or name in _LENT):
                names.append(name)
                columns.append(draws[rows, i])
    for name, given in study.parameters.items():
        if given.cv:
            order = np.argsort(
                normals(study.study.seed, [f"{name} of the study"], jnp.arange(n))[0]
            )
            z = norm.ppf((np.argsort(order) + 0.5) / n)
            names.append(name)
            columns.append(given.value * np.exp(np.sqrt(np.log1p(given.cv**2)) * z))
    return Beliefs(tuple(names), np.stack(columns, axis=1))
