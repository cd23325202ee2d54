"""What is believed of one patient's kinetics before anything is measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from pdcraft import library
from pdcraft.domain import Parameter, ParameterSet, Spread

_POSTERIOR = "kinetics/clr1404_pbpk"
_TO = {"lognormal": np.log, "logitnormal": logit, "normal": lambda x: x}
_BACK = {"lognormal": np.exp, "logitnormal": expit, "normal": lambda x: x}


def prior_of_one(
    parameters: ParameterSet, known: tuple[str, ...] = ()
) -> tuple[ParameterSet, tuple[tuple[str, str, float], ...]]:
    r"""Spread of one patient's parameters: between patients, and of what is typical.

    .. math:: \Sigma = \operatorname{diag}(\omega^2) + C

    on the scale on which each parameter is normal (log, logit, or as it is), with the covariance
    :math:`C` of the typical values in the posterior of the whole-body model.

    Parameters
    ----------
    parameters
        Typical values with the spread between patients.
    known
        Parameters whose typical value is known.

    Returns
    -------
    tuple
        The set with the means and widths of both together, and correlations as
        `tracer_posterior` takes them.

    Examples
    --------
    >>> held = library.parameters(_POSTERIOR)
    >>> wide, pairs = prior_of_one(held)
    >>> round(held["marrow.partition"].spread.cv, 2), round(wide["marrow.partition"].spread.cv, 2)
    (0.3, 0.8)
    >>> len(pairs)  # of 14 parameters; the share of label that leaves as iodide is uniform
    91
    """
    names, draws = library.posterior(_POSTERIOR)
    kinds = library.parameters(f"{_POSTERIOR}_prior")
    at = [
        i for i, n in enumerate(names)
        if n in kinds and n in parameters and n not in known
        and parameters[n].spread.kind != "uniform"  # which has no typical value
    ]  # fmt: skip
    u = np.stack([_TO[kinds[names[i]].spread.kind](draws[:, i]) for i in at], axis=1)
    between = np.array([_width(parameters[names[i]]) for i in at])
    total = np.diag(between**2) + np.cov(u.T)
    sd = np.sqrt(np.diag(total))
    wide = dict(parameters.items())
    for k, i in enumerate(at):
        kind = kinds[names[i]].spread.kind
        wide[names[i]] = _widened(parameters[names[i]], kind, u[:, k].mean(), sd[k])
    pairs = tuple(
        (names[at[i]], names[at[j]], float(total[i, j] / sd[i] / sd[j]))
        for i in range(len(at)) for j in range(i)
    )  # fmt: skip
    return ParameterSet(f"{parameters.name}, one patient", tuple(wide.values())), pairs


def _width(parameter: Parameter) -> float:
    """Standard deviation between patients on the normal scale."""
    spread = parameter.spread
    if spread.kind == "lognormal":
        return float(np.sqrt(np.log1p(spread.cv**2)))
    return spread.sd if spread.kind in ("logitnormal", "normal") else 0.0


def _widened(parameter: Parameter, kind: str, mean: NDArray, sd: float) -> Parameter:
    cv = float(np.sqrt(np.expm1(sd**2)))
    spread = Spread("lognormal", cv=cv) if kind == "lognormal" else Spread(kind, sd=float(sd))
    return replace(parameter, value=float(_BACK[kind](mean)), spread=spread)
