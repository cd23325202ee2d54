"""Retention over time; an organ's content includes the blood in it, as in the published tables."""

import jax.numpy as jnp

from pdcraft import kinetics, library

_DAYS = ("0.25", "0.5", "1", "2", "3", "5", "7", "10", "15", "20", "30", "60", "100")


def compute() -> dict[str, float]:
    model = kinetics.IodineICRP137(library.graph("iodine_icrp137"))
    rate = float(library.chain("I-131", daughters="leave").rate_per_h[0])
    held = model.retention(jnp.array([24 * float(d) for d in _DAYS]), rate)
    blood_in_liver = library.parameters("species/blood")["liver.blood_share"].value
    shown = {
        "whole body": sum(held.values()),
        "thyroid": held["thyroid"],
        "liver": held["liver"] + blood_in_liver * held["blood"],
    }
    return {f"{k} at {d} d": float(v[i]) for k, v in shown.items() for i, d in enumerate(_DAYS)}
