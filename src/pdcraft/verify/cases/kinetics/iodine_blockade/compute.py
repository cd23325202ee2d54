"""Blocked and unblocked thyroid."""

import jax.numpy as jnp

from pdcraft import kinetics, library


def compute() -> dict[str, float]:
    graph = library.graph("iodine_icrp137")
    rate = float(library.chain("I-131", daughters="leave").rate_per_h[0])
    uptake = kinetics.IodineICRP137(graph).retention(jnp.array([24.0]), 0.0)["thyroid"][0]
    found = {"thyroid content after 24 h without decay": 100 * float(uptake)}
    for percent in (95, 99, 100):
        tia = kinetics.IodineICRP137(graph, blockade=percent / 100).time_integrated_h(rate)
        found[f"thyroid at {percent} % blockade"] = float(tia["thyroid"])
        if percent == 95:
            for organ in ("urinary bladder contents", "stomach wall"):
                found[f"{organ} at 95 % blockade"] = float(tia[organ])
    return found
