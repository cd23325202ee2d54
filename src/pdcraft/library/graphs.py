"""Published compartment models, from the CSV files in ``kinetics/``."""

from __future__ import annotations

import functools

import jax.numpy as jnp

from pdcraft.domain import InputError, unknown
from pdcraft.domain.graph import Graph
from pdcraft.domain.units import HOURS_PER_DAY
from pdcraft.library.read import read_rows, shelf


@functools.cache
def graph(name: str) -> Graph:
    """A published first-order model, as ``graph("iodine_icrp137")``.

    Raises
    ------
    MissingError
        If the library has no such model.
    """
    known = sorted(f.name[:-4] for f in shelf("kinetics").iterdir() if f.name.endswith(".csv"))
    if name not in known:
        raise unknown("Kinetic model", name, known)
    rows = read_rows(f"kinetics/{name}.csv")
    if not rows or set(rows[0]) != {"from", "to", "rate_per_d"}:
        raise InputError(f"library/kinetics/{name}.csv: the columns must be from, to, rate_per_d.")
    pairs = tuple((row["from"], row["to"]) for row in rows)
    places = tuple(dict.fromkeys(place for pair in pairs for place in pair))
    rate = jnp.array([float(row["rate_per_d"]) for row in rows]) / HOURS_PER_DAY
    return Graph(places, pairs, rate)
