r"""Nuclides by name: what a nuclide becomes (`chain`) and what it emits (`emissions`).

Both speak of the 1252 radionuclides of ICRP Publication 107: half-lives and branching from the
package `radioactivedecay`, emitted energies from `icrp107-database`. Nothing is copied from them.
"""

from __future__ import annotations

import difflib
import functools
import importlib.util
import json
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from pdcraft.domain.agent import Chain, Emissions
from pdcraft.domain.errors import InputError, MissingError, NumericalError, ValidityWarning
from pdcraft.domain.units import LN2

BETA_BINS = 60
"""Bins of a beta spectrum: equal in width from 0 to the end-point."""

_SYMBOL_FIRST = re.compile(r"^([a-z]{1,2})-?(\d{1,3})([mn]?)$")
_NUMBER_FIRST = re.compile(r"^(\d{1,3})([mn]??)-?([a-z]{1,2})$")
_LINES = {
    "photon": ("gamma", "X", "annihilation"),
    "electron": ("IE", "auger"),
    "alpha": ("alpha", "alpha recoil"),
}


def chain(name: str, *, daughters: str = "stay") -> Chain:
    r"""A radionuclide with its radioactive progeny and the Bateman solution.

    .. math:: N_d(t) = N_0 \sum_k c_{dk}\, e^{-\lambda_k t}

    The coefficients are computed in rational arithmetic and rounded once. Stable nuclides are
    left out; their atoms are those that are missing from the sum.

    Parameters
    ----------
    name
        As ``"I-131"``; ``"131I"``, ``"i131"`` and ``"99mTc"`` are understood.
    daughters
        ``"stay"``: all radioactive progeny decay where the parent did. ``"leave"``: they go
        away unseen, as xenon gas from I-131; the chain is the parent alone.

    Returns
    -------
    Chain
        Parent first, every daughter after all of its mothers.

    Raises
    ------
    MissingError
        If ICRP 107 has no such radionuclide.
    InputError
        If ``daughters`` is neither of the two words.

    References
    ----------
    icrp107, half-lives and branching as held by radioactivedecay (malins2022); bateman1910;
    docs/theory/decay.md, Eq. (D2)

    Examples
    --------
    >>> chain("131I").nuclides
    ('I-131', 'Xe-131m')
    >>> chain("Ac-225", daughters="leave").nuclides
    ('Ac-225',)
    """
    if daughters not in ("stay", "leave"):
        raise InputError(
            f"daughters = {daughters!r} must be 'stay' (they decay where the parent did) or "
            "'leave' (the parent alone is followed)."
        )
    return _chain(nuclide(name), daughters)


def emissions(name: str) -> Emissions:
    r"""What one decay of a nuclide emits: photon, electron and alpha lines.

    The beta spectrum is cut into at most `BETA_BINS` bins; each becomes a line at the mean energy
    of its electrons. The tabulated spectrum is coarse (its integral is up to 0.5 % off the
    yield) and is therefore scaled twice, the yields so that their sum is that of the beta branches,
    the energies so that their mean is that of the branches:

    .. math:: \sum_i y_i = \sum_b Y_b, \qquad \sum_i y_i E_i = \sum_b Y_b \bar E_b .

    Parameters
    ----------
    name
        As ``"I-131"``; other spellings as in `chain`. Progeny are not included.

    Returns
    -------
    Emissions
        Lines in rising energy. Beta minus and plus count as electrons, recoil nuclei as alpha.

    Raises
    ------
    MissingError
        If ICRP 107 has no such radionuclide.

    Warns
    -----
    ValidityWarning
        If the nuclide fissions by itself: fragments, neutrons and delayed betas are left out.

    References
    ----------
    icrp107, emission tables as held by icrp107-database

    Examples
    --------
    >>> round(emissions("I-131").energy_MeV("electron"), 5)
    0.19185
    """
    return _emissions(nuclide(name))


def nuclide(name: str) -> str:
    """Name of a radionuclide in the house spelling.

    Raises
    ------
    MissingError
        If ICRP 107 has no such radionuclide; the nearest names are suggested.

    Examples
    --------
    >>> nuclide("¹³¹I"), nuclide("tc99m"), nuclide("99mTc")
    ('I-131', 'Tc-99m', 'Tc-99m')
    """
    known = _known()
    plain = unicodedata.normalize("NFKC", str(name)).lower()
    plain = re.sub(r"[\s_‐‑‒–−]+", "-", plain.strip())
    for spelling in _spellings(plain):
        if spelling in known:
            return known[spelling]
    asked = next(_spellings(plain), plain)
    near = [known[n] for n in difflib.get_close_matches(asked, known, n=3)]
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise MissingError(
        f"Nuclide '{name}' is not known.{hint} Known are the {len(known)} radionuclides of "
        "ICRP 107 (no stable ones), written as I-131 or Tc-99m."
    )


def _spellings(plain: str) -> Iterator[str]:
    """Readings of a lower-case name as ``symbol-number[m|n]``."""
    if match := _SYMBOL_FIRST.match(plain):
        yield "{}-{}{}".format(*match.groups())
    if match := _NUMBER_FIRST.match(plain):
        number, state, symbol = match.groups()
        yield f"{symbol}-{number}{state}"
        if len(symbol) == 2 and symbol[0] in "mn" and not state:
            yield f"{symbol[1]}-{number}{symbol[0]}"


@functools.cache
def _folder() -> Path:
    """Where icrp107-database keeps one JSON file for each nuclide."""
    spec = importlib.util.find_spec("icrp107_database")
    if spec is None or spec.origin is None:
        raise MissingError(
            "The emission tables of ICRP 107 are not installed. "
            "Run: python -m pip install icrp107-database==0.0.3"
        )
    return Path(spec.origin).parent / "icrp107"


@functools.cache
def _known() -> dict[str, str]:
    """Lower-case name to house spelling, for every radionuclide."""
    return {path.stem.lower(): path.stem for path in sorted(_folder().glob("*.json"))}


@functools.cache
def _chain(parent: str, daughters: str) -> Chain:
    import radioactivedecay  # here, not above: it takes seconds to import

    data = radioactivedecay.DEFAULTDATA
    known = set(_known().values())

    def feeds(member: str) -> dict[str, float]:
        i = data.nuclide_dict[member]
        pairs = zip(data.progeny[i], data.bfs[i], strict=True)
        return {str(d): float(b) for d, b in pairs if str(d) in known}

    members = (parent,) if daughters == "leave" else _progeny(parent, feeds)
    half_life_h = [float(data.half_life(member, "h")) for member in members]
    branching = np.zeros((len(members), len(members)))
    for q, mother in enumerate(members):
        for daughter, fraction in feeds(mother).items():
            if daughter in members:
                branching[members.index(daughter), q] = fraction
    with jax.ensure_compile_time_eval():  # the cache must not hold a tracer
        return Chain(
            members,
            jnp.asarray(LN2 / np.array(half_life_h)),
            jnp.asarray(_bateman(half_life_h, branching)),
        )


def _progeny(parent: str, feeds: Callable[[str], dict[str, float]]) -> tuple[str, ...]:
    """Parent and its radioactive progeny, every daughter after all of its mothers."""
    order: list[str] = []

    def visit(member: str) -> None:
        if member not in order:
            for daughter in reversed(feeds(member)):  # so that the main branch comes first
                visit(daughter)
            order.append(member)

    visit(parent)
    return tuple(reversed(order))


def _bateman(half_life_h: list[float], branching: np.ndarray) -> np.ndarray:
    r"""Coefficients of the Bateman solution for a pure parent. ``[member, member]``.

    .. math:: c_{dk} = \frac{\sum_q b_{dq} \lambda_q c_{qk}}{\lambda_d - \lambda_k}, \qquad
              c_{dd} = -\sum_{k<d} c_{dk}

    Exact fractions, because terms of long chains cancel to many digits.
    """
    n = len(half_life_h)
    lam = [1 / Fraction(t) for t in half_life_h]  # ln 2 cancels
    c = [[Fraction(0)] * n for _ in range(n)]
    c[0][0] = Fraction(1)
    for d in range(1, n):
        for k in range(d):
            if lam[d] == lam[k]:
                raise NumericalError(
                    f"Members {k} and {d} of the chain have the same half-life ({half_life_h[d]:g} "
                    "h), for which no sum of exponentials exists. Change one by a part in 1e6."
                )
            fed = [Fraction(branching[d, q]) * lam[q] * c[q][k] for q in range(d)]
            c[d][k] = sum(fed, Fraction(0)) / (lam[d] - lam[k])
        c[d][d] = -sum(c[d][:d], Fraction(0))
    return np.array(c, float)


@functools.cache
def _emissions(name: str) -> Emissions:
    # The files hold JSON within a JSON string.
    text = (_folder() / f"{name}.json").read_text(encoding="utf-8")
    table = json.loads(json.loads(text))["emissions"]
    if table["fission"] or table["neutron"]:
        warnings.warn(
            f"{name} also fissions by itself. Fission fragments, neutrons and delayed beta "
            "particles are left out, so its energy per decay is too low.",
            ValidityWarning,
            stacklevel=3,
        )
    lines = {
        radiation: np.concatenate([np.reshape(table[kind], (-1, 2)) for kind in kinds])
        for radiation, kinds in _LINES.items()
    }
    branches = np.concatenate([np.reshape(table[kind], (-1, 2)) for kind in ("beta-", "beta+")])
    beta = _beta_lines(np.reshape(table["b-spectra"], (-1, 2)), branches)
    lines["electron"] = np.concatenate([lines["electron"], beta])
    columns = []
    for pairs in lines.values():
        pairs = pairs[pairs[:, 1] > 0]
        columns += list(pairs[np.argsort(pairs[:, 0], kind="stable")].T)
    with jax.ensure_compile_time_eval():  # the cache must not hold a tracer
        return Emissions(name, *(jnp.asarray(column) for column in columns))


def _beta_lines(spectrum: np.ndarray, branches: np.ndarray) -> np.ndarray:
    """Beta spectrum (MeV, per MeV per decay) as lines (MeV, per decay) in at most 60 bins.

    Yield and energy of every bin are those of the broken line through the table; then both are
    scaled to the branches (mean energy in MeV, yield per decay).
    """
    if len(branches) == 0:
        return np.empty((0, 2))
    energy, density = spectrum.T
    edges = np.linspace(0.0, energy[-1], BETA_BINS + 1)
    grid = np.union1d(energy, edges)
    height = np.interp(grid, energy, density)
    a, b, left, right = grid[:-1], grid[1:], height[:-1], height[1:]
    count = (b - a) * (left + right) / 2
    carried = (b - a) * (left * (2 * a + b) + right * (a + 2 * b)) / 6
    bin_of = np.clip(np.searchsorted(edges, (a + b) / 2) - 1, 0, BETA_BINS - 1)
    count = np.bincount(bin_of, count, BETA_BINS)
    carried = np.bincount(bin_of, carried, BETA_BINS)
    some = count > 0
    mean, count = carried[some] / count[some], count[some]
    count *= branches[:, 1].sum() / count.sum()
    mean *= (branches[:, 0] * branches[:, 1]).sum() / (mean * count).sum()
    return np.column_stack([mean, count])
