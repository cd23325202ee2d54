"""Radioiodide in the body after ICRP Publication 137, as published, for one reference adult."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from pdcraft.domain import InputError
from pdcraft.domain.graph import Graph
from pdcraft.kinetics.linear import rate_matrix, time_integrated, trajectory

_ORGANS = {
    "blood": ("Blood1", "Blood2"),
    "thyroid": ("Thyroid1", "Thyroid2"),
    "liver": ("Liver1", "Liver2"),
    "kidneys": ("Kidneys1", "Kidneys2"),
    "salivary glands": ("S-glands",),
    "stomach wall": ("St-wall",),
    "stomach contents": ("St-con", "St-conRe"),
    "small intestine contents": ("SI-con", "SI-conRe"),
    "right colon contents": ("RC-con",),
    "left colon contents": ("LC-con",),
    "rectosigmoid contents": ("RS-con",),
    "urinary bladder contents": ("UB-con",),
    "other": ("Other1", "Other2", "Other3", "Other4"),
}


class IodineICRP137(eqx.Module):
    """Iodide given to blood: organ contents over time and time-integrated.

    Attributes
    ----------
    graph
        Transfer coefficients, ``library.graph("iodine_icrp137")``.
    blockade
        Part of the thyroid's uptake that is blocked, 0 to 1.

    References
    ----------
    icrp137, Table 5.4; the structure is that of leggett2010
    """

    graph: Graph
    blockade: float = 0.0

    def __check_init__(self) -> None:
        """Refuse a blockade outside 0 to 1."""
        if not 0.0 <= self.blockade <= 1.0:
            raise InputError(f"blockade = {self.blockade:g} must lie between 0 and 1.")

    def _matrix(self) -> Float[Array, "to from"]:
        graph = self.graph.scaled("Blood1", "Thyroid1", 1.0 - self.blockade)
        return rate_matrix(graph.places, graph.transfers, graph.rate_per_h)

    def _start(self) -> Float[Array, "place"]:
        return jnp.zeros(len(self.graph.places)).at[self.graph.places.index("Blood1")].set(1.0)

    def _organs(self, contents: Float[Array, "*time place"]) -> dict[str, Array]:
        where = self.graph.places.index
        return {
            organ: sum((contents[..., where(p)] for p in parts), jnp.zeros(contents.shape[:-1]))
            for organ, parts in _ORGANS.items()
        }

    def time_integrated_h(self, decay_per_h: float) -> dict[str, Array]:
        """Time-integrated activity per unit injected, by organ. h."""
        return self._organs(time_integrated(self._matrix(), self._start(), decay_per_h))

    def retention(self, time_h: Float[Array, "time"], decay_per_h: float) -> dict[str, Array]:
        """Fraction of the injected activity in every organ over time. ``[time]`` each."""
        time = jnp.asarray(time_h)
        stable = trajectory(self._matrix(), self._start(), time)
        return self._organs(stable * jnp.exp(-decay_per_h * time)[:, None])
