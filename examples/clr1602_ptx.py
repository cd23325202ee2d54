"""CLR 1602-PTX: a paclitaxel conjugate in the whole body, its linker, and the free drug.

Nobody published its linker or its dose: both are assumptions, and so is everything that follows.
Run it: ``python examples/clr1602_ptx.py``.
"""

import sys

import jax.numpy as jnp

from pdcraft import kinetics, library
from pdcraft.domain import Regimen, Values

DOSE_NMOL = 50_000.0


def main() -> tuple[float, float]:
    """Print peak and area of free paclitaxel; returns both (ug/L, ug h/L)."""
    man = library.physiology("adult_male")
    model = kinetics.PBPK((man,), library.graph("iodine_icrp137"))
    who = kinetics.subject(man, library.parameters("kinetics/clr1404_pbpk"), infiltration=0.3)
    bolus = Regimen.of([1.0], time_h=[0.0], duration_h=0.0)
    carrier = model.amount(who, bolus, library.agent("clr131"))  # as if nothing decayed
    share = carrier.nmol[:-1, 0].sum(axis=0) / carrier.nmol[..., :].sum()
    own = library.parameters("kinetics/paclitaxel")
    drug = kinetics.Paclitaxel(Values(tuple(own), jnp.array([p.value for p in own.values()])))
    entry = kinetics.release_ug_per_h(
        share, carrier.clock.rate_per_h, dose_nmol=DOSE_NMOL,
        release_per_h=own["linker.release_rate"].value,
    )  # fmt: skip
    time_h = jnp.concatenate([jnp.zeros(1), jnp.geomspace(0.1, 1000.0, 80)])
    C = drug.concentration_ug_per_L(drug.amounts_ug(entry, time_h))
    peak, area = float(C.max()), float(jnp.trapezoid(C, time_h))
    sys.stdout.write(
        f"free paclitaxel: peak {peak:.3g} ug/L at {float(time_h[C.argmax()]):.0f} h, "
        f"area to 1000 h {area:.4g} ug h/L\n"
    )
    return peak, area


if __name__ == "__main__":
    main()
