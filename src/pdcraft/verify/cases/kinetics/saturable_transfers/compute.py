"""Loss that saturates from 10 units; 10 units that find room for 4."""

import jax.numpy as jnp
import numpy as np

from pdcraft.kinetics import SaturableTransfer, trajectory_saturable

_HOURS = (1, 5, 10, 20)


def compute() -> dict[str, float]:
    loss = SaturableTransfer("a", "b", "a", 0.5, 2.0, "competes")
    room = SaturableTransfer("a", "b", "b", 0.3, 4.0, "fills")
    start, time = jnp.array([10.0, 0.0]), np.array(_HOURS, float)
    left, held = (
        trajectory_saturable(("a", "b"), jnp.zeros((2, 2)), [one], start, time)[:, column]
        for one, column in ((loss, 0), (room, 1))
    )
    return {
        **{f"left after {t} h": float(x) for t, x in zip(_HOURS, left, strict=True)},
        **{f"held after {t} h": float(x) for t, x in zip(_HOURS, held, strict=True)},
    }
