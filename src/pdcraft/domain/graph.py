"""Compartments and first-order transfers between them, as a table of numbers."""

from __future__ import annotations

import equinox as eqx
from jaxtyping import Array, Float

from pdcraft.domain.errors import InputError


class Graph(eqx.Module):
    """A first-order model as data.

    Attributes
    ----------
    places
        Compartments.
    transfers
        Pairs (from, to).
    rate_per_h
        Transfer coefficients. 1/h, ``[transfer]``.
    """

    places: tuple[str, ...] = eqx.field(static=True)
    transfers: tuple[tuple[str, str], ...] = eqx.field(static=True)
    rate_per_h: Float[Array, "transfer"]

    def scaled(self, source: str, target: str, factor: float) -> Graph:
        """The same graph with one transfer multiplied, as for a blocked uptake."""
        if (source, target) not in self.transfers:
            raise InputError(
                f"The graph has no transfer {source} -> {target}. It has "
                + ", ".join(f"{a} -> {b}" for a, b in self.transfers)
            )
        i = self.transfers.index((source, target))
        return Graph(self.places, self.transfers, self.rate_per_h.at[i].multiply(factor))
