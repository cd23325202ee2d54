"""A mouse of 25 g."""

import jax.numpy as jnp

from pdcraft.domain import Values
from pdcraft.kinetics import PaclitaxelInMouse, infusion_ug_per_h
from pdcraft.library import parameters

TIME_H = (1 / 60, 0.5, 2.0, 6.0, 12.0, 24.0, 400.0)


def compute() -> dict[str, float]:
    held = {**parameters("kinetics/paclitaxel_mouse"), **parameters("species/mouse")}
    values = Values(tuple(held), jnp.array([p.value for p in held.values()]))
    mouse = PaclitaxelInMouse(values)
    amounts = mouse.amounts_ug(infusion_ug_per_h(750.0, 1 / 60), jnp.array([0.0, *TIME_H]))
    plasma = mouse.concentration_ug_per_L(amounts)[1:-1]
    # What is lost by the end is the rate of loss times the area under the amount in plasma.
    area = amounts[-1, -1] / values["paclitaxel.k10"] / mouse.volumes_L()[0]
    return {
        **{f"plasma at {t:.3g} h": float(c) for t, c in zip(TIME_H, plasma, strict=False)},
        "area under the curve": 1e-3 * float(area),
    }
