r"""The Bateman solution at work: on labelled molecules in motion, and on atoms at rest."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float

from pdcraft.domain.agent import Chain
from pdcraft.domain.clock import Exponentials
from pdcraft.domain.errors import InputError
from pdcraft.domain.fields import Activity, Amount
from pdcraft.domain.units import AVOGADRO_PER_NMOL, DECAYS_PER_MBQ_H


def activity(amount: Amount, chain: Chain) -> Activity:
    r"""Activity of every chain member in every region.

    With :math:`n_{pm}` nmol in region :math:`p` and kinetic mode :math:`m` of rate :math:`r_m`,

    .. math:: A_{pd}(t) = \frac{N_A \lambda_d}{3.6\times10^9}
              \sum_{m,k} n_{pm}\, c_{dk}\, \varphi_{r_m + \lambda_k}(t) .

    Every molecule enters the body with a parent atom and every species carries the label. Daughters
    stay where the molecule is and go where it goes; recoil and kinetics of their own are not
    modelled.

    Parameters
    ----------
    amount
        Labelled molecules as if nothing decayed. nmol, ``[place, species, mode]``; its clock must
        be `Exponentials`.
    chain
        The nuclides that decay where the molecule is.

    Returns
    -------
    Activity
        MBq, ``[place, nuclide, mode * nuclide]``; the mode of pair (m, k) stands at
        ``m * len(chain.nuclides) + k`` with rate :math:`r_m + \lambda_k`.

    Raises
    ------
    InputError
        If the amount is sampled instead of given as exponential modes.

    References
    ----------
    bateman1910; docs/theory/decay.md, Eq. (D3)

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from pdcraft.domain import Amount, Exponentials, Regions
    >>> from pdcraft.library.nuclides import chain
    >>> stays = Exponentials(jnp.zeros(1), jnp.zeros(1), jnp.zeros(1))
    >>> one = Amount(Regions(("tumour",), jnp.ones(1)), ("CLR1404",), stays, jnp.ones((1, 1, 1)))
    >>> activity(one, chain("I-131")).at(jnp.array([0.0, 192.4968])).round(1)[:, 0, 0].tolist()
    [602.4, 301.2]
    """
    clock = amount.clock
    if not chain.nuclides:  # a cytotoxic: nothing decays
        still = Exponentials(jnp.ones(1), jnp.zeros(1), jnp.zeros(1))
        return Activity(amount.space, (), still, jnp.zeros((len(amount.space), 0, 1)))
    if not isinstance(clock, Exponentials):
        raise InputError(
            "The amount is known at sampled times, between which nothing says how fast it left. "
            "Activity needs exponential modes: simulate with a linear model, or fit one first."
        )
    molecules = amount.nmol.sum(axis=1)  # every species carries the label
    decays = AVOGADRO_PER_NMOL / DECAYS_PER_MBQ_H * chain.rate_per_h[:, None] * chain.bateman
    MBq = jnp.einsum("pm,dk->pdmk", molecules, decays)
    members = len(chain.nuclides)
    modes = Exponentials(
        (clock.rate_per_h[:, None] + chain.rate_per_h).reshape(-1),
        jnp.repeat(clock.start_h, members),
        jnp.repeat(clock.duration_h, members),
    )
    return Activity(amount.space, chain.nuclides, modes, MBq.reshape(*MBq.shape[:2], -1))


def evolve(
    chain: Chain, atoms: Float[Array, "*batch nuclide"], elapsed_h: Float[Array, "*time"] | float
) -> Float[Array, "*time *batch nuclide"]:
    r"""Atoms of every chain member after a time, from any atoms at the start.

    The Bateman matrix :math:`C` of a pure parent holds the eigenvectors of the decay matrix in
    its columns, so

    .. math:: N(t) = C\, e^{-\Lambda t}\, C^{-1} N(0) .

    Parameters
    ----------
    chain
        Members and their rates.
    atoms
        Atoms (or nmol) at the start. ``[*batch, nuclide]``.
    elapsed_h
        h, 0 or more; ``[*time]``.

    Returns
    -------
    Array
        In the unit of ``atoms``. ``[*time, *batch, nuclide]``.

    Raises
    ------
    InputError
        If the time is negative or the last axis of ``atoms`` is not the chain.

    References
    ----------
    malins2022; docs/theory/decay.md, Eq. (D4)

    Examples
    --------
    >>> from pdcraft.library.nuclides import chain
    >>> lead = chain("Pb-212", daughters="leave")
    >>> round(float(evolve(lead, [100.0], 10.64)[0]), 9)
    50.0
    """
    atoms, elapsed_h = jnp.asarray(atoms, float), jnp.asarray(elapsed_h, float)
    members = len(chain.nuclides)
    if atoms.shape[-1:] != (members,):
        raise InputError(
            f"atoms has the shape {atoms.shape}; its last axis must be the {members} nuclides "
            f"{', '.join(chain.nuclides)}."
        )
    if not isinstance(elapsed_h, Tracer) and np.any(np.asarray(elapsed_h) < 0):
        raise InputError(
            f"elapsed_h = {float(elapsed_h.min()):g} h lies before the start; it must be 0 h or "
            "more. To go back in time, solve for the atoms at the start."
        )
    share = solve_triangular(chain.bateman, atoms.reshape(-1, members).T, lower=True)
    left = jnp.exp(-elapsed_h.reshape(-1, 1) * chain.rate_per_h)
    after = jnp.einsum("dk,tk,kb->tbd", chain.bateman, left, share)
    return after.reshape(*elapsed_h.shape, *atoms.shape)


def labelled_nmol(activity_MBq: Float[Array, "*any"] | float, chain: Chain) -> Float[Array, "*any"]:
    r"""Labelled molecules in an activity of the parent.

    .. math:: n = \frac{3.6\times10^9\, A}{N_A \lambda_0}

    Parameters
    ----------
    activity_MBq
        MBq, any shape.
    chain
        Its parent is the label.

    Returns
    -------
    Array
        nmol of parent atoms, in the shape of the activity.

    Examples
    --------
    >>> from pdcraft.library.nuclides import chain
    >>> round(float(labelled_nmol(740.0, chain("I-131"))), 4)
    1.2285
    """
    return jnp.asarray(activity_MBq) * chain.nmol_per_MBq
