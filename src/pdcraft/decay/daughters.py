r"""Daughters that leave the molecule they were born on, with kinetics of their own.

The recoil of an alpha decay breaks every bond, so a daughter may be set free. A free atom moves
between regions at rates of its own until it decays. With :math:`K_d` its rate matrix, an atom born
in region *p* decays in region *q* with probability

.. math:: T_d = \lambda_d(\lambda_d I - K_d)^{-1},

and what is born of it starts there. Time-integrated activities are exact. The course takes the
place of decay to be reached at once: right where daughters live shortly beside the carrier (minutes
or hours beside days).
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import ArrayLike, Float

from pdcraft.domain.agent import Chain
from pdcraft.domain.errors import InputError
from pdcraft.domain.fields import Activity


class FreeDaughters(eqx.Module):
    """How many daughters leave, and where they go.

    Attributes
    ----------
    freed
        Share of the atoms of each member that is set free when it is born; 0 for the parent.
        ``[nuclide]``.
    rate_per_h
        Transfer of free atoms of each member between the regions of the activity. Columns may sum
        to less than zero: what is missing leaves the body. 1/h, ``[nuclide, to, from]``.
    """

    freed: Float[ArrayLike, "nuclide"]
    rate_per_h: Float[ArrayLike, "nuclide to from"]

    def __check_init__(self) -> None:
        """Refuse shares outside 0 to 1 and matrices that make atoms."""
        if isinstance(self.freed, Tracer) or isinstance(self.rate_per_h, Tracer):
            return
        freed, K = np.asarray(self.freed), np.asarray(self.rate_per_h)
        if freed.min(initial=0) < 0 or freed.max(initial=0) > 1 or (freed.size and freed[0] != 0):
            raise InputError(
                f"freed = {freed.tolist()} must lie between 0 and 1, 0 for the parent."
            )
        off = K * (1 - np.eye(K.shape[-1]))
        if off.min(initial=0) < 0 or K.sum(axis=1).max(initial=0) > 1e-9 * max(
            np.abs(K).max(), 1.0
        ):
            raise InputError("rate_per_h must move atoms, not make them: see `rate_matrix`.")


def relocated(activity: Activity, chain: Chain, daughters: FreeDaughters) -> Activity:
    r"""Activity with freed daughters where they decay.

    .. math:: A_d = (1-g_d)\,A_d^{0} + T_d\,\big[g_d\,A_d^{0}\big]_{\text{born}}

    where :math:`A_d^0` is the activity had nothing moved and :math:`g_d` the share of member *d*
    that is free: freed at its own birth, or born of a mother that was.

    Parameters
    ----------
    activity
        From `activity`: every member where its parent was. MBq, ``[place, nuclide, mode]``.
    chain
        Its chain; only one with a single mother for each member that counts.
    daughters
        Shares and rates.

    Returns
    -------
    Activity
        On the same regions, nuclides and clock; less in all where atoms leave the body.

    Raises
    ------
    InputError
        If shapes do not fit the activity.

    References
    ----------
    bateman1910, here with places

    Examples
    --------
    >>> from pdcraft.domain import Exponentials, Regions
    >>> from pdcraft.library.nuclides import chain
    >>> lead = chain("Pb-212")
    >>> n = len(lead.nuclides)
    >>> one = Exponentials(jnp.ones(1), jnp.zeros(1), jnp.zeros(1))
    >>> MBq = jnp.zeros((2, n, 1)).at[0].set(1.0)
    >>> A = Activity(Regions(("tumour", "kidneys"), jnp.ones(2)), lead.nuclides, one, MBq)
    >>> move = np.zeros((n, 2, 2))
    >>> move[1] = [[-1.0, 0.0], [1.0, 0.0]]  # free Bi-212 goes to the kidneys at 1 per h
    >>> moved = relocated(A, lead, FreeDaughters(np.array([0.0, 0.36] + [0.0] * (n - 2)), move))
    >>> moved.MBq[:, 1, 0].round(3).tolist()  # 0.36 x 1/(1 + ln2/1.009) of it leaves the tumour
    [0.787, 0.213]
    """
    freed, K = jnp.asarray(daughters.freed), jnp.asarray(daughters.rate_per_h)
    places, members = len(activity.space), len(activity.nuclides)
    if freed.shape != (members,) or K.shape != (members, places, places):
        raise InputError(
            f"freed {freed.shape} and rate_per_h {K.shape} must fit {members} nuclides "
            f"({', '.join(activity.nuclides)}) and {places} regions."
        )
    lam = chain.rate_per_h
    share = jnp.zeros(())  # of the mother's atoms that are free
    where = jnp.eye(places)  # from where the first was set free to where the mother decays
    columns = []
    for d in range(members):
        T = jnp.linalg.solve(jnp.eye(places) - K[d] / lam[d], jnp.eye(places))
        newly = (1.0 - share) * freed[d]
        total = share + newly
        # Those free before were born where the mother decayed, the new ones where the carrier is.
        path = T @ (share * where + newly * jnp.eye(places))
        columns.append(
            jnp.einsum("qp,pm->qm", path + (1.0 - total) * jnp.eye(places), activity.MBq[:, d])
        )
        where = path / jnp.where(total > 0, total, 1.0)
        share = total
    return Activity(
        activity.space, activity.nuclides, activity.clock, jnp.stack(columns, axis=1), None
    )
